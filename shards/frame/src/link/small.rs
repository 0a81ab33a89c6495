//! The payloads that are one number: OPEN_OK and CREDIT, DRAIN, PING and PONG; and OPEN's credit in `aux`.

use super::{FrameType, PayloadFault};

/// OPEN_OK and CREDIT: how many more bytes of DATA payload may be sent on the connection.
pub fn encode_credit(bytes: u32) -> [u8; 4] {
    bytes.to_be_bytes()
}

/// Reads the payload of OPEN_OK or CREDIT; what is behind belongs to later versions.
///
/// # Errors
/// [`PayloadFault::Short`].
pub fn decode_credit(kind: FrameType, payload: &[u8]) -> Result<u32, PayloadFault> {
    number(kind, "credit", payload).map(u32::from_be_bytes)
}

/// DRAIN: after how many milliseconds the sender closes what is left; 0 if it does not say.
pub fn encode_drain(within_ms: u32) -> [u8; 4] {
    within_ms.to_be_bytes()
}

/// Reads the payload of DRAIN, in milliseconds.
///
/// # Errors
/// [`PayloadFault::Short`].
pub fn decode_drain(payload: &[u8]) -> Result<u32, PayloadFault> {
    number(FrameType::Drain, "deadline", payload).map(u32::from_be_bytes)
}

/// Reads the payload of a PING or PONG: eight bytes that mean something to the one who pinged.
///
/// # Errors
/// [`PayloadFault::Short`].
pub fn decode_ping(kind: FrameType, payload: &[u8]) -> Result<[u8; 8], PayloadFault> {
    number(kind, "eight bytes", payload)
}

fn number<const N: usize>(
    kind: FrameType,
    field: &'static str,
    payload: &[u8],
) -> Result<[u8; N], PayloadFault> {
    payload
        .first_chunk()
        .copied()
        .ok_or(PayloadFault::Short { kind, field })
}

/// OPEN's `aux`: a credit in whole KiB, rounded down, at most 65,535.
pub fn open_credit_aux(bytes: u32) -> u16 {
    u16::try_from(bytes >> 10).unwrap_or(u16::MAX)
}

/// The credit in bytes that OPEN's `aux` gives.
pub fn open_credit_bytes(aux: u16) -> u32 {
    u32::from(aux) << 10
}
