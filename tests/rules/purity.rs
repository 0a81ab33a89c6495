//! No I/O below layer 4: the shipped code of `pool`, `wheel`, `frame`, `h248`, `metrics`, `megaco`, `mesh` and `core`
//! names no socket, file, thread, clock, environment, process or source of randomness.

use crate::lexer::{Source, Token};
use crate::paths::{self, Path};
use crate::tree;

const PURE_CRATES: &[&str] = &[
    "pool", "wheel", "frame", "h248", "metrics", "megaco", "mesh", "core",
];

/// Paths that are banned with everything below them.
const BANNED: &[&str] = &[
    "std::env",
    "std::fs",
    "std::os",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::io::copy",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::UNIX_EPOCH",
    "std::sync::mpsc",
    "std::hash::RandomState",
    "foldhash::HashMap",
    "foldhash::HashSet",
    "fastrand",
    "getrandom",
    "glommio",
    "io_uring",
    "libc",
    "mio",
    "nix",
    "rand",
    "rustix",
    "socket2",
    "tokio",
];

/// Modules of which only the named items are plain data; importing the module itself would hide the rest.
const PARTLY_PURE: &[(&str, &[&str])] = &[
    (
        "std::net",
        &[
            "AddrParseError",
            "IpAddr",
            "Ipv4Addr",
            "Ipv6Addr",
            "SocketAddr",
            "SocketAddrV4",
            "SocketAddrV6",
        ],
    ),
    ("std::time", &["Duration"]),
];

const BANNED_MACROS: &[&str] = &["dbg", "eprint", "eprintln", "print", "println"];

/// What one crate may name although it is banned, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("pool", "libc", "a pool maps its own memory"),
    ("pool", "rustix", "a pool maps its own memory"),
    (
        "pool",
        "std::thread::panicking",
        "a conservation check must not panic while unwinding",
    ),
];

fn findings(krate: &str, text: &str) -> Vec<String> {
    let tokens = Source::read(text).shipped();
    let mut found = Vec::new();
    for path in paths::named(&tokens) {
        let excused = EXCEPTIONS
            .iter()
            .any(|(owner, prefix, _)| *owner == krate && path.starts_with(prefix));
        if !excused && is_banned(&path) {
            found.push(format!("{}: {}", path.line, path.text()));
        }
    }
    found.extend(banned_macros(&tokens));
    found.extend(unseeded_maps(&tokens));
    found.extend(loose_test_modules(&tokens));
    found
}

fn is_banned(path: &Path) -> bool {
    let outright = BANNED.iter().any(|prefix| path.starts_with(prefix));
    let hidden = PARTLY_PURE.iter().any(|(module, pure)| {
        let item = path.segments.get(module.split("::").count());
        path.starts_with(module) && !item.is_some_and(|item| pure.contains(&item.as_str()))
    });
    // A crate of one segment is only meant where a path or an import starts with it: a local may be called `rand`.
    let lone_word = path.segments.len() == 1;
    (outright || hidden) && !lone_word || path.segments.iter().any(|s| s == "RandomState")
}

fn banned_macros(tokens: &[Token]) -> Vec<String> {
    let calls = tokens
        .windows(2)
        .filter(|pair| pair[1].is("!") && BANNED_MACROS.contains(&pair[0].text.as_str()));
    calls
        .map(|pair| format!("{}: {}!", pair[0].line, pair[0].text))
        .collect()
}

/// `HashMap` and `HashSet` with the default hasher, which is seeded at random.
///
/// They show themselves by a constructor that exists for no other hasher, or by a type without a hasher argument.
fn unseeded_maps(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let arguments_with_hasher = match token.text.as_str() {
            "HashMap" => 3,
            "HashSet" => 2,
            _ => continue,
        };
        let next = |ahead: usize| tokens.get(at + ahead).map_or("", |t| t.text.as_str());
        let constructor = next(1) == "::" && matches!(next(2), "new" | "with_capacity" | "from");
        let opening = if next(1) == "<" { at + 2 } else { at + 3 };
        let generic = next(1) == "<" || (next(1) == "::" && next(2) == "<");
        if constructor || (generic && arguments(&tokens[opening..]) < arguments_with_hasher) {
            found.push(format!(
                "{}: {} without a seeded hasher",
                token.line, token.text
            ));
        }
    }
    found
}

/// The number of generic arguments up to the `>` that closes a list which is already open.
fn arguments(tokens: &[Token]) -> usize {
    let (mut depth, mut commas, mut trailing) = (1usize, 0usize, false);
    for token in tokens {
        match token.text.as_str() {
            "<" | "(" | "[" => depth += 1,
            ">" | ")" | "]" => depth -= 1,
            "," if depth == 1 => commas += 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        trailing = token.is(",");
    }
    commas + 1 - usize::from(trailing)
}

/// `mod tests` without `#[cfg(test)]`: this scan skips files of that name, so they must not be shipped.
fn loose_test_modules(tokens: &[Token]) -> Vec<String> {
    let declared = tokens
        .windows(2)
        .filter(|pair| pair[0].is("mod") && pair[1].is("tests"));
    declared
        .map(|pair| format!("{}: mod tests is not #[cfg(test)]", pair[0].line))
        .collect()
}

#[test]
fn no_io_below_layer_4() {
    let mut found = Vec::new();
    for krate in PURE_CRATES {
        let files = tree::shipped_sources(krate);
        assert!(!files.is_empty(), "{krate} has sources");
        for (path, text) in files {
            found.extend(
                findings(krate, &text)
                    .into_iter()
                    .map(|f| format!("{path}:{f}")),
            );
        }
    }
    assert!(
        found.is_empty(),
        "impure code below layer 4:\n{}",
        found.join("\n")
    );
}

#[test]
fn impure_code_is_found() {
    let cases = [
        ("use std::net::TcpStream;", "1: std::net::TcpStream"),
        ("use std::{fmt, net};", "1: std::net"),
        ("use std::net::*;", "1: std::net::*"),
        ("fn f() { std::fs::read(p) }", "1: std::fs::read"),
        (
            "\nuse std::{sync::Arc, thread::spawn};",
            "2: std::thread::spawn",
        ),
        (
            "let t = std::time::Instant::now();",
            "1: std::time::Instant::now",
        ),
        ("use std::time;", "1: std::time"),
        ("use std::env;", "1: std::env"),
        ("std::process::exit(1)", "1: std::process::exit"),
        ("use rand::Rng;", "1: rand::Rng"),
        ("use glommio::LocalExecutor;", "1: glommio::LocalExecutor"),
        (
            "let ring = io_uring::IoUring::new(8);",
            "1: io_uring::IoUring::new",
        ),
        ("libc::getpid()", "1: libc::getpid"),
        ("println!(\"x\")", "1: println!"),
        (
            "let m = HashMap::new();",
            "1: HashMap without a seeded hasher",
        ),
        (
            "struct S { m: HashMap<u64, Vec<(u8, u8)>> }",
            "1: HashMap without a seeded hasher",
        ),
        (
            "let s: HashSet<u64,> = x;",
            "1: HashSet without a seeded hasher",
        ),
        ("mod tests;", "1: mod tests is not #[cfg(test)]"),
    ];
    for (text, finding) in cases {
        assert_eq!(findings("core", text), [finding], "in {text}");
    }
    assert_eq!(findings("core", "use std::hash::RandomState;").len(), 1);
    assert_eq!(
        findings("core", "type M = HashMap<u8, u8, std::hash::RandomState>;").len(),
        1
    );
}

#[test]
fn pure_code_is_left_alone() {
    let text = "use std::net::{IpAddr, SocketAddr};\nuse std::time::Duration;\nuse std::sync::atomic::AtomicU64;\n\
                // std::fs is not named here\nfn f(rand: u64) -> &'static str { \"std::env::var\" }\n\
                struct S { m: HashMap<u64, (u8, u8), Seeded>, s: HashSet<u64, Seeded> }\n\
                #[cfg(test)]\nmod tests { use std::fs; }\n";
    assert_eq!(findings("core", text), Vec::<String>::new());
}

#[test]
fn an_exception_belongs_to_one_crate() {
    assert_eq!(findings("pool", "libc::mmap(p)"), Vec::<String>::new());
    assert_eq!(findings("mesh", "libc::mmap(p)"), ["1: libc::mmap"]);
}
