//! The text decoder: recursive descent over bytes, any mix of long and short tokens, versions 1 to 3.
//!
//! One pass, no tokens in between: each function of a submodule is a rule of RFC 3525 B.2 (or of its extensions in
//! H.248.1 versions 2 and 3), reads what it needs at the cursor and leaves the cursor behind it. Every byte is looked
//! at a bounded number of times: once by the rules, and at most once more for each of the three levels that an error
//! can be confined to (see [`recover`]).

mod action;
mod audit;
mod command;
mod context;
mod cursor;
mod event;
mod header;
mod media;
mod message;
mod recover;
mod scan;
mod service_change;
mod signal;
mod value;

pub use header::mini;

use self::cursor::Cursor;
use crate::arena::Arena;
use crate::error::{DecodeError, Decoded};
use crate::limits::Limits;

/// Decodes a text message.
///
/// Names and bodies of the result borrow from `input`, its lists from `arena`.
///
/// # Errors
/// [`DecodeError`] when the message is unusable as a whole: 400 (header or body not readable, too large), 406 (a
/// version other than 1 to 3), 413 (too many transactions). An error inside one transaction, action or command is
/// a fault of the result instead (RFC 3525 8.2.2).
pub fn decode<'a>(
    input: &'a [u8],
    arena: &'a Arena,
    limits: &Limits,
) -> Result<Decoded<'a>, DecodeError> {
    let mut cursor = Cursor::new(input, arena, limits);
    match cursor.message() {
        Ok(message) => Ok(Decoded {
            message,
            faults: cursor.take_faults(),
        }),
        Err(_) => Err(cursor.message_error(mini(input).map(Box::new))),
    }
}

/// Decodes a text message and counts the bytes looked at.
#[cfg(test)]
pub(crate) fn decode_counting<'a>(
    input: &'a [u8],
    arena: &'a Arena,
    limits: &Limits,
) -> (Result<Decoded<'a>, DecodeError>, usize) {
    let mut cursor = Cursor::new(input, arena, limits);
    let outcome = match cursor.message() {
        Ok(message) => Ok(Decoded {
            message,
            faults: cursor.take_faults(),
        }),
        Err(_) => Err(cursor.message_error(mini(input).map(Box::new))),
    };
    (outcome, cursor.looked_at())
}
