//! Decimal fields of bounded width, read digit by digit and written without allocating.

use crate::fault::{Field, FrameFault};

/// Digits of 2^64 - 1.
pub(crate) const DIGITS_MAX: usize = 20;

/// The value so far plus one more digit.
///
/// `at` is the byte's offset in the header, for the fault's text.
pub(crate) fn digit(value: u64, byte: u8, field: Field, at: usize) -> Result<u64, FrameFault> {
    if !byte.is_ascii_digit() {
        return Err(FrameFault::NotADigit {
            field,
            at: at as u8,
            byte,
        });
    }
    let next = value
        .checked_mul(10)
        .and_then(|value| value.checked_add(u64::from(byte - b'0')));
    next.ok_or(FrameFault::Overflow { field })
}

/// `value` in decimal at the end of an array; returns where it starts. Padded with zeros in front.
pub(crate) fn digits(mut value: u64) -> ([u8; DIGITS_MAX], usize) {
    let mut text = [b'0'; DIGITS_MAX];
    let mut start = DIGITS_MAX;
    loop {
        start -= 1;
        text[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return (text, start);
        }
    }
}
