//! The shape of the code: files and functions that a reader can hold in the head, names that say something, nothing left over.

use crate::lexer::{Source, end_of_group};
use crate::tree;

/// The length at which a file holds two ideas.
const FILE_LINES_MAX: usize = 800;

/// The length at which a function does two things. The aim is 70; a table of one `match` may be longer.
const FUNCTION_LINES_MAX: usize = 80;

/// The same for tests, where a conversation may be told in one go.
const TEST_LINES_MAX: usize = 120;

/// Ends of the names of files that people write and read.
const WRITTEN: &[&str] = &[
    ".rs", ".sh", ".py", ".erl", ".hrl", ".escript", ".lua", ".c",
];

/// Names that say only that somebody did not know where to put something.
const EMPTY_NAMES: &[&str] = &[
    "common", "helper", "helpers", "manager", "misc", "util", "utils",
];

/// Promises that a reader cannot keep. (Each is written in two parts, so that this file does not make one.)
const MARKS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("HA", "CK"),
];

fn too_long(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    let written = WRITTEN.iter().any(|end| path.ends_with(end));
    (written && lines > FILE_LINES_MAX).then(|| format!("{path}: {lines} lines"))
}

/// The functions of `text` that are longer than allowed, as `line: name, length`.
fn long_functions(text: &str, most: usize) -> Vec<String> {
    let tokens = Source::read(text).tokens;
    let mut found = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        if !pair[0].is("fn") || !pair[1].is_word() {
            continue;
        }
        // The body is the first brace behind the signature; a declaration ends in a semicolon before it.
        let mut end = at + 2;
        while tokens.get(end).is_some_and(|t| !t.is("{") && !t.is(";")) {
            end = if tokens[end].is("(") || tokens[end].is("[") {
                end_of_group(&tokens, end)
            } else {
                end + 1
            };
        }
        if !tokens.get(end).is_some_and(|t| t.is("{")) {
            continue;
        }
        let last = &tokens[end_of_group(&tokens, end) - 1];
        let lines = last.line - pair[0].line + 1;
        if lines > most {
            found.push(format!("{}: {}, {lines} lines", pair[0].line, pair[1].text));
        }
    }
    found
}

fn empty_name(path: &str) -> bool {
    let stem = |part: &str| part.split('.').next().unwrap_or_default().to_owned();
    path.split('/')
        .any(|part| EMPTY_NAMES.contains(&stem(part).as_str()))
}

fn marks(text: &str) -> Vec<usize> {
    let marked = text
        .lines()
        .enumerate()
        .filter(|(_, line)| MARKS.iter().any(|mark| line.contains(mark)));
    marked.map(|(number, _)| number + 1).collect()
}

#[test]
fn files_are_short() {
    let found: Vec<_> = tree::files()
        .iter()
        .filter_map(|(path, text)| too_long(path, text))
        .collect();
    assert!(found.is_empty(), "over {FILE_LINES_MAX} lines: {found:?}");
}

#[test]
fn functions_are_short() {
    let mut found = Vec::new();
    for (path, text) in tree::files_ending(".rs") {
        let is_test = path.contains("tests/") || path.ends_with("tests.rs");
        let most = if is_test {
            TEST_LINES_MAX
        } else {
            FUNCTION_LINES_MAX
        };
        found.extend(
            long_functions(&text, most)
                .into_iter()
                .map(|f| format!("{path}:{f}")),
        );
    }
    assert!(
        found.is_empty(),
        "over {FUNCTION_LINES_MAX} lines, or {TEST_LINES_MAX} in tests:\n{}",
        found.join("\n")
    );
}

#[test]
fn names_say_something() {
    let found: Vec<_> = tree::files()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| empty_name(path))
        .collect();
    assert!(found.is_empty(), "files named for nothing: {found:?}");
}

#[test]
fn nothing_is_left_for_later() {
    let mut found = Vec::new();
    for (path, text) in tree::files() {
        if WRITTEN.iter().any(|end| path.ends_with(end)) {
            found.extend(
                marks(&text)
                    .into_iter()
                    .map(|line| format!("{path}:{line}")),
            );
        }
    }
    assert!(found.is_empty(), "left for later:\n{}", found.join("\n"));
}

#[test]
fn a_long_file_is_found() {
    assert_eq!(too_long("a.rs", &"\n".repeat(800)), None);
    assert_eq!(
        too_long("a.rs", &"\n".repeat(801)),
        Some(String::from("a.rs: 801 lines"))
    );
    assert_eq!(too_long("corpus.txt", &"\n".repeat(801)), None);
}

#[test]
fn a_long_function_is_found() {
    let function = |lines: usize| {
        format!(
            "trait T {{ fn d(); }}\nfn f() -> [u8; 2] {{{}}}\nfn g() {{}}\n",
            "\n".repeat(lines - 1)
        )
    };
    assert_eq!(long_functions(&function(80), 80), Vec::<String>::new());
    assert_eq!(long_functions(&function(81), 80), ["2: f, 81 lines"]);
}

#[test]
fn an_empty_name_and_a_mark_are_found() {
    assert!(empty_name("shards/pool/src/utils.rs") && empty_name("src/common/mod.rs"));
    assert!(!empty_name("shards/pool/src/pool.rs") && !empty_name("src/commons.rs"));
    assert_eq!(marks(&format!("fine\n// {} later\n", MARKS[0])), [2]);
}
