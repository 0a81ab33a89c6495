//! `decode --jsonl`: a line in, a line out, in order; a bad message is a verdict of its line and never ends the run.
//!
//! ```text
//! {"id":1,"text":"MEGACO/1 ..."}        {"id":1,"ok":true,"encoding":"text","version":1,"mid":"[1.2.3.4]:2944",
//! {"id":"b","base64":"MIIB..."}          "pretty":"...","compact":"...","ber":"...","transactions":1}
//!                                       {"id":"b","ok":false,"error":{"code":400,"offset":7,"line":1,"column":8,
//!                                        "text":"..."},"mini":{"version":1,"mid":"..."}}
//! ```
//!
//! In `pretty` and `compact` bytes that are no UTF-8 are shown as U+FFFD; `ber` has them as they are.

use super::{Codecs, first_error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use megaphone_h248::error::SyntaxError;
use megaphone_h248::model::{IntoOwned, Message};
use megaphone_h248::text::Layout;
use megaphone_h248::{Arena, MiniMessage, mini};
use serde::Serialize;
use serde_json::Value;
use std::io::{self, BufRead, Read, Write};

/// Bytes of one line with its end: more than any message has, even with each byte escaped. What is longer is passed over.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// What is said about one line; members are written in this order.
#[derive(Serialize)]
#[serde(untagged)]
enum Verdict {
    /// A message without faults, in every encoding; `null` where it has no such form.
    Sound {
        id: Value,
        ok: bool,
        encoding: &'static str,
        version: u8,
        mid: String,
        pretty: Option<String>,
        compact: Option<String>,
        ber: Option<String>,
        transactions: usize,
    },
    /// What is wrong first, and whom it came from if that can be told.
    Faulty {
        id: Value,
        ok: bool,
        error: Error,
        mini: Option<Mini>,
    },
}

#[derive(Serialize)]
struct Error {
    code: u16,
    offset: usize,
    line: u32,
    column: u32,
    text: String,
}

#[derive(Serialize)]
struct Mini {
    version: u8,
    mid: String,
}

/// Handles every line; there is nothing to complain about at the end.
pub(super) fn every(
    codecs: &Codecs,
    mut input: impl BufRead,
    out: &mut impl Write,
) -> io::Result<String> {
    let mut line = Vec::new();
    while next_line(&mut input, &mut line)? {
        let verdict = if line.len() > LINE_BYTES_MAX {
            refusal(Value::Null, LINE_BYTES_MAX, "the line is too long")
        } else {
            verdict(codecs, &line)
        };
        serde_json::to_writer(&mut *out, &verdict)?;
        out.write_all(b"\n")?;
    }
    Ok(String::new())
}

/// Reads a line, or of one that is too long one byte more than it may have. False at the end of the input.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let most = LINE_BYTES_MAX as u64 + 1;
    let read = input.by_ref().take(most).read_until(b'\n', line)?;
    if read > LINE_BYTES_MAX && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

/// What is said about one line.
fn verdict(codecs: &Codecs, line: &[u8]) -> Verdict {
    let request: Value = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return refusal(
                Value::Null,
                error.column().saturating_sub(1),
                "not a JSON object",
            );
        }
    };
    let id = request.get("id").cloned().unwrap_or(Value::Null);
    let bytes = match (request.get("text"), request.get("base64")) {
        (Some(Value::String(text)), None) => text.as_bytes().to_vec(),
        (None, Some(Value::String(text))) => match STANDARD.decode(text) {
            Ok(bytes) => bytes,
            Err(_) => return refusal(id, 0, "the value of base64 is not Base64"),
        },
        _ => return refusal(id, 0, "not one of text and base64"),
    };
    message(codecs, id, &bytes)
}

fn message(codecs: &Codecs, id: Value, bytes: &[u8]) -> Verdict {
    let arena = Arena::new();
    let (encoding, decoded) = codecs.decode(bytes, &arena);
    if let Some(error) = first_error(&decoded) {
        let mini = match &decoded {
            Err(error) => error.mini.as_deref().cloned(),
            Ok(decoded) => Some(MiniMessage {
                version: decoded.message.version,
                mid: decoded.message.mid.clone().into_owned(),
            }),
        };
        return faulty(id, error, mini.or_else(|| mini::decode(bytes)));
    }
    match decoded {
        Ok(decoded) => sound(codecs, id, encoding.name(), &decoded.message),
        Err(error) => faulty(id, &error.error, None),
    }
}

fn sound(codecs: &Codecs, id: Value, encoding: &'static str, message: &Message<'_>) -> Verdict {
    let text = |layout| {
        let text = codecs.text(message, layout).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    };
    let ber = codecs.ber(message).ok();
    Verdict::Sound {
        id,
        ok: true,
        encoding,
        version: message.version,
        mid: message.mid.to_string(),
        pretty: text(Layout::Pretty),
        compact: text(Layout::Compact),
        ber: ber.map(|octets| STANDARD.encode(octets)),
        transactions: message.transactions().len(),
    }
}

fn faulty(id: Value, error: &SyntaxError, mini: Option<MiniMessage>) -> Verdict {
    let error = Error {
        code: error.code,
        offset: error.position.offset,
        line: error.position.line,
        column: error.position.column,
        text: error.problem.to_string(),
    };
    let mini = mini.map(|mini| Mini {
        version: mini.version,
        mid: mini.mid.to_string(),
    });
    let ok = false;
    Verdict::Faulty {
        id,
        ok,
        error,
        mini,
    }
}

/// A line that holds no message: a syntax error of the line.
fn refusal(id: Value, offset: usize, text: &str) -> Verdict {
    let error = Error {
        code: 400,
        offset,
        line: 1,
        column: u32::try_from(offset).unwrap_or(u32::MAX).saturating_add(1),
        text: text.to_owned(),
    };
    Verdict::Faulty {
        id,
        ok: false,
        error,
        mini: None,
    }
}
