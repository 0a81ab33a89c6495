//! ACK: which numbered frames are dealt with.
//!
//! ```text
//! ┌───────┬──────┬───────┬──────┬───
//! │ first │ last │ first │ last │ …     1 to 64 ranges, ascending, apart; numbers from 1
//! └───────┴──────┴───────┴──────┴───
//!  u64     u64
//! ```

use super::{FrameType, PayloadFault};

/// Bytes of one range.
pub const RANGE_BYTES: usize = 16;

/// Ranges in one ACK, at most: bounds the work that one frame can cause.
pub const RANGES_MAX: usize = 64;

/// Numbers `first..=last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// First number, from 1.
    pub first: u64,
    /// Last number, not before `first`.
    pub last: u64,
}

/// The checked ranges of one ACK, in ascending order.
#[derive(Clone, Debug)]
pub struct AckRanges<'a> {
    rest: &'a [u8],
}

impl Iterator for AckRanges<'_> {
    type Item = Range;

    fn next(&mut self) -> Option<Range> {
        let (range, rest) = split_range(self.rest)?;
        self.rest = rest;
        Some(range)
    }
}

fn split_range(bytes: &[u8]) -> Option<(Range, &[u8])> {
    let (first, rest) = bytes.split_first_chunk()?;
    let (last, rest) = rest.split_first_chunk()?;
    Some((
        Range {
            first: u64::from_be_bytes(*first),
            last: u64::from_be_bytes(*last),
        },
        rest,
    ))
}

/// Reads an ACK's payload. One bad range spoils all of it: the whole frame is refused, never a part believed.
///
/// # Errors
/// [`PayloadFault`] if it is empty, ends inside a range, has more than [`RANGES_MAX`], or a range that starts at 0, is
/// reversed, or does not start after the end of the one before.
pub fn decode_ack(payload: &[u8]) -> Result<AckRanges<'_>, PayloadFault> {
    let (kind, limit) = (FrameType::Ack, RANGES_MAX * RANGE_BYTES);
    if payload.is_empty() || !payload.len().is_multiple_of(RANGE_BYTES) {
        return Err(PayloadFault::Short {
            kind,
            field: "range",
        });
    }
    if payload.len() > limit {
        return Err(PayloadFault::Long {
            kind,
            bytes: payload.len(),
            limit,
        });
    }
    let ranges = AckRanges { rest: payload };
    let mut before = 0;
    for Range { first, last } in ranges.clone() {
        if first <= before || last < first {
            return Err(PayloadFault::Range { first, last });
        }
        before = last;
    }
    Ok(ranges)
}

/// Appends the payload of an ACK: at most [`RANGES_MAX`] of `ranges`, which the caller keeps in order and apart. Says how
/// many went in.
pub fn encode_ack(ranges: impl IntoIterator<Item = Range>, out: &mut Vec<u8>) -> usize {
    let mut count = 0;
    for Range { first, last } in ranges.into_iter().take(RANGES_MAX) {
        out.extend_from_slice(&first.to_be_bytes());
        out.extend_from_slice(&last.to_be_bytes());
        count += 1;
    }
    count
}
