//! What a message means, in a form that two encodings can be compared by: neither quotes nor case nor SDP's line ends count.

use megaphone_h248::model::Message;
use megaphone_h248::sdp;

/// The message's debug form in lower case, with quotes taken off and every SDP body as its lines.
///
/// In that form a body is one string of escaped octets, a value a token or a quoted string.
pub(crate) fn of(message: &Message<'_>) -> String {
    let debug = format!("{message:?}");
    let mut out = String::with_capacity(debug.len());
    let mut rest = debug.as_str();
    while let Some(open) = rest.find('"') {
        out.push_str(&rest[..open]);
        let inside = &rest[open + 1..];
        let close = closing_quote(inside);
        out.push_str(&body_lines(&inside[..close]));
        rest = &inside[close + 1..];
    }
    out.push_str(rest);
    out.make_ascii_lowercase();
    out
}

/// Where a debug string ends; quotes inside are escaped.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    panic!("a debug string without an end: {text}");
}

/// An SDP body as its lines; any other string as it is.
fn body_lines(escaped: &str) -> String {
    if !escaped.contains("\\n") && !escaped.contains("\\r") {
        return escaped.to_owned();
    }
    let body = escaped
        .replace("\\r", "\r")
        .replace("\\n", "\n")
        .replace("\\t", "\t");
    let lines = sdp::lines(body.as_bytes()).filter(|line| !line.content().is_empty());
    let lines: Vec<_> = lines
        .map(|line| line.content().escape_ascii().to_string())
        .collect();
    format!("{lines:?}")
}
