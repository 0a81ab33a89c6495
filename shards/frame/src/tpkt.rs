//! TPKT: ISO transport packets on top of TCP (RFC 1006 section 6), as H.248 uses them over TCP (RFC 3525 D.2).
//!
//! ```text
//!  0       1          2        4
//! ┌───────┬──────────┬────────┬────────
//! │ 3     │ reserved │ length │ body …      length: big-endian, counts these four bytes
//! └───────┴──────────┴────────┴────────
//! ```
//!
//! The reserved byte is sent as 0 and not looked at.

use crate::classic::check_limit;
use crate::fault::FrameFault;
use crate::header::HeaderBytes;

/// Bytes of a TPKT header.
pub const HEADER_BYTES: usize = 4;

/// The longest body that a TPKT can carry.
pub const BODY_BYTES_MAX: u32 = u16::MAX as u32 - HEADER_BYTES as u32;

const VERSION: u8 = 3;

/// The length of the body behind the header in front of `bytes`; `Ok(None)` while it is incomplete and not yet wrong.
pub(crate) fn parse(bytes: &[u8], limit: u64) -> Result<Option<u64>, FrameFault> {
    if let Some(&byte) = bytes.first()
        && byte != VERSION
    {
        return Err(FrameFault::TpktVersion { byte });
    }
    let Some(&[_, _, high, low]) = bytes.first_chunk() else {
        return Ok(None);
    };
    let length = u64::from(u16::from_be_bytes([high, low]));
    let least = HEADER_BYTES as u64;
    let body_bytes = length
        .checked_sub(least)
        .ok_or(FrameFault::LengthBelowHeader { length, least })?;
    check_limit(body_bytes, limit)?;
    Ok(Some(body_bytes))
}

/// The header for `body_bytes`.
///
/// # Errors
/// [`FrameFault::TooLong`] above [`BODY_BYTES_MAX`].
pub fn header(body_bytes: u32) -> Result<HeaderBytes, FrameFault> {
    check_limit(u64::from(body_bytes), u64::from(BODY_BYTES_MAX))?;
    let length = (body_bytes + HEADER_BYTES as u32) as u16;
    Ok(HeaderBytes::EMPTY
        .with(&[VERSION, 0])
        .with(&length.to_be_bytes()))
}
