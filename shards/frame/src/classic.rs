//! The original Megaphone's packet formats: decimal, readable with the naked eye, data only.
//!
//! December 2011, `classic-fixed`. The length counts the whole packet with its 32 bytes of header:
//!
//! ```text
//!  0          10 11                   31 32
//! ┌────────────┬─┬─────────────────────┬─┬───────────
//! │ length     │|│ connection id       │|│ content …
//! └────────────┴─┴─────────────────────┴─┴───────────
//!  10 digits      20 digits                            both zero-padded
//! ```
//!
//! March 2012, `classic-var`. The length counts the content only; nothing is padded:
//!
//! ```text
//! ┌───────────────┬─┬────────────────┬─┬───────────
//! │ connection id │|│ content length │|│ content …
//! └───────────────┴─┴────────────────┴─┴───────────
//!  1 to 20 digits    1 to 10 digits
//! ```
//!
//! The content is not escaped and may hold any bytes, `|` and digits among them. Leading zeros are read in both, because the
//! formats' own programs changed between padded and unpadded; signs and spaces are not.
//!
//! Fields are read from left to right and a value is judged as soon as its last byte is there, so the fault of a broken header
//! does not depend on how its bytes arrived.

use crate::decimal;
use crate::fault::{Field, FrameFault};
use crate::header::HeaderBytes;

/// Bytes of a `classic-fixed` header.
pub const FIXED_HEADER_BYTES: usize = 32;

/// Digits of a length, at most, in both formats.
pub const LENGTH_DIGITS: usize = 10;

/// Digits of a connection id: exactly in `classic-fixed`, at most in `classic-var`.
pub const CONNECTION_DIGITS: usize = 20;

/// What a classic header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) connection: u64,
    pub(crate) header_bytes: u64,
    pub(crate) body_bytes: u64,
}

/// Reads a `classic-fixed` header from the front of `bytes`; `Ok(None)` while it is incomplete and not yet wrong.
pub(crate) fn parse_fixed(bytes: &[u8], limit: u64) -> Result<Option<Parsed>, FrameFault> {
    let mut length = 0;
    let mut connection = 0;
    for (at, &byte) in bytes.iter().enumerate().take(FIXED_HEADER_BYTES) {
        match at {
            0..=9 => length = decimal::digit(length, byte, Field::Length, at)?,
            11..=30 => connection = decimal::digit(connection, byte, Field::Connection, at)?,
            _ if byte != b'|' => return Err(FrameFault::NotABar { at: at as u8, byte }),
            _ => {}
        }
        if at + 1 == LENGTH_DIGITS {
            check_fixed(length, limit)?;
        }
    }
    if bytes.len() < FIXED_HEADER_BYTES {
        return Ok(None);
    }
    let header_bytes = FIXED_HEADER_BYTES as u64;
    Ok(Some(Parsed {
        connection,
        header_bytes,
        body_bytes: length - header_bytes,
    }))
}

fn check_fixed(length: u64, limit: u64) -> Result<(), FrameFault> {
    let least = FIXED_HEADER_BYTES as u64;
    let body_bytes = length
        .checked_sub(least)
        .ok_or(FrameFault::LengthBelowHeader { length, least })?;
    check_limit(body_bytes, limit)
}

pub(crate) fn check_limit(body_bytes: u64, limit: u64) -> Result<(), FrameFault> {
    if body_bytes > limit {
        Err(FrameFault::TooLong { body_bytes, limit })
    } else {
        Ok(())
    }
}

/// Reads a `classic-var` header from the front of `bytes`; `Ok(None)` while it is incomplete and not yet wrong.
pub(crate) fn parse_var(bytes: &[u8], limit: u64) -> Result<Option<Parsed>, FrameFault> {
    let Some((connection, at)) = field(bytes, 0, CONNECTION_DIGITS, Field::Connection)? else {
        return Ok(None);
    };
    let Some((body_bytes, at)) = field(bytes, at, LENGTH_DIGITS, Field::Length)? else {
        return Ok(None);
    };
    check_limit(body_bytes, limit)?;
    Ok(Some(Parsed {
        connection,
        header_bytes: at as u64,
        body_bytes,
    }))
}

/// One field and its bar, from offset `start`: its value and where the next one starts.
fn field(
    bytes: &[u8],
    start: usize,
    digits_max: usize,
    field: Field,
) -> Result<Option<(u64, usize)>, FrameFault> {
    let mut value = 0;
    for (at, &byte) in bytes.iter().enumerate().skip(start) {
        match at - start {
            0 if byte == b'|' => return Err(FrameFault::Empty { field }),
            _ if byte == b'|' => return Ok(Some((value, at + 1))),
            // Leading zeros would otherwise make a header without end.
            digits if digits == digits_max && byte.is_ascii_digit() => {
                return Err(FrameFault::Overflow { field });
            }
            _ => value = decimal::digit(value, byte, field, at)?,
        }
    }
    Ok(None)
}

/// The `classic-fixed` header of a packet with `body_bytes` of content.
pub fn fixed_header(connection: u64, body_bytes: u32) -> HeaderBytes {
    let (length, _) = decimal::digits(u64::from(body_bytes) + FIXED_HEADER_BYTES as u64);
    let (id, _) = decimal::digits(connection);
    HeaderBytes::EMPTY
        .with(&length[decimal::DIGITS_MAX - LENGTH_DIGITS..])
        .with(b"|")
        .with(&id)
        .with(b"|")
}

/// The `classic-var` header of a packet with `body_bytes` of content.
pub fn var_header(connection: u64, body_bytes: u32) -> HeaderBytes {
    let (id, id_start) = decimal::digits(connection);
    let (length, length_start) = decimal::digits(u64::from(body_bytes));
    HeaderBytes::EMPTY
        .with(&id[id_start..])
        .with(b"|")
        .with(&length[length_start..])
        .with(b"|")
}
