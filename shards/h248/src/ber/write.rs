//! Tag, length, contents, forwards: a writer that leaves one octet for each length and widens it where that is not enough.
//!
//! Most elements are shorter than 128 octets, so most lengths are never moved; the few outer ones that are cost one
//! copy of what they hold. Lengths are definite and minimal, as DER wants them.

/// Appends elements to a buffer.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

/// Where an open element's contents begin.
#[must_use]
#[derive(Clone, Copy)]
pub(super) struct Mark(usize);

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
        Self { out }
    }

    /// Begins an element.
    #[inline]
    pub(super) fn open(&mut self, tag: u8) -> Mark {
        self.out.extend_from_slice(&[tag, 0]);
        Mark(self.out.len())
    }

    /// Ends the element begun last.
    #[inline]
    pub(super) fn close(&mut self, mark: Mark) {
        let length = self.out.len() - mark.0;
        match u8::try_from(length) {
            Ok(short @ 0..0x80) => self.out[mark.0 - 1] = short,
            _ => self.widen(mark, length),
        }
    }

    /// Lengths from 128 on: one octet that says how many follow, and those.
    #[inline(never)]
    fn widen(&mut self, mark: Mark, length: usize) {
        let octets = length.to_be_bytes();
        let zeros = octets.iter().take_while(|&&octet| octet == 0).count();
        let octets = &octets[zeros..];
        let end = self.out.len();
        self.out.extend_from_slice(octets);
        self.out.copy_within(mark.0..end, mark.0 + octets.len());
        self.out[mark.0..mark.0 + octets.len()].copy_from_slice(octets);
        // At most 8 octets make a usize.
        self.out[mark.0 - 1] = 0x80 | octets.len() as u8;
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
    #[inline]
    pub(super) fn unsigned(&mut self, tag: u8, value: u32) {
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
