//! Where a run of bytes ends: words sixteen bytes at a time, indentation eight.
//!
//! The comparisons of a word are plain arithmetic over a block without an exit, so that the compiler can turn them into vector
//! instructions; the end is the first byte whose mask is set.

use crate::chars::{SAFE, is};

const BLOCK: usize = 16;

/// The length of the run of `SafeChar`s that the bytes begin with.
#[inline]
pub(super) fn word(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = bytes[at..].first_chunk::<BLOCK>() {
        let mut mask = [0u8; BLOCK];
        for (mask, &byte) in mask.iter_mut().zip(block) {
            *mask = u8::from(ends_word(byte));
        }
        let mask = u128::from_le_bytes(mask);
        if mask != 0 {
            return at + mask.trailing_zeros() as usize / 8;
        }
        at += BLOCK;
    }
    at + bytes[at..]
        .iter()
        .take_while(|&&byte| is(byte, SAFE))
        .count()
}

/// The length of the run of blanks, tabs and line ends that the bytes begin with.
#[inline]
pub(super) fn space(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\t' | b' ' => at += repeats(&bytes[at..], byte),
            b'\n' | b'\r' => at += 1,
            _ => break,
        }
    }
    at
}

/// How often the bytes begin with a byte; at least once. An indentation is such a run.
#[inline(always)]
fn repeats(bytes: &[u8], byte: u8) -> usize {
    match bytes.first_chunk::<8>() {
        Some(block) => {
            let differs = u64::from_le_bytes(*block) ^ (u64::from(byte) * 0x0101_0101_0101_0101);
            differs.trailing_zeros() as usize / 8
        }
        None => 1,
    }
}

/// Not a `SafeChar`, by arithmetic: the same set as the class, without a table.
#[inline(always)]
fn ends_word(byte: u8) -> bool {
    let brackets = byte | 0x20;
    (byte <= b' ')
        | (byte & 0xFE == 0x22)
        | (byte == b',')
        | (byte.wrapping_sub(b':') < 5)
        | (brackets == b'{')
        | (brackets == b'}')
        | (byte >= 0x7F)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chars::{EOL, WSP};

    #[test]
    fn every_byte_ends_a_word_exactly_when_its_class_says_so() {
        for byte in 0..=255u8 {
            assert_eq!(ends_word(byte), !is(byte, SAFE), "{byte:#x}");
            for length in 0..40 {
                let mut bytes = vec![b'a'; length];
                bytes.push(byte);
                bytes.extend_from_slice(b",rest of the message");
                let expected = if is(byte, SAFE) { length + 1 } else { length };
                assert_eq!(word(&bytes), expected, "{byte:#x} after {length}");
                assert_eq!(
                    word(&bytes[..=length]),
                    expected,
                    "{byte:#x} at the end, after {length}"
                );
                bytes[..length].fill(b'\t');
                let expected = if is(byte, WSP | EOL) {
                    length + 1
                } else {
                    length
                };
                assert_eq!(space(&bytes), expected, "{byte:#x} after {length} tabs");
                assert_eq!(
                    space(&bytes[..=length]),
                    expected,
                    "{byte:#x} at the end, after {length} tabs"
                );
            }
        }
    }
}
