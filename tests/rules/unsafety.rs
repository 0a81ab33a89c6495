//! `unsafe` lives in `pool`, `mesh` and `engine` only, and each use there says why it is sound.

use crate::lexer::{Source, end_of_group};
use crate::tree;

const MAY_BE_UNSAFE: &[&str] = &["shards/pool/", "shards/mesh/", "shards/engine/"];

/// How far above an `unsafe` its comment may start: a long justification, or a statement that rustfmt broke up.
const LINES_ABOVE_MAX: usize = 16;

/// The lines of `text` on which the keyword `unsafe` stands.
fn unsafe_lines(text: &str) -> Vec<usize> {
    Source::read(text)
        .tokens
        .iter()
        .filter(|t| t.is("unsafe"))
        .map(|t| t.line)
        .collect()
}

/// The lines of `text` that use `unsafe` without a `SAFETY:` comment, or a `# Safety` section for what they ask of callers.
fn unexplained(text: &str) -> Vec<usize> {
    let source = Source::read(text);
    let comments: Vec<(usize, &str)> = source
        .comments
        .iter()
        .map(|c| (c.line, c.text.as_str()))
        .collect();
    let lines: Vec<&str> = text.lines().collect();
    let tokens = &source.tokens;
    let word = |at: usize| tokens.get(at).map_or("", |t| t.text.as_str());
    let mut inside_impl_until = 0;
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, t)| t.is("unsafe")) {
        let is_function = matches!(word(at + 1), "fn" | "extern");
        let is_type = is_function && at > 0 && matches!(word(at - 1), ":" | "<" | "(" | "," | "=");
        // What a method of an `unsafe impl` asks of its callers is said by the trait.
        let is_method = is_function && at < inside_impl_until;
        if word(at + 1) == "impl" {
            let body = (at..tokens.len()).find(|at| word(*at) == "{");
            inside_impl_until = body.map_or(at, |body| end_of_group(tokens, body));
        }
        if !is_type && !is_method && !explained(token.line, &comments, &lines) {
            found.push(token.line);
        }
    }
    found
}

/// Whether a comment on `line`, or on the lines directly above it, gives the reason.
fn explained(line: usize, comments: &[(usize, &str)], lines: &[&str]) -> bool {
    let says = |n: usize| {
        comments
            .iter()
            .any(|(at, text)| *at == n && (text.contains("SAFETY:") || text.contains("# Safety")))
    };
    if says(line) {
        return true;
    }
    for above in (line.saturating_sub(LINES_ABOVE_MAX).max(1)..line).rev() {
        if says(above) {
            return true;
        }
        let text = lines[above - 1].trim();
        let is_comment = text.starts_with("//") || text.starts_with('*') || text.starts_with("/*");
        let statement_ends =
            text.is_empty() || text.ends_with(';') || text.ends_with('}') || text.ends_with('{');
        if !is_comment && statement_ends {
            return false;
        }
    }
    false
}

fn may_be_unsafe(path: &str) -> bool {
    MAY_BE_UNSAFE.iter().any(|prefix| path.starts_with(prefix))
}

#[test]
fn unsafe_lives_in_three_crates() {
    let mut found = Vec::new();
    for (path, text) in tree::files_ending(".rs") {
        if !may_be_unsafe(&path) {
            found.extend(
                unsafe_lines(&text)
                    .into_iter()
                    .map(|line| format!("{path}:{line}")),
            );
        }
    }
    assert!(
        found.is_empty(),
        "unsafe outside pool, mesh and engine:\n{}",
        found.join("\n")
    );
}

#[test]
fn every_other_crate_forbids_it() {
    let mut found = Vec::new();
    for (path, text) in tree::files_ending("/src/lib.rs")
        .into_iter()
        .chain(tree::files_ending("src/main.rs"))
    {
        if !may_be_unsafe(&path) && !text.contains("#![forbid(unsafe_code)]") {
            found.push(path);
        }
    }
    assert!(
        found.is_empty(),
        "these do not say #![forbid(unsafe_code)]: {found:?}"
    );
}

#[test]
fn every_unsafe_says_why_it_is_sound() {
    let mut found = Vec::new();
    for (path, text) in tree::files_ending(".rs") {
        if may_be_unsafe(&path) {
            found.extend(
                unexplained(&text)
                    .into_iter()
                    .map(|line| format!("{path}:{line}")),
            );
        }
    }
    assert!(
        found.is_empty(),
        "unsafe without a SAFETY comment:\n{}",
        found.join("\n")
    );
}

#[test]
fn an_unsafe_word_is_found_in_code_only() {
    assert_eq!(
        unsafe_lines("// unsafe\nlet x = \"unsafe\";\nunsafe { x() }"),
        [3]
    );
}

#[test]
fn a_missing_reason_is_found() {
    assert_eq!(unexplained("fn f() {\n    unsafe { g() }\n}"), [2]);
    assert_eq!(
        unexplained("// SAFETY: g is fine.\nh();\nunsafe { g() }"),
        [3]
    );
    assert_eq!(unexplained("/// Does it.\npub unsafe fn f() {}"), [2]);
}

#[test]
fn methods_of_an_unsafe_impl_are_explained_by_its_trait() {
    let methods = "{\n    unsafe fn f() {\n        unsafe { g() }\n    }\n}";
    assert_eq!(
        unexplained(&format!("// SAFETY: fine.\nunsafe impl T for S {methods}")),
        [4]
    );
    assert_eq!(
        unexplained(&format!("unsafe impl T for S {methods}")),
        [1, 3]
    );
}

#[test]
fn a_reason_above_is_seen() {
    assert_eq!(
        unexplained("// SAFETY: g is fine,\n// always.\nlet x =\n    unsafe { g() };"),
        [0usize; 0]
    );
    assert_eq!(
        unexplained("/// # Safety\n/// Call it once.\n#[inline]\npub unsafe fn f() {}"),
        [0usize; 0]
    );
    assert_eq!(unexplained("struct S { f: unsafe fn(u8) }"), [0usize; 0]);
}
