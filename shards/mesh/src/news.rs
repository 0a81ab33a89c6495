//! A reader's walk over the lanes with news: round robin, one published stretch at a time. No atomics.

use crate::bell::{position, words};

/// Which sources to look at, and where the walk is.
pub(crate) struct Walk {
    bits: Box<[u64]>,
    /// The source being served.
    at: u16,
    /// Its write position as it was when its turn came: it may not take more than that before the others had their turn.
    until: u32,
}

impl Walk {
    pub(crate) fn new(shards: u16) -> Self {
        Self {
            bits: vec![0; words(shards)].into(),
            at: 0,
            until: 0,
        }
    }

    pub(crate) fn memory_bytes(shards: u16) -> usize {
        words(shards) * size_of::<u64>()
    }

    /// Adds sources, a word of bits.
    pub(crate) fn add(&mut self, word: usize, bits: u64) {
        self.bits[word] |= bits;
    }

    /// The source being served and the end of its stretch.
    pub(crate) fn current(&self) -> (u16, u32) {
        (self.at, self.until)
    }

    /// Whether a source waits for its turn.
    pub(crate) fn is_empty(&self) -> bool {
        self.bits.iter().all(|&word| word == 0)
    }

    /// Takes the next source after the present one, in circular order.
    pub(crate) fn next_source(&mut self) -> Option<u16> {
        let (start, bit) = position(self.at);
        let after = self.bits[start] & !(bit | (bit - 1));
        let words = self.bits.len();
        let (word, bits) = if after != 0 {
            (start, after)
        } else {
            let word = (1..=words)
                .map(|step| (start + step) % words)
                .find(|&word| self.bits[word] != 0)?;
            (word, self.bits[word])
        };
        let bit = bits.trailing_zeros();
        self.bits[word] &= !(1 << bit);
        let source = u16::try_from(word * 64).ok()? + u16::try_from(bit).ok()?;
        Some(source)
    }

    /// Starts to serve `source`, up to the write position `until`.
    pub(crate) fn serve(&mut self, source: u16, until: u32) {
        self.at = source;
        self.until = until;
    }
}

#[cfg(test)]
mod tests {
    use super::Walk;

    #[test]
    fn every_source_gets_its_turn_in_circular_order() {
        let mut walk = Walk::new(130);
        walk.serve(63, 0);
        walk.add(0, 1 << 63 | 1 << 5);
        walk.add(1, 1);
        walk.add(2, 0b10);
        let mut turns = Vec::new();
        while let Some(source) = walk.next_source() {
            walk.serve(source, 0);
            turns.push(source);
        }
        assert_eq!(turns, [64, 129, 5, 63]);
        assert!(walk.is_empty());
    }
}
