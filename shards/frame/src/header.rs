//! The bytes of one frame header, inline: made without allocating, pushed with one copy.

use std::ops::Deref;

/// The longest header of any framing: 32 bytes (classic).
pub const HEADER_BYTES_MAX: usize = 32;

/// An encoded header.
#[derive(Clone, Copy)]
pub struct HeaderBytes {
    bytes: [u8; HEADER_BYTES_MAX],
    len: u8,
}

impl HeaderBytes {
    /// No bytes yet.
    pub(crate) const EMPTY: HeaderBytes = HeaderBytes {
        bytes: [0; HEADER_BYTES_MAX],
        len: 0,
    };

    /// Appends `part`. Headers are built from parts of known sizes that fit.
    pub(crate) fn put(&mut self, part: &[u8]) {
        let start = usize::from(self.len);
        self.bytes[start..start + part.len()].copy_from_slice(part);
        self.len += part.len() as u8;
    }

    pub(crate) fn with(mut self, part: &[u8]) -> Self {
        self.put(part);
        self
    }
}

impl Deref for HeaderBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl PartialEq for HeaderBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for HeaderBytes {}

impl std::fmt::Debug for HeaderBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}
