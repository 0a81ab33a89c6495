//! What can be wrong with a byte stream. Always the peer's fault: the stream is closed, nothing else.

use crate::stanza::StanzaFault;
use thiserror::Error;

/// A decimal field of a classic header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The length.
    Length,
    /// The connection id.
    Connection,
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Field::Length => "length",
            Field::Connection => "connection id",
        })
    }
}

/// Why a stream cannot be cut into frames any further.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameFault {
    /// A byte in a decimal field that is no digit. Signs and spaces are none.
    #[error("byte {byte:#04x} at offset {at} of the header is no digit of the {field}")]
    NotADigit {
        /// Where it should have been a digit.
        field: Field,
        /// Offset in the header.
        at: u8,
        /// What it was.
        byte: u8,
    },
    /// The byte between two fields is not `|`.
    #[error("byte {byte:#04x} at offset {at} of the header, where '|' should be")]
    NotABar {
        /// Offset in the header.
        at: u8,
        /// What it was.
        byte: u8,
    },
    /// A decimal field without a digit.
    #[error("the {field} in the header has no digits")]
    Empty {
        /// The field.
        field: Field,
    },
    /// A decimal field above what it may be: 2^64 - 1, or more digits than that has.
    #[error("the {field} in the header does not fit in 64 bits")]
    Overflow {
        /// The field.
        field: Field,
    },
    /// A length that does not even count its own header.
    #[error("the header says {length} bytes, but takes {least} itself")]
    LengthBelowHeader {
        /// What the header says.
        length: u64,
        /// The least it could say.
        least: u64,
    },
    /// A body above the listener's limit.
    #[error("a body of {body_bytes} bytes; the limit here is {limit}")]
    TooLong {
        /// What the header says.
        body_bytes: u64,
        /// `frame_bytes_max`.
        limit: u64,
    },
    /// The first byte of a TPKT header is not 3.
    #[error("TPKT version {byte}; RFC 1006 knows only 3")]
    TpktVersion {
        /// What it was.
        byte: u8,
    },
    /// An XMPP stream that is none, or breaks a limit.
    #[error("{0}")]
    Stanza(StanzaFault),
    /// The stream ended inside a header.
    #[error("the stream ended after {have} bytes of a header")]
    EofInHeader {
        /// Bytes of the header that had arrived.
        have: u64,
    },
    /// The stream ended inside a body.
    #[error("the stream ended after {have} of {want} bytes of a frame")]
    EofInBody {
        /// Bytes of the frame that had arrived, with its header.
        have: u64,
        /// Bytes of the whole frame.
        want: u64,
    },
}

impl FrameFault {
    /// A short name for a metric's label or a log field.
    pub fn name(&self) -> &'static str {
        match self {
            FrameFault::NotADigit { .. } => "not_a_digit",
            FrameFault::NotABar { .. } => "not_a_bar",
            FrameFault::Empty { .. } => "empty_field",
            FrameFault::Overflow { .. } => "overflow",
            FrameFault::LengthBelowHeader { .. } => "length_below_header",
            FrameFault::TooLong { .. } => "too_long",
            FrameFault::TpktVersion { .. } => "tpkt_version",
            FrameFault::Stanza(_) => "stanza",
            FrameFault::EofInHeader { .. } => "eof_in_header",
            FrameFault::EofInBody { .. } => "eof_in_body",
        }
    }
}
