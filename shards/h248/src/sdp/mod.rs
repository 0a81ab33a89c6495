//! SDP bodies of Local and Remote descriptors: a lossless view, typed records, and Annex C properties; no negotiation.
//!
//! Three depths, each optional:
//!
//! * [`lines`]: the body as lines, every byte accounted for; concatenating [`Line::raw`] gives the body back.
//! * [`Record`]: one line's value taken apart (RFC 2327 and RFC 4566) and put together again.
//! * [`groups`] and [`write_group`]: the body as the property groups of the binary encoding (RFC 3525 7.1.8 and C.11), where
//!   each line is a property and each `v=` line begins a group.
//!
//! H.248 lets a controller underspecify: `$` (choose) and `*` may stand for numbers and addresses. Records keep them.

mod property;
mod record;
#[cfg(test)]
mod tests;

pub use property::{Property, groups, kind_of_tag, tag_of_kind, write_group, write_line};
pub use record::{Attribute, Number, Record};

/// One line of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line<'a> {
    raw: &'a [u8],
    content: usize,
    offset: usize,
}

impl<'a> Line<'a> {
    /// The line with its line end, as it was.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The line without its line end.
    pub fn content(&self) -> &'a [u8] {
        &self.raw[..self.content]
    }

    /// Where the line starts in the body, bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What stands before the first `=`, and what behind it: `("c", "IN IP4 10.0.0.1")`.
    pub fn name_and_value(&self) -> Option<(&'a [u8], &'a [u8])> {
        let content = self.content();
        let equals = memchr::memchr(b'=', content)?;
        Some((&content[..equals], &content[equals + 1..]))
    }

    /// The kind of an SDP line, in lower case; `None` when it is not `letter=value`.
    pub fn kind(&self) -> Option<u8> {
        match self.content() {
            [kind, b'=', ..] if kind.is_ascii_alphabetic() => Some(kind.to_ascii_lowercase()),
            _ => None,
        }
    }

    /// The line as a record.
    ///
    /// # Errors
    /// [`SdpError`] with the line's offset when it is not an SDP line of a known kind and form.
    pub fn record(&self) -> Result<Record<'a>, SdpError> {
        let error = SdpError {
            offset: self.offset,
        };
        let kind = self.kind().ok_or(error)?;
        let value = self
            .content()
            .get(2..)
            .and_then(|value| std::str::from_utf8(value).ok())
            .ok_or(error)?;
        Record::parse(kind, value).ok_or(error)
    }
}

/// The lines of a body. Lines end with CRLF, LF or CR; the last one may go without.
pub fn lines(body: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = body.get(at..).filter(|rest| !rest.is_empty())?;
        let content = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let end = match rest.get(content..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([_, ..]) => 1,
            _ => 0,
        };
        let line = Line {
            raw: &rest[..content + end],
            content,
            offset: at,
        };
        at += line.raw.len();
        Some(line)
    })
}

/// A line that is not SDP (error 474).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("invalid SDP line at offset {offset}")]
pub struct SdpError {
    /// Where the line starts in the body, bytes.
    pub offset: usize,
}
