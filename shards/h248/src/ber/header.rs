//! Tag and length octets in every form that X.690 8.1 allows, and the end of an indefinite length; contents are not read.

use super::read::HIGH_NUMBER;
use crate::error::Problem;

/// The octets that end an indefinite length.
pub(super) const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// What the length octets say.
pub(super) enum Length {
    Definite(usize),
    Indefinite,
}

/// Tag and length of one element.
pub(super) struct Header {
    pub(super) tag: u8,
    pub(super) length: Length,
    /// Octets of tag and length.
    pub(super) len: usize,
}

impl Header {
    pub(super) fn read(input: &[u8]) -> Option<Self> {
        look(1);
        let (&tag, mut rest) = input.split_first()?;
        if tag & HIGH_NUMBER == HIGH_NUMBER {
            // Seven bits an octet; the number itself is of no interest, for annex A has none above 30.
            let more = rest.iter().take(5).position(|&octet| octet & 0x80 == 0)?;
            rest = rest.get(more + 1..)?;
        }
        let (&first, mut rest) = rest.split_first()?;
        let length = match first {
            0..0x80 => Length::Definite(usize::from(first)),
            0x80 => Length::Indefinite,
            0xff => return None,
            _ => {
                let (octets, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
                rest = after;
                let zeros = octets.iter().take_while(|&&octet| octet == 0).count();
                let octets = octets.get(zeros..).filter(|octets| octets.len() <= 4)?;
                let length = octets
                    .iter()
                    .fold(0u64, |length, &octet| length << 8 | u64::from(octet));
                Length::Definite(usize::try_from(length).ok()?)
            }
        };
        Some(Self {
            tag,
            length,
            len: input.len() - rest.len(),
        })
    }
}

/// How many bytes stand before the end-of-contents octets that close this level.
pub(super) fn end_of_contents(input: &[u8], depth: usize) -> core::result::Result<usize, Problem> {
    let mut at = 0;
    let mut open = 1usize;
    loop {
        let rest = input.get(at..).unwrap_or_default();
        if rest.starts_with(&END_OF_CONTENTS) {
            open -= 1;
            if open == 0 {
                return Ok(at);
            }
            at += END_OF_CONTENTS.len();
            continue;
        }
        let header = Header::read(rest).ok_or(Problem::Missing("end of contents"))?;
        at += header.len;
        match header.length {
            // A length beyond the end is caught by the next turn, which finds nothing to read.
            Length::Definite(length) => at = at.saturating_add(length),
            Length::Indefinite if open >= depth => return Err(Problem::Limit("depth_max")),
            Length::Indefinite => open += 1,
        }
    }
}

/// Tag and contents of an input's first element, or as much of its contents as there is.
pub(super) fn lenient(input: &[u8]) -> Option<(u8, &[u8])> {
    let header = Header::read(input)?;
    let after = input.get(header.len..)?;
    let contents = match header.length {
        Length::Definite(length) => after.get(..length).unwrap_or(after),
        Length::Indefinite => after,
    };
    Some((header.tag, contents))
}

/// Counts octets looked at, so that a test can see that decoding is linear.
#[inline(always)]
pub(super) fn look(_octets: usize) {
    #[cfg(test)]
    looks::LOOKS.set(looks::LOOKS.get() + _octets);
}

#[cfg(test)]
pub(super) mod looks {
    use core::cell::Cell;

    thread_local! {
        /// Octets that this thread has looked at.
        pub(crate) static LOOKS: Cell<usize> = const { Cell::new(0) };
    }
}
