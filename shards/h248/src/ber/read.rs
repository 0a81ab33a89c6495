//! Tag, length, contents: bounded readers over BER elements; they know no message.
//!
//! ```text
//!   input   30 12 a1 10 ... 05 00      a reader is a run of elements; an element's contents make a child reader,
//!                  |<- child ->|       and no child can see past its own end
//! ```
//!
//! Lengths may be short, long or indefinite (X.690 8.1.3). A length is only ever compared with what is there; nothing is
//! reserved from it. The end of an indefinite length is searched for once per level, and levels are limited.

use super::header::{END_OF_CONTENTS, Header, Length, end_of_contents, look};
use crate::codes::ErrorCode;
use crate::error::Problem;

/// Where and why decoding failed. It is boxed, because results are passed up through every level and errors are rare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Error(Box<Details>);

/// What an [`Error`] holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Details {
    /// The address of the byte in question: a bounded reader does not know how much input stands before it.
    address: usize,
    pub(super) problem: Problem,
    /// The error code, or 0 for that of the unit.
    pub(super) code: u16,
}

impl Error {
    #[cold]
    fn new(place: &[u8], problem: Problem) -> Self {
        Self(Box::new(Details {
            address: place.as_ptr().addr(),
            problem,
            code: 0,
        }))
    }

    /// The same error with an error code of its own.
    pub(super) fn with_code(mut self, code: ErrorCode) -> Self {
        self.0.code = code.0;
        self
    }

    pub(super) fn with_problem(mut self, problem: Problem) -> Self {
        self.0.problem = problem;
        self
    }

    pub(super) fn details(&self) -> &Details {
        &self.0
    }
}

impl Details {
    /// How many bytes of `input` stand before the place; its length when the place is not in it.
    pub(super) fn offset(&self, input: &[u8]) -> usize {
        let offset = self.address.checked_sub(input.as_ptr().addr());
        offset.map_or(input.len(), |offset| offset.min(input.len()))
    }
}

pub(super) type Result<T> = core::result::Result<T, Error>;

/// Identifier octet: universal SEQUENCE.
pub(super) const SEQUENCE: u8 = 0x30;

/// Identifier octet: universal OCTET STRING.
pub(super) const OCTET_STRING: u8 = 0x04;

/// Identifier octet: universal ENUMERATED.
pub(super) const ENUMERATED: u8 = 0x0a;

/// Identifier octet: universal INTEGER.
pub(super) const INTEGER: u8 = 0x02;

/// The bit that tells a constructed element from a primitive one.
const CONSTRUCTED: u8 = 0x20;

/// Class bits and number bits of a context-specific identifier octet.
const CONTEXT: u8 = 0x80;

/// The number bits that announce further identifier octets.
pub(super) const HIGH_NUMBER: u8 = 0x1f;

/// One element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'i> {
    pub(super) contents: &'i [u8],
    /// The identifier octet, and above it the levels that may still be opened below this element. Two fields of an octet
    /// each, written to the stack and read back together, would stop the processor for every element.
    head: u64,
}

/// A run of elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'i> {
    rest: &'i [u8],
    /// Levels that may still be opened, where [`Element`] has them.
    depth: u64,
}

/// One level in an [`Element`]'s head.
const LEVEL: u64 = 0x100;

impl<'i> Element<'i> {
    /// An error about this element.
    #[cold]
    pub(super) fn error(&self, problem: Problem) -> Error {
        Error::new(self.contents, problem)
    }

    /// The identifier octet; numbers from 31 up, which annex A does not use, all read as 31.
    #[inline]
    pub(super) fn tag(&self) -> u8 {
        self.head as u8
    }

    /// The number of a context-specific tag; `None` for another class.
    #[inline]
    pub(super) fn number(&self) -> Option<u8> {
        (self.tag() & 0xc0 == CONTEXT).then_some(self.tag() & HIGH_NUMBER)
    }

    #[inline]
    pub(super) fn is_constructed(&self) -> bool {
        self.tag() & CONSTRUCTED != 0
    }

    /// The elements inside.
    #[inline(always)]
    pub(super) fn open(&self) -> Result<Reader<'i>> {
        if !self.is_constructed() {
            return Err(self.error(Problem::Expected("a constructed element")));
        }
        if self.head < LEVEL {
            return Err(self.error(Problem::Limit("depth_max")));
        }
        Ok(Reader {
            rest: self.contents,
            depth: (self.head - LEVEL) & !0xff,
        })
    }

    /// The same element with levels counted anew: the limit on depth counts from the command on.
    pub(super) fn below_command(self, depth: usize) -> Self {
        let depth = u64::from(u8::try_from(depth).unwrap_or(u8::MAX));
        let head = (depth * LEVEL) | u64::from(self.tag());
        Self { head, ..self }
    }

    /// The one element inside an explicit tag.
    #[inline(always)]
    pub(super) fn only(&self) -> Result<Element<'i>> {
        let mut reader = self.open()?;
        if reader.is_empty() {
            return Err(self.error(Problem::Missing("element")));
        }
        let inner = reader.take()?;
        reader.finish()?;
        Ok(inner)
    }

    /// Contents of a primitive element.
    #[inline(always)]
    pub(super) fn primitive(&self) -> Result<&'i [u8]> {
        look(self.contents.len());
        if self.is_constructed() {
            return Err(self.error(Problem::Expected("a primitive element")));
        }
        Ok(self.contents)
    }

    pub(super) fn null(&self) -> Result<()> {
        match self.primitive()? {
            [] => Ok(()),
            _ => Err(self.error(Problem::Expected("NULL"))),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool> {
        match self.primitive()? {
            [octet] => Ok(*octet != 0),
            _ => Err(self.error(Problem::Expected("BOOLEAN"))),
        }
    }

    /// A non-negative INTEGER or ENUMERATED of at most `max`. Superfluous zeros are let through.
    #[inline(always)]
    pub(super) fn unsigned(&self, max: u32, what: &'static str) -> Result<u32> {
        if let [octet @ ..=0x7f] = *self.contents
            && !self.is_constructed()
            && u32::from(octet) <= max
        {
            return Ok(octet.into());
        }
        self.unsigned_long(max, what)
    }

    #[inline(never)]
    fn unsigned_long(&self, max: u32, what: &'static str) -> Result<u32> {
        let octets = self.primitive()?;
        let value = match *octets {
            [] => return Err(self.error(Problem::Expected(what))),
            // A sign bit: negative.
            [0x80..=0xff, ..] => None,
            [a] => Some(u32::from(a)),
            [a, b] => Some(u32::from_be_bytes([0, 0, a, b])),
            [a, b, c] => Some(u32::from_be_bytes([0, a, b, c])),
            [ref zeros @ .., a, b, c, d] => {
                let fits = zeros.iter().all(|&octet| octet == 0);
                fits.then_some(u32::from_be_bytes([a, b, c, d]))
            }
        };
        match value {
            Some(value) if value <= max => Ok(value),
            _ => Err(self.error(Problem::OutOfRange(what))),
        }
    }

    #[inline]
    pub(super) fn u32(&self, what: &'static str) -> Result<u32> {
        self.unsigned(u32::MAX, what)
    }

    #[inline]
    pub(super) fn u16(&self, what: &'static str) -> Result<u16> {
        // At most u16::MAX, by the call.
        Ok(self.unsigned(u32::from(u16::MAX), what)? as u16)
    }

    #[inline]
    pub(super) fn u8(&self, max: u8, what: &'static str) -> Result<u8> {
        // At most u8::MAX, by the call.
        Ok(self.unsigned(u32::from(max), what)? as u8)
    }
}

impl<'i> Reader<'i> {
    /// A reader over a whole input. `depth` levels may be opened.
    #[inline]
    pub(super) fn new(input: &'i [u8], depth: u8) -> Self {
        let depth = u64::from(depth) * LEVEL;
        Self { rest: input, depth }
    }

    /// Levels that may still be opened.
    fn levels(&self) -> usize {
        // At most u8::MAX, as it was given.
        (self.depth / LEVEL) as usize
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'i [u8] {
        self.rest
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// An error about the reader's place.
    #[cold]
    pub(super) fn error(&self, problem: Problem) -> Error {
        Error::new(self.rest, problem)
    }

    /// The next element, or `None` at the end.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<Option<Element<'i>>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.take().map(Some)
    }

    /// The next element. Short ones, nearly all, are taken where this is called; the others have a longer way.
    #[inline(always)]
    fn take(&mut self) -> Result<Element<'i>> {
        look(2);
        if let [tag, length @ ..=0x7f, ref rest @ ..] = *self.rest
            && tag & HIGH_NUMBER != HIGH_NUMBER
            && let Some((contents, rest)) = rest.split_at_checked(usize::from(length))
        {
            self.rest = rest;
            return Ok(Element {
                contents,
                head: self.depth | u64::from(tag),
            });
        }
        self.take_long()
    }

    /// An element with a length of more than one octet, or one that is not there as a whole.
    #[inline(never)]
    fn take_long(&mut self) -> Result<Element<'i>> {
        let (tag, length, after) = match *self.rest {
            [tag, 0x81, length, ref after @ ..] if tag & HIGH_NUMBER != HIGH_NUMBER => {
                (tag, usize::from(length), after)
            }
            [tag, 0x82, high, low, ref after @ ..] if tag & HIGH_NUMBER != HIGH_NUMBER => {
                (tag, usize::from(u16::from_be_bytes([high, low])), after)
            }
            _ => return self.take_any(),
        };
        let Some((contents, rest)) = after.split_at_checked(length) else {
            return Err(self.error(Problem::OutOfRange("length")));
        };
        self.rest = rest;
        Ok(Element {
            contents,
            head: self.depth | u64::from(tag),
        })
    }

    /// An element in any form: with a very long or an indefinite length, or with a tag number of several octets.
    #[cold]
    fn take_any(&mut self) -> Result<Element<'i>> {
        let header = Header::read(self.rest)
            .ok_or_else(|| self.error(Problem::Expected("tag and length")))?;
        let after = self.rest.get(header.len..).unwrap_or_default();
        let (contents, rest) = match header.length {
            Length::Definite(length) => {
                let split = after.split_at_checked(length);
                split.ok_or_else(|| self.error(Problem::OutOfRange("length")))?
            }
            Length::Indefinite if header.tag & CONSTRUCTED == 0 => {
                return Err(self.error(Problem::Expected("a definite length")));
            }
            Length::Indefinite => {
                let end =
                    end_of_contents(after, self.levels()).map_err(|problem| self.error(problem))?;
                let (contents, end_and_rest) = after.split_at(end);
                (
                    contents,
                    end_and_rest
                        .get(END_OF_CONTENTS.len()..)
                        .unwrap_or_default(),
                )
            }
        };
        self.rest = rest;
        Ok(Element {
            contents,
            head: self.depth | u64::from(header.tag),
        })
    }

    /// Whether the next element is component `number`.
    #[inline(always)]
    fn is_next(&self, number: u8) -> bool {
        let tag = self.rest.first();
        tag.is_some_and(|tag| tag & !CONSTRUCTED == CONTEXT | number)
    }

    /// The next element, when it is component `number`.
    #[inline(always)]
    pub(super) fn optional(&mut self, number: u8) -> Result<Option<Element<'i>>> {
        if self.is_next(number) {
            self.take().map(Some)
        } else {
            Ok(None)
        }
    }

    /// What `read` makes of the next element, when it is component `number`.
    #[inline(always)]
    pub(super) fn optionally<T>(
        &mut self,
        number: u8,
        read: impl FnOnce(Element<'i>) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.is_next(number) {
            Ok(Some(read(self.take()?)?))
        } else {
            Ok(None)
        }
    }

    /// The next element, which must be component `number`.
    #[inline(always)]
    pub(super) fn required(&mut self, number: u8, what: &'static str) -> Result<Element<'i>> {
        if self.is_next(number) {
            self.take()
        } else {
            Err(self.error(Problem::Missing(what)))
        }
    }

    /// The next element of a `SEQUENCE OF`, which must have this universal tag (constructed or not).
    #[inline(always)]
    pub(super) fn universal(&mut self, tag: u8, what: &'static str) -> Result<Option<Element<'i>>> {
        match self.next()? {
            Some(element) if element.tag() & !CONSTRUCTED == tag & !CONSTRUCTED => {
                Ok(Some(element))
            }
            Some(element) => Err(element.error(Problem::Expected(what))),
            None => Ok(None),
        }
    }

    /// The end of a sequence without an extension marker.
    #[inline]
    pub(super) fn finish(&self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.error(Problem::Unexpected("element")))
        }
    }

    /// The end of a sequence with an extension marker: what a later version added is passed over.
    #[inline(always)]
    pub(super) fn skip_extensions(&mut self) -> Result<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        self.skip_rest()
    }

    #[cold]
    fn skip_rest(&mut self) -> Result<()> {
        while self.next()?.is_some() {}
        Ok(())
    }
}
