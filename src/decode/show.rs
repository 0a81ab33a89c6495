//! How `decode` shows things: errors with a caret, messages as JSON, and bytes that came as hexadecimal digits.

use super::Encoding;
use megaphone_h248::error::SyntaxError;
use megaphone_h248::model::Message;
use serde_json::Value;

/// Columns shown on either side of a caret.
const CONTEXT: usize = 60;

/// Bytes that are nothing but hexadecimal digits, white space and colons, as the octets they stand for; other bytes
/// as they are. No message in either encoding looks like that.
pub(super) fn unhex(bytes: Vec<u8>) -> Vec<u8> {
    let blank = |byte: &&u8| !byte.is_ascii_whitespace() && **byte != b':';
    let digits: Vec<u8> = bytes.iter().filter(blank).copied().collect();
    if digits.is_empty()
        || !digits.len().is_multiple_of(2)
        || !digits.iter().all(u8::is_ascii_hexdigit)
    {
        return bytes;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default() as u8;
    digits
        .chunks_exact(2)
        .map(|pair| nibble(pair[0]) << 4 | nibble(pair[1]))
        .collect()
}

/// An error, the line it is on, and a caret under the byte.
pub(super) fn caret(input: &[u8], encoding: Encoding, error: &SyntaxError) -> String {
    let offset = error.position.offset.min(input.len());
    let (label, shown, column) = match encoding {
        Encoding::Text => text_line(input, offset, error.position.line),
        Encoding::Ber => octet_line(input, offset),
    };
    let margin = " ".repeat(label.len());
    let dashes = " ".repeat(column);
    format!("{error}\n{margin} |\n{label} | {shown}\n{margin} | {dashes}^")
}

/// The line around an offset, with its number; control characters become blanks, so that the caret stays in place.
fn text_line(input: &[u8], offset: usize, line: u32) -> (String, String, usize) {
    let end_of_line = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let start = input[..offset]
        .iter()
        .rposition(end_of_line)
        .map_or(0, |at| at + 1);
    let end = input[offset..]
        .iter()
        .position(end_of_line)
        .map_or(input.len(), |at| offset + at);
    let start = start.max(offset.saturating_sub(CONTEXT));
    let end = end.min(offset.saturating_add(CONTEXT));
    let visible = |&byte: &u8| {
        if byte.is_ascii_graphic() {
            char::from(byte)
        } else {
            ' '
        }
    };
    (
        line.to_string(),
        input[start..end].iter().map(visible).collect(),
        offset - start,
    )
}

/// The sixteen octets around an offset, with the offset of the first.
fn octet_line(input: &[u8], offset: usize) -> (String, String, usize) {
    let start = offset & !15;
    let end = input.len().min(start + 16);
    let octets: Vec<String> = input[start..end]
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    (start.to_string(), octets.join(" "), (offset - start) * 3)
}

/// A message's parts by name, without those that are absent or empty.
pub(super) fn json(message: &Message<'_>) -> Vec<u8> {
    let mut value = serde_json::to_value(message).unwrap_or(Value::Null);
    prune(&mut value);
    serde_json::to_vec_pretty(&value).unwrap_or_default()
}

fn prune(value: &mut Value) {
    match value {
        Value::Object(parts) => {
            parts.values_mut().for_each(prune);
            parts.retain(|_, part| {
                !part.is_null() && part.as_array().is_none_or(|items| !items.is_empty())
            });
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}
