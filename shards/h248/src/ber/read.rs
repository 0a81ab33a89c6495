//! Tag, length, contents: bounded readers over BER elements; they know no message.
//!
//! ```text
//!   input   30 12 a1 10 ... 05 00      a reader is a run of elements; an element's contents make a child reader,
//!                  |<- child ->|       and no child can see past its own end
//! ```
//!
//! Lengths may be short, long or indefinite (X.690 8.1.3). A length is only ever compared with what is there; nothing is
//! reserved from it. The end of an indefinite length is searched for once per level, and levels are limited.

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
const HIGH_NUMBER: u8 = 0x1f;

/// One element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'i> {
    pub(super) contents: &'i [u8],
    /// The identifier octet; numbers from 31 up, which annex A does not use, all read as 31.
    pub(super) tag: u8,
    /// Levels that may still be opened below this element.
    depth: u8,
}

/// A run of elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'i> {
    rest: &'i [u8],
    depth: u8,
}

impl<'i> Element<'i> {
    /// An error about this element.
    #[cold]
    pub(super) fn error(&self, problem: Problem) -> Error {
        Error::new(self.contents, problem)
    }

    /// The number of a context-specific tag; `None` for another class.
    #[inline]
    pub(super) fn number(&self) -> Option<u8> {
        (self.tag & 0xc0 == CONTEXT).then_some(self.tag & HIGH_NUMBER)
    }

    #[inline]
    pub(super) fn is_constructed(&self) -> bool {
        self.tag & CONSTRUCTED != 0
    }

    /// The elements inside.
    #[inline]
    pub(super) fn open(&self) -> Result<Reader<'i>> {
        if !self.is_constructed() {
            return Err(self.error(Problem::Expected("a constructed element")));
        }
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.error(Problem::Limit("depth_max")));
        };
        Ok(Reader {
            rest: self.contents,
            depth,
        })
    }

    /// The same element with levels counted anew: the limit on depth counts from the command on.
    pub(super) fn below_command(self, depth: usize) -> Self {
        let depth = u8::try_from(depth).unwrap_or(u8::MAX);
        Self { depth, ..self }
    }

    /// The one element inside an explicit tag.
    #[inline]
    pub(super) fn only(&self) -> Result<Element<'i>> {
        let mut reader = self.open()?;
        match reader.next()? {
            Some(inner) if reader.is_empty() => Ok(inner),
            Some(_) => Err(reader.error(Problem::Unexpected("element"))),
            None => Err(self.error(Problem::Missing("element"))),
        }
    }

    /// Contents of a primitive element.
    #[inline]
    pub(super) fn primitive(&self) -> Result<&'i [u8]> {
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
    #[inline]
    pub(super) fn unsigned(&self, max: u32, what: &'static str) -> Result<u32> {
        let octets = self.primitive()?;
        let wide = match octets {
            [] => return Err(self.error(Problem::Expected(what))),
            [octet] => u64::from(*octet),
            [zeros @ .., _, _, _, _, _] if zeros.iter().any(|&octet| octet != 0) => u64::MAX,
            _ => octets
                .iter()
                .fold(0, |value, &octet| value << 8 | u64::from(octet)),
        };
        match u32::try_from(wide) {
            Ok(value) if value <= max && octets[0] < 0x80 => Ok(value),
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
        Self { rest: input, depth }
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
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<Element<'i>>> {
        match *self.rest {
            [] => Ok(None),
            [tag, ref rest @ ..] if tag & HIGH_NUMBER != HIGH_NUMBER => {
                self.take(tag, rest).map(Some)
            }
            _ => self.next_long().map(Some),
        }
    }

    /// The element of a tag of one octet, whose length and contents `after` begins with.
    #[inline(always)]
    fn take(&mut self, tag: u8, after: &'i [u8]) -> Result<Element<'i>> {
        let (length, rest) = match *after {
            [length @ ..=0x7f, ref rest @ ..] => (usize::from(length), rest),
            [0x81, length, ref rest @ ..] => (usize::from(length), rest),
            [0x82, high, low, ref rest @ ..] => {
                (usize::from(u16::from_be_bytes([high, low])), rest)
            }
            _ => return self.next_long(),
        };
        let Some((contents, rest)) = rest.split_at_checked(length) else {
            return Err(self.error(Problem::OutOfRange("length")));
        };
        self.rest = rest;
        Ok(Element {
            contents,
            tag,
            depth: self.depth,
        })
    }

    /// An element with a very long or an indefinite length, or with a tag number of several octets.
    #[cold]
    fn next_long(&mut self) -> Result<Element<'i>> {
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
                let end = end_of_contents(after, self.depth.into())
                    .map_err(|problem| self.error(problem))?;
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
            tag: header.tag,
            depth: self.depth,
        })
    }

    /// The next element, when it is component `number`.
    #[inline]
    pub(super) fn optional(&mut self, number: u8) -> Result<Option<Element<'i>>> {
        match *self.rest {
            [tag, ref rest @ ..] if tag & !CONSTRUCTED == CONTEXT | number => {
                self.take(tag, rest).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The next element, which must be component `number`.
    #[inline]
    pub(super) fn required(&mut self, number: u8, what: &'static str) -> Result<Element<'i>> {
        match *self.rest {
            [tag, ref rest @ ..] if tag & !CONSTRUCTED == CONTEXT | number => self.take(tag, rest),
            _ => Err(self.error(Problem::Missing(what))),
        }
    }

    /// The next element of a `SEQUENCE OF`, which must have this universal tag (constructed or not).
    #[inline]
    pub(super) fn universal(&mut self, tag: u8, what: &'static str) -> Result<Option<Element<'i>>> {
        match self.next()? {
            Some(element) if element.tag & !CONSTRUCTED == tag & !CONSTRUCTED => Ok(Some(element)),
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
    #[inline]
    pub(super) fn skip_extensions(&mut self) -> Result<()> {
        while self.next()?.is_some() {}
        Ok(())
    }
}

/// The octets that end an indefinite length.
const END_OF_CONTENTS: [u8; 2] = [0, 0];

enum Length {
    Definite(usize),
    Indefinite,
}

struct Header {
    tag: u8,
    length: Length,
    /// Octets of tag and length.
    len: usize,
}

impl Header {
    fn read(input: &[u8]) -> Option<Self> {
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
fn end_of_contents(input: &[u8], depth: usize) -> core::result::Result<usize, Problem> {
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
