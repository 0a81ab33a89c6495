//! Character classes of the text encoding (RFC 3525 B.2) and the shapes of atoms; it knows no grammar.

use crate::model::PATH_BYTES_MAX;

/// The byte may stand in a `NAME`, an unquoted `VALUE` or a keyword.
pub(crate) const SAFE: u8 = 1;
/// Blank or tab.
pub(crate) const WSP: u8 = 2;
/// Carriage return or line feed.
pub(crate) const EOL: u8 = 4;
/// The byte may stand inside a quoted string.
pub(crate) const QUOTED: u8 = 8;
/// A decimal digit.
pub(crate) const DIGIT: u8 = 16;
/// A hexadecimal digit.
pub(crate) const HEX: u8 = 32;
/// The byte may stand in a `NAME`: a letter, a digit, an underscore.
pub(crate) const NAME: u8 = 64;

/// The classes of every byte.
pub(crate) static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut class = [0u8; 256];
    let mut byte = 0usize;
    while byte < 256 {
        let c = byte as u8;
        if c.is_ascii_alphanumeric() {
            class[byte] |= SAFE | QUOTED | NAME;
        }
        if c.is_ascii_digit() {
            class[byte] |= DIGIT;
        }
        if c.is_ascii_hexdigit() {
            class[byte] |= HEX;
        }
        if c == b' ' || c == b'\t' {
            class[byte] |= WSP | QUOTED;
        }
        if c == b'\r' || c == b'\n' {
            class[byte] |= EOL;
        }
        if c >= 0x80 {
            class[byte] |= QUOTED;
        }
        byte += 1;
    }
    mark(&mut class, b"+-&!_/'?@^`~*$\\()%|.", SAFE | QUOTED);
    mark(&mut class, b";[]{}:,#<>=", QUOTED);
    class[b'_' as usize] |= NAME;
    class
}

const fn mark(class: &mut [u8; 256], bytes: &[u8], bits: u8) {
    let mut at = 0;
    while at < bytes.len() {
        class[bytes[at] as usize] |= bits;
        at += 1;
    }
}

/// Whether a byte has any of the classes.
#[inline]
pub(crate) fn is(byte: u8, classes: u8) -> bool {
    CLASS[byte as usize] & classes != 0
}

/// Whether every byte has any of the classes.
#[inline]
pub(crate) fn all(bytes: &[u8], classes: u8) -> bool {
    bytes.iter().all(|&byte| is(byte, classes))
}

/// Whether eight bytes are decimal digits, looked at together: the high half of each byte is 3, and stays 3 when 6 is
/// added to the low half.
#[inline]
pub(crate) fn are_digits(bytes: [u8; 8]) -> bool {
    const HIGH_HALVES: u64 = u64::from_ne_bytes([0xf0; 8]);
    const THREES: u64 = u64::from_ne_bytes([0x30; 8]);
    let bytes = u64::from_ne_bytes(bytes);
    let carried = bytes.wrapping_add(u64::from_ne_bytes([6; 8]));
    bytes & HIGH_HALVES == THREES && carried & HIGH_HALVES == THREES
}

/// `1*SafeChar`.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && all(bytes, SAFE)
}

/// `*(SafeChar / RestChar / WSP)`.
pub(crate) fn is_quoted(bytes: &[u8]) -> bool {
    all(bytes, QUOTED)
}

/// `"ROOT" / pathNAME / "$" / "*"`, with any `SafeChar` anywhere: gateways in the field begin names with digits and
/// put hyphens in them, and OTP takes them.
pub(crate) fn is_path(bytes: &[u8]) -> bool {
    is_token(bytes) && bytes.len() <= PATH_BYTES_MAX
}

/// `PackageName "/" ItemID` where either may be `*`.
#[inline]
pub(crate) fn is_pkgd_name(bytes: &[u8]) -> bool {
    let slash = name_or_star(bytes);
    let Some(b'/') = bytes.get(slash) else {
        return false;
    };
    let item = &bytes[slash + 1..];
    slash > 0 && !item.is_empty() && name_or_star(item) == item.len()
}

/// The length of the `NAME` or `*` that the bytes begin with.
#[inline(always)]
fn name_or_star(bytes: &[u8]) -> usize {
    if bytes.first() == Some(&b'*') {
        return 1;
    }
    let mut len = 0;
    while len < bytes.len() && is(bytes[len], NAME) {
        len += 1;
    }
    len
}

/// Octets without a zero, without blanks or line ends before them and without blanks after the last line end.
pub(crate) fn is_octet_string(bytes: &[u8]) -> bool {
    let edge = |byte: Option<&u8>, classes| byte.is_none_or(|&byte| !is(byte, classes));
    edge(bytes.first(), WSP | EOL) && edge(bytes.last(), WSP) && !bytes.contains(&0)
}

/// Printable bytes without braces, without blanks or line ends at either end.
pub(crate) fn is_digit_map_body(bytes: &[u8]) -> bool {
    let edge = |byte: Option<&u8>| byte.is_none_or(|&byte| !is(byte, WSP | EOL));
    edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|&byte| (0x09..0x7F).contains(&byte) && !matches!(byte, b'{' | b'}' | b';' | b'"'))
}
