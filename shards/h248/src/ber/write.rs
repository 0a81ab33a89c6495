//! Tag, length, contents, forwards: a writer that leaves one octet for each length and makes room for longer ones last.
//!
//! Most elements are shorter than 128 octets, and their lengths are where they belong when they are closed. The others
//! are noted; [`Writer::finish`] moves what stands behind them, from the end on and each octet once, however deep they
//! nest. Lengths are definite and minimal, as DER wants them.
//!
//! ```text
//!   while writing   30 82 a1 82 ... 30 05 ...          noted: 30 has 300 octets, a1 has 200
//!   after finish    30 82 01 2c a1 81 c8 ... 30 05 ...
//! ```

use smallvec::SmallVec;

/// Appends elements to a buffer.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    long: SmallVec<[Long; 64]>,
    /// Length octets that `long` still wants.
    missing: usize,
}

/// An element of 128 octets or more.
#[derive(Clone, Copy)]
struct Long {
    /// Where its contents begin before anything is moved.
    at: usize,
    length: usize,
    /// Octets to insert before the contents.
    octets: u8,
}

/// Where an open element's contents begin.
#[must_use]
#[derive(Clone, Copy)]
pub(super) struct Mark {
    at: usize,
    missing: usize,
}

/// A context-specific, primitive identifier octet.
#[inline]
pub(super) const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// A context-specific, constructed identifier octet.
#[inline]
pub(super) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self {
            out,
            long: SmallVec::new(),
            missing: 0,
        }
    }

    /// Begins an element.
    #[inline]
    pub(super) fn open(&mut self, tag: u8) -> Mark {
        self.out.extend_from_slice(&[tag, 0]);
        Mark {
            at: self.out.len(),
            missing: self.missing,
        }
    }

    /// Ends the element begun last.
    #[inline]
    pub(super) fn close(&mut self, mark: Mark) {
        let length = self.out.len() - mark.at + self.missing - mark.missing;
        match u8::try_from(length) {
            Ok(short @ 0..0x80) => self.out[mark.at - 1] = short,
            _ => self.note(mark.at, length),
        }
    }

    /// Lengths from 128 on: one octet that says how many follow, and those, later.
    #[inline(never)]
    fn note(&mut self, at: usize, length: usize) {
        // At most 8 octets make a usize.
        let octets = (usize::BITS - length.leading_zeros()).div_ceil(8) as u8;
        self.out[at - 1] = 0x80 | octets;
        self.missing += usize::from(octets);
        self.long.push(Long { at, length, octets });
    }

    /// Makes room for the long lengths and writes them. Nothing that was written is complete before.
    #[inline]
    pub(super) fn finish(self) {
        if self.missing > 0 {
            self.lengthen();
        }
    }

    fn lengthen(mut self) {
        // Elements are noted when they end; here they are wanted by their beginnings, the last one first.
        self.long
            .sort_unstable_by_key(|long| core::cmp::Reverse(long.at));
        let mut from = self.out.len();
        let mut to = from + self.missing;
        self.out.resize(to, 0);
        for Long { at, length, octets } in self.long {
            to -= from - at;
            self.out.copy_within(at..from, to);
            from = at;
            let length = length.to_be_bytes();
            let length = &length[length.len() - usize::from(octets)..];
            to -= length.len();
            self.out[to..to + length.len()].copy_from_slice(length);
        }
    }

    /// A primitive element of a length that is known when compiling, below 128.
    #[inline(always)]
    pub(super) fn array<const N: usize>(&mut self, tag: u8, contents: [u8; N]) {
        const { assert!(N < 0x80) };
        self.out.extend_from_slice(&[tag, N as u8]);
        self.out.extend_from_slice(&contents);
    }

    /// A primitive element.
    #[inline]
    pub(super) fn octets(&mut self, tag: u8, contents: &[u8]) {
        if contents.len() < 0x80 {
            self.out.extend_from_slice(&[tag, contents.len() as u8]);
            self.out.extend_from_slice(contents);
        } else {
            let mark = self.open(tag);
            self.out.extend_from_slice(contents);
            self.close(mark);
        }
    }

    /// Contents of the element begun last.
    #[inline]
    pub(super) fn raw(&mut self, contents: &[u8]) {
        self.out.extend_from_slice(contents);
    }

    #[inline]
    pub(super) fn null(&mut self, tag: u8) {
        self.out.extend_from_slice(&[tag, 0]);
    }

    #[inline]
    pub(super) fn boolean(&mut self, tag: u8, value: bool) {
        self.out
            .extend_from_slice(&[tag, 1, if value { 0xff } else { 0 }]);
    }

    /// A non-negative INTEGER or ENUMERATED.
    #[inline(always)]
    pub(super) fn unsigned(&mut self, tag: u8, value: u32) {
        match value {
            0..0x80 => self.out.extend_from_slice(&[tag, 1, value as u8]),
            _ => self.unsigned_long(tag, value),
        }
    }

    #[inline(never)]
    fn unsigned_long(&mut self, tag: u8, value: u32) {
        match value {
            0..0x80 => self.out.extend_from_slice(&[tag, 1, value as u8]),
            0x80..0x8000 => {
                let [high, low] = (value as u16).to_be_bytes();
                self.out.extend_from_slice(&[tag, 2, high, low]);
            }
            0x8000..0x80_0000 => {
                let [_, high, middle, low] = value.to_be_bytes();
                self.out.extend_from_slice(&[tag, 3, high, middle, low]);
            }
            0x80_0000..0x8000_0000 => {
                let [a, b, c, d] = value.to_be_bytes();
                self.out.extend_from_slice(&[tag, 4, a, b, c, d]);
            }
            _ => {
                let [a, b, c, d] = value.to_be_bytes();
                self.out.extend_from_slice(&[tag, 5, 0, a, b, c, d]);
            }
        }
    }

    /// An INTEGER.
    pub(super) fn signed(&mut self, tag: u8, value: i128) {
        let octets = value.to_be_bytes();
        let sign = if value < 0 { 0xff } else { 0 };
        // Leave out leading octets that only repeat the sign bit of the one behind them.
        let fill = octets
            .windows(2)
            .take_while(|pair| pair[0] == sign && (pair[1] ^ sign) & 0x80 == 0)
            .count();
        self.octets(tag, &octets[fill..]);
    }

    /// A BIT STRING of named bits: bit `n` of `bits` is named bit `n`; trailing zeros are left out.
    pub(super) fn bits(&mut self, tag: u8, bits: u16) {
        let used = (16 - bits.leading_zeros()) as u8;
        let [first, second] = bits.reverse_bits().to_be_bytes();
        match used {
            0 => self.octets(tag, &[0]),
            1..=8 => self.octets(tag, &[8 - used, first]),
            _ => self.octets(tag, &[16 - used, first, second]),
        }
    }
}
