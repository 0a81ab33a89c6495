//! Text, BER or neither, by the first bytes; it decodes nothing.
//!
//! Unambiguous (RFC 3525 annexes A and B): a BER message is a SEQUENCE and begins with 0x30, a digit that no text
//! message can begin with; a text message begins with white space, a comment, `MEGACO`, `!` or `Authentication`.

use crate::chars::{EOL, WSP, is};

/// What a message seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sniffed {
    /// The text encoding.
    Text {
        /// The version it claims, if that is among the first bytes.
        version: Option<u8>,
    },
    /// The binary encoding.
    Ber {
        /// The version it claims, if that is among the first bytes.
        version: Option<u8>,
    },
    /// Neither.
    Unknown,
}

/// Looks at the first bytes of a message; any prefix of one will do, and the longer it is, the more is known.
#[must_use]
pub fn sniff(input: &[u8]) -> Sniffed {
    if input.first() == Some(&0x30) {
        return Sniffed::Ber {
            version: ber_version(input),
        };
    }
    let rest = skip_space(input);
    let begins =
        |word: &[u8]| rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word);
    if let Some(version) = text_version(rest) {
        return Sniffed::Text { version };
    }
    // Behind a header only the header's shape is looked at: `Authentication = 0x`, `AU=0x`.
    let header = if begins(b"Authentication") { 14 } else { 2 };
    if (begins(b"AU") || header == 14)
        && skip_space(&rest[header..])
            .first()
            .is_none_or(|&byte| byte == b'=')
    {
        return Sniffed::Text { version: None };
    }
    // White space alone, or the beginning of a keyword: nothing speaks against text.
    let prefix_of =
        |word: &[u8]| rest.len() < word.len() && word[..rest.len()].eq_ignore_ascii_case(rest);
    if prefix_of(b"MEGACO/") || prefix_of(b"!/") || prefix_of(b"Authentication") {
        return if input.is_empty() {
            Sniffed::Unknown
        } else {
            Sniffed::Text { version: None }
        };
    }
    Sniffed::Unknown
}

/// The version behind `MEGACO/` or `!/`, if one of those is here.
fn text_version(rest: &[u8]) -> Option<Option<u8>> {
    let digits = match rest {
        [b'!', b'/', digits @ ..] => digits,
        _ if rest.len() >= 7 && rest[..7].eq_ignore_ascii_case(b"MEGACO/") => &rest[7..],
        _ => return None,
    };
    let count = digits
        .iter()
        .take(2)
        .take_while(|digit| digit.is_ascii_digit())
        .count();
    let version = digits[..count]
        .iter()
        .fold(0, |version, digit| version * 10 + (digit - b'0'));
    Some((count > 0).then_some(version))
}

fn skip_space(mut input: &[u8]) -> &[u8] {
    loop {
        match input.first() {
            Some(&byte) if is(byte, WSP | EOL) => input = &input[1..],
            Some(b';') => match memchr::memchr2(b'\n', b'\r', input) {
                Some(end) => input = &input[end..],
                None => return &[],
            },
            _ => return input,
        }
    }
}

/// `version`, the first element of `mess`, which is element 1 of the outer SEQUENCE.
fn ber_version(input: &[u8]) -> Option<u8> {
    let mut rest = skip_header(input)?;
    if rest.first() == Some(&0xA0) {
        let (header, length) = header(rest)?;
        rest = rest.get(header..)?.get(length?..)?;
    }
    if rest.first() != Some(&0xA1) {
        return None;
    }
    match skip_header(rest)? {
        [0x80, 1, version @ 0..=99, ..] => Some(*version),
        _ => None,
    }
}

fn skip_header(input: &[u8]) -> Option<&[u8]> {
    input.get(header(input)?.0..)
}

/// Octets of identifier and length, and the length if it is definite.
fn header(input: &[u8]) -> Option<(usize, Option<usize>)> {
    match *input.get(1)? {
        short @ 0..=0x7F => Some((2, Some(usize::from(short)))),
        0x80 => Some((2, None)),
        long @ 0x81..=0x84 => {
            let count = usize::from(long & 0x7F);
            let octets = input.get(2..2 + count)?;
            Some((
                2 + count,
                Some(
                    octets
                        .iter()
                        .fold(0, |length, &octet| length << 8 | usize::from(octet)),
                ),
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_known_by_its_first_word() {
        for (input, version) in [
            (&b"MEGACO/1 [1.2.3.4]"[..], Some(1)),
            (b"megaco/3", Some(3)),
            (b"!/2 <a>", Some(2)),
            (b"; a comment\r\n\t !/12", Some(12)),
            (b"MEGACO/", None),
            (b"MEGA", None),
            (b" ", None),
            (b"AU=0x00000001:", None),
            (b"Authentication = 0x", None),
        ] {
            assert_eq!(
                sniff(input),
                Sniffed::Text { version },
                "{}",
                input.escape_ascii()
            );
        }
    }

    #[test]
    fn ber_is_known_by_its_first_octet() {
        let message = [0x30, 0x10, 0xA1, 0x0E, 0x80, 0x01, 0x02];
        assert_eq!(sniff(&message), Sniffed::Ber { version: Some(2) });
        let with_header = [
            0x30, 0x81, 0x90, 0xA0, 0x02, 0x80, 0x00, 0xA1, 0x80, 0x80, 0x01, 0x03,
        ];
        assert_eq!(sniff(&with_header), Sniffed::Ber { version: Some(3) });
        assert_eq!(sniff(&[0x30]), Sniffed::Ber { version: None });
        assert_eq!(
            sniff(&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0xA0, 0x84, 0xFF]),
            Sniffed::Ber { version: None }
        );
    }

    #[test]
    fn neither_is_neither() {
        for input in [
            &b""[..],
            b"GET / HTTP/1.1",
            b"\x03\x00\x00\x08MEGA",
            b"MEGATON",
            b"AUDIO",
        ] {
            assert_eq!(sniff(input), Sniffed::Unknown, "{}", input.escape_ascii());
        }
    }
}
