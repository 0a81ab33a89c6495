//! Errors confined to a transaction, an action or a command, and the rest decoded (RFC 3525 8.2.2).

use crate::error::{Problem, Scope, TransactionKind};
use crate::model::{Command, ContextId, MessageBody, Transaction};
use crate::text::{Layout, decode, encode};
use crate::{Arena, DecodeError, Decoded, Limits};

fn decoded<'a>(input: &'a str, arena: &'a Arena) -> Decoded<'a> {
    decode(input.as_bytes(), arena, &Limits::default())
        .unwrap_or_else(|error| panic!("{error}\n{input}"))
}

fn refused(input: &str) -> DecodeError {
    let arena = Arena::new();
    match decode(input.as_bytes(), &arena, &Limits::default()) {
        Err(error) => error,
        Ok(decoded) => panic!("{decoded:?}"),
    }
}

#[test]
fn a_faulty_command_leaves_its_siblings() {
    let arena = Arena::new();
    let input = "MEGACO/1 [1.2.3.4]:2944\nTransaction = 7 {\n Context = 1 {\n  Notify = a { ObservedEvents = 1 { al/of } },\n  \
                 O-Modify = b { Media { Local { v=0 } Oops } },\n  Subtract = c { Audit { } }\n }\n}";
    let Decoded { message, faults } = decoded(input, &arena);
    let [fault] = faults.as_slice() else {
        panic!("{faults:?}")
    };
    assert_eq!(
        fault.scope,
        Scope::Command {
            transaction: 0,
            action: 0,
            index: 1,
            optional: true
        }
    );
    assert_eq!(fault.error.code, 442);
    assert_eq!(&input[fault.error.position.offset..][..4], "Oops");
    assert_eq!(
        (fault.error.position.line, fault.error.position.column),
        (5, 40)
    );
    let Transaction::Request(request) = &message.transactions()[0] else {
        panic!("{message:?}")
    };
    let commands = &request.actions[0].commands;
    assert!(matches!(commands[0].command, Command::Notify(_)));
    assert!(matches!(commands[1].command, Command::Subtract(_)));
    assert_eq!(commands.len(), 2);
}

#[test]
fn specific_codes_where_the_standard_has_them() {
    for (command, code, at) in [
        ("Frobnicate = a", 443, "Frob"),
        ("Modify = a { Events, Events }", 448, "Events }"),
        ("Modify = a { Frobnicate { } }", 444, "Frob"),
        (
            "Modify = a { Services { Method = Restart } }",
            447,
            "Services",
        ),
        (
            "ServiceChange = ROOT { Services { Method = Restart } }",
            472,
            " { Method",
        ),
        (
            "ServiceChange = ROOT { Services { Reason = \"900\" } }",
            472,
            " { Reason",
        ),
        ("Notify = a { ObservedEvents = 1 { alof } }", 442, "alof"),
        (
            "Modify = a { Media { Stream = 65536 { Local { } } } }",
            442,
            "65536",
        ),
    ] {
        let arena = Arena::new();
        let input = format!("!/1 <mgc> T=1{{C=1{{{command}}}}}");
        let Decoded { faults, .. } = decoded(&input, &arena);
        assert_eq!(faults.len(), 1, "{command}: {faults:?}");
        assert_eq!(faults[0].error.code, code, "{command}");
        assert!(
            input[faults[0].error.position.offset..].starts_with(at),
            "{command}: {}",
            faults[0]
        );
    }
}

#[test]
fn a_faulty_action_leaves_its_siblings_and_its_commands() {
    let arena = Arena::new();
    let input = "!/1 <mgc> T=1{C=x{N=a{OE=1{al/of}}},C=2{S=b,Priority=16,S=c},C=3{S=d}}";
    let Decoded { message, faults } = decoded(input, &arena);
    let scopes: Vec<Scope> = faults.iter().map(|fault| fault.scope).collect();
    let context = Some(ContextId(2));
    let expected = [
        Scope::Action {
            transaction: 0,
            index: 0,
            context: None,
        },
        Scope::Action {
            transaction: 0,
            index: 0,
            context,
        },
    ];
    assert_eq!(scopes, expected);
    assert!(faults.iter().all(|fault| fault.error.code == 422));
    let Transaction::Request(request) = &message.transactions()[0] else {
        panic!("{message:?}")
    };
    let contexts: Vec<u32> = request
        .actions
        .iter()
        .map(|action| action.context_id.0)
        .collect();
    assert_eq!(contexts, [2, 3]);
    assert_eq!(
        request.actions[0].commands.len(),
        1,
        "the command before the fault"
    );
}

#[test]
fn a_faulty_transaction_leaves_its_siblings() {
    let arena = Arena::new();
    let input = "!/1 <mgc> T=1{C=1{S=a}}T=x{C=1{S=b}}T=2{C=1{S=c} C=2{S=d}}P=3{C=1{S=e}";
    let input = format!("{input}}}PN=4{{}}K{{1-}}PN=5{{}}");
    let Decoded { message, faults } = decoded(&input, &arena);
    let scopes: Vec<Scope> = faults.iter().map(|fault| fault.scope).collect();
    let request = TransactionKind::Request;
    let expected = [
        Scope::Transaction {
            index: 1,
            kind: request,
            id: None,
        },
        Scope::Transaction {
            index: 1,
            kind: request,
            id: Some(2),
        },
        Scope::Transaction {
            index: 4,
            kind: TransactionKind::ResponseAck,
            id: None,
        },
    ];
    assert_eq!(scopes, expected);
    assert!(faults.iter().all(|fault| fault.error.code == 403));
    assert_eq!(message.transactions().len(), 5);
    let Transaction::Request(two) = &message.transactions()[1] else {
        panic!("{message:?}")
    };
    assert_eq!(
        (two.transaction_id, two.actions.len()),
        (2, 1),
        "the action before the fault"
    );
}

#[test]
fn a_request_without_a_number_is_a_fault_and_number_0_is_a_number() {
    for input in ["!/1 <mgc> T={C=1{S=a}}", "!/1 <mgc> T=4294967296{C=1{S=a}}"] {
        let arena = Arena::new();
        let Decoded { message, faults } = decoded(input, &arena);
        assert!(message.transactions().is_empty());
        assert_eq!((faults.len(), faults[0].error.code), (1, 403));
        let scope = Scope::Transaction {
            index: 0,
            kind: TransactionKind::Request,
            id: None,
        };
        assert_eq!(faults[0].scope, scope);
    }
    // What answers such a request.
    let arena = Arena::new();
    let Decoded { message, faults } = decoded("!/1 <mg> P=0{ER=403{}}", &arena);
    assert!(faults.is_empty());
    assert!(
        matches!(&message.transactions()[0], Transaction::Reply(reply) if reply.transaction_id == 0)
    );
    let mut out = Vec::new();
    encode(&message, Layout::Compact, &mut out).expect("expressible");
    assert_eq!(out, b"!/1 <mg> P=0{ER=403{}}");
}

#[test]
fn an_end_that_is_not_found_ends_everything() {
    let arena = Arena::new();
    let Decoded { message, faults } = decoded(
        "!/1 <mgc> T=1{C=1{S=a,N=b{OE=1{al/of,C=2{S=c}}T=2{C=1{S=d}}",
        &arena,
    );
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(
        faults[0].scope,
        Scope::Command {
            transaction: 0,
            action: 0,
            index: 1,
            optional: false
        }
    );
    assert_eq!(message.transactions().len(), 1);
}

#[test]
fn braces_in_bodies_strings_and_comments_do_not_count() {
    let arena = Arena::new();
    let input = "!/1 <mgc> T=1{C=1{MF=a{M{L{v=0\ns={{{ \\} \"\n},Bad},S=R{AT{}}},; } comment \" {\n\
                 MF=b{M{Bad},E=1{g/x{v=\"}}}\"}}},S=L{AT{}}}}PN=2{}";
    let Decoded { message, faults } = decoded(input, &arena);
    assert_eq!(faults.len(), 2, "{faults:?}");
    let Transaction::Request(request) = &message.transactions()[0] else {
        panic!("{message:?}")
    };
    assert_eq!(request.actions[0].commands.len(), 1);
    assert_eq!(message.transactions()[1], Transaction::Pending(2));
}

#[test]
fn an_unusable_message_names_its_sender_if_it_can() {
    for (input, code, version) in [
        ("", 400, None),
        ("GET / HTTP/1.1", 400, None),
        ("MEGACO/1", 400, None),
        ("MEGACO/1 [1.2.3.4", 400, None),
        ("MEGACO/1 [1.2.3.4]:2944", 400, Some(1)),
        ("MEGACO/2 <mgc> nothing of the kind", 400, Some(2)),
        ("MEGACO/4 <mgc> T=1{C=1{S=a}}", 406, Some(4)),
        ("MEGACO/0 <mgc> T=1{C=1{S=a}}", 406, Some(0)),
        ("MEGACO/100 <mgc> T=1{C=1{S=a}}", 400, None),
        ("MEGACO/1 <mgc> Error = 500 { } trailing", 400, Some(1)),
    ] {
        let error = refused(input);
        assert_eq!(error.error.code, code, "{input}: {error}");
        assert_eq!(
            error.mini.as_ref().map(|mini| mini.version),
            version,
            "{input}"
        );
        assert!(error.error.position.offset <= input.len());
    }
}

#[test]
fn every_error_text_can_be_sent() {
    let error = refused("MEGACO/1 <mgc> Oops = 1 { }").error;
    assert!(matches!(error.problem, Problem::Expected(_)));
    let message = crate::model::Message::error(
        1,
        crate::model::MId::DomainName("mg".try_into().unwrap(), None),
        error.descriptor(),
    );
    let mut out = Vec::new();
    encode(&message, Layout::Compact, &mut out).expect("encodable");
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "!/1 <mg> ER=400{\"expected transaction on line 1 column 16\"}"
    );
    let arena = Arena::new();
    let again = decoded(
        "!/1 <mg> ER=400{\"expected transaction on line 1 column 16\"}",
        &arena,
    )
    .message;
    assert!(matches!(again.body, MessageBody::Error(_)));
}
