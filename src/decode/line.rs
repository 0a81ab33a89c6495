//! `decode --jsonl`: a line in, a line out, in order; a bad message is a verdict of its line and never ends the run.
//!
//! ```text
//! {"id":1,"text":"MEGACO/1 ..."}        {"id":1,"ok":true,"encoding":"text","version":1,"mid":"[1.2.3.4]:2944",
//! {"id":"b","base64":"MIIB..."}          "pretty":"...","compact":"...","ber":"...","transactions":1}
//!                                       {"id":"b","ok":false,"error":{"code":400,"offset":7,"line":1,"column":8,
//!                                        "text":"..."},"mini":{"version":1,"mid":"..."}}
//! ```

use super::{Codecs, first_error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use megaphone_h248::error::SyntaxError;
use megaphone_h248::model::{IntoOwned, Message};
use megaphone_h248::text::Layout;
use megaphone_h248::{Arena, MiniMessage, mini};
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

/// Handles every line; there is nothing to complain about at the end.
pub(super) fn every(
    codecs: &Codecs,
    mut input: impl BufRead,
    out: &mut impl Write,
) -> io::Result<String> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        serde_json::to_writer(&mut *out, &verdict(codecs, &line))?;
        out.write_all(b"\n")?;
        line.clear();
    }
    Ok(String::new())
}

/// What is said about one line.
pub(super) fn verdict(codecs: &Codecs, line: &[u8]) -> Value {
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
        _ => return refusal(id, 0, "neither text nor base64"),
    };
    message(codecs, id, &bytes)
}

fn message(codecs: &Codecs, id: Value, bytes: &[u8]) -> Value {
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
        Err(_) => Value::Null,
    }
}

fn sound(codecs: &Codecs, id: Value, encoding: &str, message: &Message<'_>) -> Value {
    let text = |layout| {
        codecs
            .text(message, layout)
            .ok()
            .map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    json!({
        "id": id,
        "ok": true,
        "encoding": encoding,
        "version": message.version,
        "mid": message.mid.to_string(),
        "pretty": text(Layout::Pretty),
        "compact": text(Layout::Compact),
        "ber": codecs.ber(message).ok().map(|octets| STANDARD.encode(octets)),
        "transactions": message.transactions().len(),
    })
}

fn faulty(id: Value, error: &SyntaxError, mini: Option<MiniMessage>) -> Value {
    let mini = mini.map(|mini| json!({ "version": mini.version, "mid": mini.mid.to_string() }));
    json!({
        "id": id,
        "ok": false,
        "error": {
            "code": error.code,
            "offset": error.position.offset,
            "line": error.position.line,
            "column": error.position.column,
            "text": error.problem.to_string(),
        },
        "mini": mini,
    })
}

/// A line that holds no message: a syntax error of the line.
fn refusal(id: Value, offset: usize, text: &str) -> Value {
    let error =
        json!({ "code": 400, "offset": offset, "line": 1, "column": offset + 1, "text": text });
    json!({ "id": id, "ok": false, "error": error, "mini": null })
}
