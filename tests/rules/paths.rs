//! Every path that a piece of code names, with `use` trees written out.

use crate::lexer::Token;

/// A path such as `std::fs::File`, and the line on which it is named. A glob import ends in `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

impl Path {
    pub(crate) fn starts_with(&self, prefix: &str) -> bool {
        let wanted = prefix.split("::");
        let mut own = self.segments.iter();
        wanted
            .into_iter()
            .all(|segment| own.next().is_some_and(|s| s == segment))
    }

    pub(crate) fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// All paths in `tokens`. `core` and `alloc` are written as `std`, since `std` re-exports both.
pub(crate) fn named(tokens: &[Token]) -> Vec<Path> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].is("use") && !tokens.get(at + 1).is_some_and(|t| t.is("<")) {
            at = use_tree(tokens, at + 1, &[], &mut found);
        } else if tokens[at].is_word() {
            at = plain_path(tokens, at, &mut found);
        } else {
            at += 1;
        }
    }
    for path in &mut found {
        if path.segments.len() > 1 && matches!(path.segments[0].as_str(), "core" | "alloc") {
            path.segments[0] = String::from("std");
        }
    }
    found
}

fn plain_path(tokens: &[Token], mut at: usize, found: &mut Vec<Path>) -> usize {
    let line = tokens[at].line;
    let mut segments = vec![tokens[at].text.clone()];
    at += 1;
    while at + 1 < tokens.len() && tokens[at].is("::") && tokens[at + 1].is_word() {
        segments.push(tokens[at + 1].text.clone());
        at += 2;
    }
    found.push(Path { segments, line });
    at
}

fn use_tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<Path>) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |t| t.line);
    let mut grouped = false;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "::" => at += 1,
            "{" => {
                grouped = true;
                at += 1;
                while tokens.get(at).is_some_and(|t| !t.is("}")) {
                    at = use_tree(tokens, at, &segments, found);
                    if tokens.get(at).is_some_and(|t| t.is(",")) {
                        at += 1;
                    }
                }
                at += 1;
            }
            "as" => at += 2,
            "self" if !prefix.is_empty() => at += 1,
            "*" => {
                segments.push(String::from("*"));
                at += 1;
            }
            _ if token.is_word() => {
                segments.push(token.text.clone());
                at += 1;
            }
            _ => break,
        }
    }
    if !grouped && !segments.is_empty() {
        found.push(Path { segments, line });
    }
    // Something that is no use tree (a macro's `use $x`) must not stop the walk.
    if tokens
        .get(at)
        .is_some_and(|t| !t.is("}") && !t.is(",") && !t.is(";"))
    {
        at + 1
    } else {
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::Source;

    fn texts(source: &str) -> Vec<String> {
        named(&Source::read(source).tokens)
            .iter()
            .map(Path::text)
            .collect()
    }

    #[test]
    fn use_trees_are_written_out() {
        let source = "use std::{fs, net::{self, TcpStream as T, SocketAddr}, time::*};";
        let expected = [
            "std::fs",
            "std::net",
            "std::net::TcpStream",
            "std::net::SocketAddr",
            "std::time::*",
        ];
        assert_eq!(texts(source), expected);
    }

    #[test]
    fn core_is_std() {
        assert_eq!(texts("core::time::Duration"), ["std::time::Duration"]);
    }

    #[test]
    fn paths_in_expressions_are_found() {
        assert_eq!(texts("f(std::env::var(x))"), ["f", "std::env::var", "x"]);
    }
}
