//! Just enough of Rust's lexical grammar to tell code from comments, literals and test modules.
//!
//! It is not a parser: it reads well-formed source, as `rustc` has accepted it.

/// One lexical element of code, with the line (from 1) on which it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.text == text
    }

    pub(crate) fn is_word(&self) -> bool {
        self.text
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// A comment's text and the line on which it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// A source text, taken apart.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
}

impl Source {
    /// Splits `text`. Literals become the one token `""`, `::` and `->` are one token each.
    pub(crate) fn read(text: &str) -> Source {
        let mut reader = Reader {
            chars: text.chars().collect(),
            at: 0,
            line: 1,
        };
        let mut source = Source::default();
        while let Some(c) = reader.peek(0) {
            let line = reader.line;
            match c {
                '/' if reader.peek(1) == Some('/') => {
                    let text = reader.take_while(|c| c != '\n');
                    source.comments.push(Comment { text, line });
                }
                '/' if reader.peek(1) == Some('*') => {
                    let text = reader.block_comment();
                    source.comments.push(Comment { text, line });
                }
                c if c.is_whitespace() => reader.step(),
                _ => {
                    let text = reader.token(c);
                    source.tokens.push(Token { text, line });
                }
            }
        }
        source
    }

    /// The tokens outside items marked `#[cfg(test)]` or `#[cfg(all(test, …))]`.
    pub(crate) fn shipped(&self) -> Vec<Token> {
        let mut kept = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if is_test_attribute(&self.tokens[at..]) {
                at = end_of_item(&self.tokens, at);
            } else {
                kept.push(self.tokens[at].clone());
                at += 1;
            }
        }
        kept
    }
}

fn is_test_attribute(tokens: &[Token]) -> bool {
    let starts = |words: &[&str]| {
        tokens.len() > words.len() && words.iter().zip(tokens).all(|(w, t)| t.is(w))
    };
    starts(&["#", "[", "cfg", "(", "test", ")", "]"])
        || starts(&["#", "[", "cfg", "(", "all", "(", "test"])
}

/// The index after the item whose attributes start at `at`: after its `;`, `,` or closing brace.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    while tokens.get(at).is_some_and(|t| t.is("#")) {
        at = end_of_group(tokens, at + 1);
    }
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            ";" | "," => return at + 1,
            "(" | "[" => at = end_of_group(tokens, at),
            "{" => {
                let end = end_of_group(tokens, at);
                // `use a::{b};` goes on to its semicolon.
                return if tokens.get(end).is_some_and(|t| t.is(";")) {
                    end + 1
                } else {
                    end
                };
            }
            _ => at += 1,
        }
    }
    at
}

/// The index after the bracket that closes the one at `at`.
pub(crate) fn end_of_group(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0usize;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            _ => {}
        }
    }
    at
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    line: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn step(&mut self) {
        if self.peek(0) == Some('\n') {
            self.line += 1;
        }
        self.at += 1;
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek(0).is_some_and(&wanted) {
            self.step();
        }
        self.chars[start..self.at].iter().collect()
    }

    fn block_comment(&mut self) -> String {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.step();
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.step();
                }
                (None, _) => break,
                _ => {}
            }
            self.step();
            if depth == 0 {
                break;
            }
        }
        self.chars[start..self.at.min(self.chars.len())]
            .iter()
            .collect()
    }

    fn token(&mut self, first: char) -> String {
        if first == '"' {
            self.quoted('"');
            return String::from("\"\"");
        }
        if first == '\'' {
            return self.quote();
        }
        if first.is_alphanumeric() || first == '_' {
            let word = self.take_while(|c| c.is_alphanumeric() || c == '_');
            return self.after_word(word);
        }
        for pair in ["::", "->", "=>"] {
            if self.peek(0) == pair.chars().next() && self.peek(1) == pair.chars().nth(1) {
                self.step();
                self.step();
                return pair.to_owned();
            }
        }
        self.step();
        first.to_string()
    }

    /// A word may turn out to be the prefix of a literal: `b"…"`, `r#"…"#`, `c"…"`, `b'x'`.
    fn after_word(&mut self, word: String) -> String {
        let raw = matches!(word.as_str(), "r" | "br" | "cr");
        if raw && matches!(self.peek(0), Some('"' | '#')) {
            let hashes = self.take_while(|c| c == '#').len();
            if self.peek(0) != Some('"') {
                return self.take_while(|c| c.is_alphanumeric() || c == '_'); // r#type
            }
            self.raw_string(hashes);
            return String::from("\"\"");
        }
        if matches!(word.as_str(), "b" | "c") && self.peek(0) == Some('"') {
            self.quoted('"');
            return String::from("\"\"");
        }
        if word == "b" && self.peek(0) == Some('\'') {
            self.quoted('\'');
            return String::from("\"\"");
        }
        word
    }

    fn raw_string(&mut self, hashes: usize) {
        self.step();
        while self.peek(0).is_some() {
            let closes =
                self.peek(0) == Some('"') && (1..=hashes).all(|i| self.peek(i) == Some('#'));
            self.step();
            if closes {
                (0..hashes).for_each(|_| self.step());
                return;
            }
        }
    }

    fn quoted(&mut self, quote: char) {
        self.step();
        while let Some(c) = self.peek(0) {
            self.step();
            if c == '\\' {
                self.step();
            } else if c == quote {
                return;
            }
        }
    }

    /// A character literal, or a lifetime (which is no more than its name here).
    fn quote(&mut self) -> String {
        let literal = self.peek(1) == Some('\\') || self.peek(2) == Some('\'');
        if literal {
            self.quoted('\'');
            return String::from("\"\"");
        }
        self.step();
        let name = self.take_while(|c| c.is_alphanumeric() || c == '_');
        format!("'{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Source::read(text)
            .shipped()
            .into_iter()
            .map(|t| t.text)
            .collect()
    }

    #[test]
    fn literals_and_comments_are_not_code() {
        let text = "let a = \"unsafe \\\" // no\"; /* unsafe /* x */ */ let b = r#\"std::fs \"quoted\" \"#; // unsafe\n'\\''";
        let expected = [
            "let", "a", "=", "\"\"", ";", "let", "b", "=", "\"\"", ";", "\"\"",
        ];
        assert_eq!(words(text), expected);
    }

    #[test]
    fn lifetimes_are_not_character_literals() {
        assert_eq!(
            words("&'a str 'x' b'\\n' r#type"),
            ["&", "'a", "str", "\"\"", "\"\"", "type"]
        );
    }

    #[test]
    fn test_items_are_not_shipped() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(dead_code)]\nmod tests { fn b() { if x {} } }\nfn c() {}\n\
                    #[cfg(test)] mod more;\n#[cfg(all(test, loom))] use x::{y, z};\nfn d() {}";
        let names: Vec<_> = words(text)
            .into_iter()
            .filter(|w| w.len() == 1 && w.chars().all(char::is_alphabetic))
            .collect();
        assert_eq!(names, ["a", "c", "d"]);
    }

    #[test]
    fn lines_are_counted_inside_literals_and_comments() {
        let source = Source::read("/* \n */ \"\n\n\" last");
        assert_eq!(source.tokens[1].line, 4);
        assert_eq!(source.comments[0].line, 1);
    }
}
