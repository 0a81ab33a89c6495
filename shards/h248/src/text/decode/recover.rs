//! Finding the end of a faulty unit, so that decoding can go on behind it (RFC 3525 8.2.2).

use super::super::keyword::Keyword;
use super::cursor::Cursor;
use crate::chars::{EOL, SAFE, WSP, is};

impl Cursor<'_, '_> {
    /// Moves from the start of a unit to the comma or closing brace behind it, and restores the depth it had.
    ///
    /// Returns false, and gives up on the rest of the message, when the end cannot be determined. Braces in quoted
    /// strings, comments and session descriptions do not count.
    #[cold]
    pub(super) fn skip_unit(&mut self, start: usize, depth: usize) -> bool {
        self.depth = depth;
        let end = self.end_of_unit(start, false);
        self.at = end.unwrap_or(self.input.len());
        self.look(self.at - start);
        self.lost = end.is_none();
        !self.lost
    }

    /// Moves from the start of a transaction to behind its closing brace.
    #[cold]
    pub(super) fn skip_transaction(&mut self, start: usize) -> bool {
        self.depth = 0;
        let end = self.end_of_unit(start, true);
        self.at = end.unwrap_or(self.input.len());
        self.look(self.at - start);
        self.lost = end.is_none();
        !self.lost
    }

    /// The offset of the separator behind the unit, or, for a transaction, of the byte behind its closing brace.
    fn end_of_unit(&self, start: usize, transaction: bool) -> Option<usize> {
        let input = self.input;
        let mut at = start;
        let mut braces = 0usize;
        let mut brackets = 0usize;
        // The last byte that was neither white space nor part of a word.
        let mut before = 0u8;
        while let Some(&byte) = input.get(at) {
            match byte {
                b'{' => braces += 1,
                b'}' if transaction && braces <= 1 => return Some(at + 1),
                b'}' if braces == 0 => return Some(at),
                b'}' => {
                    braces -= 1;
                    brackets = 0;
                }
                b'[' => brackets += 1,
                b']' => brackets = brackets.saturating_sub(1),
                b',' if !transaction && braces == 0 && brackets == 0 => return Some(at),
                b'"' => at = end_of_quoted(input, at),
                b';' => at += memchr::memchr2(b'\n', b'\r', &input[at..])?,
                _ if is(byte, SAFE) => {
                    let end = at
                        + input[at..]
                            .iter()
                            .take_while(|&&byte| is(byte, SAFE))
                            .count();
                    let body = end
                        + input[end..]
                            .iter()
                            .take_while(|&&byte| is(byte, WSP | EOL))
                            .count();
                    let holds_octets = matches!(
                        Keyword::of(input, at, end),
                        Keyword::Local | Keyword::Remote
                    ) && before != b'='
                        && input.get(body) == Some(&b'{');
                    at = if holds_octets {
                        end_of_octets(input, body)?
                    } else {
                        end - 1
                    };
                    before = b' ';
                }
                _ => {}
            }
            if !is(byte, SAFE | WSP | EOL) {
                before = byte;
            }
            at += 1;
        }
        None
    }
}

/// The closing quote on the same line, or the opening one when there is none.
fn end_of_quoted(input: &[u8], open: usize) -> usize {
    match memchr::memchr3(b'"', b'\n', b'\r', &input[open + 1..]) {
        Some(length) if input[open + 1 + length] == b'"' => open + 1 + length,
        _ => open,
    }
}

/// The brace that closes an octet string: the first one without a backslash before it.
pub(super) fn end_of_octets(input: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += memchr::memchr(b'}', &input[at..])?;
        if input[at - 1] != b'\\' {
            return Some(at);
        }
        at += 1;
    }
}
