//! Every limit one below, at, and one above itself.

use crate::error::Problem;
use crate::text::decode;
use crate::{Arena, Limits};

/// The limit that a message runs into, if any.
fn hit(input: &str, limits: &Limits) -> Option<&'static str> {
    let arena = Arena::new();
    let problem = match decode(input.as_bytes(), &arena, limits) {
        Err(error) => error.error.problem,
        Ok(decoded) => decoded.faults.first()?.error.problem,
    };
    match problem {
        Problem::Limit(name) => Some(name),
        other => panic!("{other:?}\n{input}"),
    }
}

/// Sets a limit to `n` and tries messages of size `n - 1`, `n` and `n + 1`.
fn holds_exactly(
    name: &'static str,
    n: usize,
    set: impl Fn(&mut Limits, usize),
    message: impl Fn(usize) -> String,
) {
    let mut limits = Limits::default();
    set(&mut limits, n);
    assert_eq!(hit(&message(n - 1), &limits), None, "{name} - 1");
    assert_eq!(hit(&message(n), &limits), None, "{name}");
    assert_eq!(hit(&message(n + 1), &limits), Some(name), "{name} + 1");
}

const HEAD: &str = "!/1 <mgc> ";

fn action(commands: &str) -> String {
    format!("{HEAD}T=1{{C=1{{{commands}}}}}")
}

fn times(n: usize, item: impl Fn(usize) -> String, separator: &str) -> String {
    (0..n).map(item).collect::<Vec<_>>().join(separator)
}

#[test]
fn message_bytes_max() {
    let message = |n: usize| format!("{HEAD}{}PN=1{{}}", " ".repeat(n - HEAD.len() - 6));
    holds_exactly(
        "message_bytes_max",
        100,
        |limits, n| limits.message_bytes_max = n,
        message,
    );
}

#[test]
fn depth_max() {
    // Braces: transaction, action, command, descriptor, and one for each of the nested notifications.
    let message = |n: usize| {
        let (open, close) = ("NBRN{EM{E=1{al/on{", "}}}}");
        let mut inner = String::from("E=1{al/on{");
        let mut closing = String::from("}}");
        let mut depth = 5;
        while depth + 4 <= n {
            inner.push_str(open);
            closing.push_str(close);
            depth += 4;
        }
        let extra = ["KA", "EM{SG}", "EM{SG{cg/rt}}", "EM{SG{cg/rt{KA}}}"][n - depth];
        action(&format!("MF=a{{{inner}{extra}{closing}}}")).replace("!/1", "!/3")
    };
    holds_exactly("depth_max", 12, |limits, n| limits.depth_max = n, message);
    holds_exactly("depth_max", 24, |limits, n| limits.depth_max = n, message);
}

#[test]
fn transactions_max() {
    let message = |n| format!("{HEAD}{}", times(n, |id| format!("PN={id}{{}}"), ""));
    holds_exactly(
        "transactions_max",
        5,
        |limits, n| limits.transactions_max = n,
        message,
    );
}

#[test]
fn actions_max() {
    let request = |n| {
        format!(
            "{HEAD}T=1{{{}}}",
            times(n, |id| format!("C={}{{S=a}}", id + 1), ",")
        )
    };
    holds_exactly(
        "actions_max",
        5,
        |limits, n| limits.actions_max = n,
        request,
    );
    let reply = |n| {
        format!(
            "{HEAD}P=1{{{}}}",
            times(n, |id| format!("C={}{{S=a}}", id + 1), ",")
        )
    };
    holds_exactly("actions_max", 5, |limits, n| limits.actions_max = n, reply);
}

#[test]
fn commands_max() {
    let request = |n| action(&times(n, |id| format!("S=a{id}"), ","));
    holds_exactly(
        "commands_max",
        5,
        |limits, n| limits.commands_max = n,
        request,
    );
    let reply = |n| request(n).replace("T=1", "P=1");
    holds_exactly(
        "commands_max",
        5,
        |limits, n| limits.commands_max = n,
        reply,
    );
}

#[test]
fn descriptors_max() {
    let descriptors = ["E", "EB", "SG", "DM=a", "SA", "AT{}", "MX=V76{a}", "MD=V18"];
    let request = |n: usize| action(&format!("MF=a{{{}}}", descriptors[..n].join(",")));
    holds_exactly(
        "descriptors_max",
        5,
        |limits, n| limits.descriptors_max = n,
        request,
    );
    let reply =
        |n| action(&format!("MF=a{{{}}}", times(n, |_| "M".into(), ","))).replace("T=1", "P=1");
    holds_exactly(
        "descriptors_max",
        5,
        |limits, n| limits.descriptors_max = n,
        reply,
    );
    let audit = |n| {
        action(&format!(
            "AV=a{{AT{{{}}}}}",
            times(n, |_| "SA{nt/dur}".into(), ",")
        ))
    };
    holds_exactly(
        "descriptors_max",
        5,
        |limits, n| limits.descriptors_max = n,
        audit,
    );
}

#[test]
fn items_max() {
    let lists: [&dyn Fn(usize) -> String; 12] = [
        &|n| format!("{HEAD}K{{{}}}", times(n, |id| id.to_string(), ",")),
        &|n| action(&format!("S=[{}]", times(n, |id| format!("a{id}"), ","))),
        &|n| {
            action(&format!(
                "MF=a{{E=1{{{}}}}}",
                times(n, |_| "al/on".into(), ",")
            ))
        },
        &|n| {
            action(&format!(
                "MF=a{{E=1{{al/on{{{}}}}}}}",
                times(n, |id| format!("p{id}=1"), ",")
            ))
        },
        &|n| {
            action(&format!(
                "MF=a{{SG{{{}}}}}",
                times(n, |_| "cg/rt".into(), ",")
            ))
        },
        &|n| {
            action(&format!(
                "MF=a{{SG{{cg/rt{{{}}}}}}}",
                times(n, |id| format!("p{id}=1"), ",")
            ))
        },
        &|n| {
            action(&format!(
                "MF=a{{M{{{}}}}}",
                times(n, |id| format!("ST={id}{{L{{}}}}"), ",")
            ))
            .replace("items", "")
        },
        &|n| {
            action(&format!(
                "MF=a{{M{{O{{{}}}}}}}",
                times(n, |_| "nt/jit=1".into(), ",")
            ))
        },
        &|n| {
            action(&format!(
                "MF=a{{M{{TS{{{}}}}}}}",
                times(n, |_| "nt/jit=1".into(), ",")
            ))
        },
        &|n| {
            action(&format!(
                "MF=a{{M{{O{{nt/jit=[{}]}}}}}}",
                times(n, |id| id.to_string(), ",")
            ))
        },
        &|n| action(&format!("TP{{{}}},S=a", times(n, |_| "a,b,BW".into(), ","))),
        &|n| action(&format!("CA{{{}}},S=a", times(n, |_| "nt/jit".into(), ","))),
    ];
    for list in lists {
        holds_exactly("items_max", 5, |limits, n| limits.items_max = n, list);
    }
}

#[test]
fn value_bytes_max() {
    let token = |n| action(&format!("MF=a{{M{{O{{nt/jit={}}}}}}}", "1".repeat(n)));
    holds_exactly(
        "value_bytes_max",
        20,
        |limits, n| limits.value_bytes_max = n,
        token,
    );
    let quoted = |n| action(&format!("MF=a{{M{{O{{nt/jit=\"{}\"}}}}}}", " ".repeat(n)));
    holds_exactly(
        "value_bytes_max",
        20,
        |limits, n| limits.value_bytes_max = n,
        quoted,
    );
}

#[test]
fn body_bytes_max() {
    let local = |n| action(&format!("MF=a{{M{{L{{{}}}}}}}", "v".repeat(n)));
    holds_exactly(
        "body_bytes_max",
        20,
        |limits, n| limits.body_bytes_max = n,
        local,
    );
    let map = |n| action(&format!("MF=a{{DM=a{{{}}}}}", "1".repeat(n)));
    holds_exactly(
        "body_bytes_max",
        20,
        |limits, n| limits.body_bytes_max = n,
        map,
    );
}

#[test]
fn faults_max() {
    let limits = Limits {
        faults_max: 5,
        ..Limits::default()
    };
    let message = |n| action(&times(n, |_| "X=a".into(), ","));
    let faults = |n: usize| {
        let (arena, input) = (Arena::new(), message(n));
        decode(input.as_bytes(), &arena, &limits).map(|decoded| decoded.faults.len())
    };
    assert_eq!(faults(4), Ok(4));
    assert_eq!(faults(5), Ok(5));
    let error = faults(6).expect_err("one too many");
    assert_eq!(
        (error.error.code, error.error.problem),
        (400, Problem::Limit("faults_max"))
    );
}
