//! The link protocol, version 1: its frames as bytes. What they mean to a link's state is `core`'s business.
//!
//! ```text
//!  0        4      5       6       8              16
//! ┌────────┬──────┬───────┬───────┬──────────────┬─────────────
//! │ length │ type │ flags │ aux   │ connection   │ payload …       big-endian
//! └────────┴──────┴───────┴───────┴──────────────┴─────────────
//!  u32      u8     u8      u16     u64             length counts what follows it: 12 or more
//! ```
//!
//! Erlang reads it with `{packet, 4}` and `<<Type, Flags, Aux:16, Conn:64, Payload/binary>>`. The whole protocol, as
//! a backend needs it, is in `docs/link-protocol.md`.

mod ack;
mod hello;
mod reason;
mod small;
pub mod user;

pub use ack::{AckRanges, RANGE_BYTES, RANGES_MAX, Range, decode_ack, encode_ack};
pub use hello::{
    HELLO_BYTES_MAX, Hello, MAX_FRAME_MIN, NAME_BYTES_MAX, Role, TOKEN_BYTES_MAX, VERSION,
    WANTS_ACK,
};
pub use reason::{Reason, TEXT_BYTES_MAX, Verdict};
pub use small::{
    decode_credit, decode_drain, decode_ping, encode_credit, encode_drain, open_credit_aux,
    open_credit_bytes,
};

use crate::classic::check_limit;
use crate::fault::FrameFault;
use crate::header::HeaderBytes;
use thiserror::Error;

/// Bytes of a frame's header, the length field among them.
pub const HEADER_BYTES: usize = 16;

/// The least a length field can say: the header without the length field.
pub const LENGTH_MIN: u32 = 12;

/// A frame's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameType {
    /// 01: first on a link, from the side that connected.
    Hello,
    /// 02: the answer.
    HelloOk,
    /// 10: a new connection; the payload is a PROXY v2 header.
    Open,
    /// 11: the backend takes it, and says what it may be sent.
    OpenOk,
    /// 12: the backend does not take it.
    Reject,
    /// 20: bytes.
    Data,
    /// 30: this side will send no more on the connection.
    Close,
    /// 31: the connection is unknown or broken here.
    Reset,
    /// 40: more bytes may be sent on the connection.
    Credit,
    /// 41: frames of these numbers are dealt with.
    Ack,
    /// 50: are you there?
    Ping,
    /// 51: yes.
    Pong,
    /// 60: no new connections, please.
    Drain,
    /// 80 to 8F: the H.248 user interface.
    User(u8),
    /// Any other: from a later version. Not an error, see [`FrameType::is_numbered`].
    Unknown(u8),
}

impl FrameType {
    /// The type with this code.
    pub fn from_code(code: u8) -> Self {
        match code {
            0x01 => Self::Hello,
            0x02 => Self::HelloOk,
            0x10 => Self::Open,
            0x11 => Self::OpenOk,
            0x12 => Self::Reject,
            0x20 => Self::Data,
            0x30 => Self::Close,
            0x31 => Self::Reset,
            0x40 => Self::Credit,
            0x41 => Self::Ack,
            0x50 => Self::Ping,
            0x51 => Self::Pong,
            0x60 => Self::Drain,
            0x80..=0x8f => Self::User(code),
            _ => Self::Unknown(code),
        }
    }

    /// The code on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::Hello => 0x01,
            Self::HelloOk => 0x02,
            Self::Open => 0x10,
            Self::OpenOk => 0x11,
            Self::Reject => 0x12,
            Self::Data => 0x20,
            Self::Close => 0x30,
            Self::Reset => 0x31,
            Self::Credit => 0x40,
            Self::Ack => 0x41,
            Self::Ping => 0x50,
            Self::Pong => 0x51,
            Self::Drain => 0x60,
            Self::User(code) | Self::Unknown(code) => code,
        }
    }

    /// Whether frames of this type carry an implicit number in their direction, from 1, and are kept for replay:
    /// codes 10 to 40 and 80 to 8F, those of a later version among them, so that both sides always count alike.
    ///
    /// CREDIT is numbered so that no credit is lost, or given twice, over a replay.
    pub fn is_numbered(self) -> bool {
        matches!(self.code(), 0x10..=0x40 | 0x80..=0x8f)
    }
}

/// A frame's header without its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What it is.
    pub kind: FrameType,
    /// Per type; unknown bits are sent as 0 and ignored.
    pub flags: u8,
    /// Per type; 0 where a type has no use for it.
    pub aux: u16,
    /// Which connection; 0 for the link itself.
    pub connection: u64,
}

impl Head {
    /// DATA's flag: more of the same message follows in the next DATA of this connection.
    pub const MORE: u8 = 0x01;

    /// A header with neither flags nor aux.
    pub const fn new(kind: FrameType, connection: u64) -> Self {
        Self {
            kind,
            flags: 0,
            aux: 0,
            connection,
        }
    }

    /// The header of bytes for `connection`.
    pub const fn data(connection: u64) -> Self {
        Self::new(FrameType::Data, connection)
    }

    /// The header of an OPEN that lets the backend send `credit_bytes`, in whole KiB.
    pub fn open(connection: u64, credit_bytes: u32) -> Self {
        Self {
            aux: open_credit_aux(credit_bytes),
            ..Self::new(FrameType::Open, connection)
        }
    }

    /// The same with MORE set or not.
    #[must_use]
    pub const fn with_more(mut self, more: bool) -> Self {
        self.flags = if more {
            self.flags | Self::MORE
        } else {
            self.flags & !Self::MORE
        };
        self
    }

    /// Whether more of the same message follows.
    pub const fn more(&self) -> bool {
        self.flags & Self::MORE != 0
    }

    /// The header's bytes for a payload of `body_bytes`.
    ///
    /// # Errors
    /// [`FrameFault::TooLong`] if the length would not fit in 32 bits.
    pub fn header(&self, body_bytes: u32) -> Result<HeaderBytes, FrameFault> {
        let limit = u32::MAX - LENGTH_MIN;
        check_limit(u64::from(body_bytes), u64::from(limit))?;
        Ok(HeaderBytes::EMPTY
            .with(&(body_bytes + LENGTH_MIN).to_be_bytes())
            .with(&[self.kind.code(), self.flags])
            .with(&self.aux.to_be_bytes())
            .with(&self.connection.to_be_bytes()))
    }
}

/// A whole frame that takes a number and says nothing: CREDIT of 0 on connection 0. Stands in a replay for a frame that was
/// acknowledged already and is no longer kept, so that both sides count alike.
pub const PLACEHOLDER: [u8; HEADER_BYTES + 4] = {
    let mut frame = [0; HEADER_BYTES + 4];
    frame[3] = LENGTH_MIN as u8 + 4;
    frame[4] = 0x40;
    frame
};

/// Reads a header from the front of `bytes`; `Ok(None)` while it is incomplete and not yet wrong.
pub(crate) fn parse(bytes: &[u8], limit: u64) -> Result<Option<(Head, u64)>, FrameFault> {
    let Some(length) = bytes.first_chunk() else {
        return Ok(None);
    };
    let length = u64::from(u32::from_be_bytes(*length));
    let least = u64::from(LENGTH_MIN);
    let body_bytes = length
        .checked_sub(least)
        .ok_or(FrameFault::LengthBelowHeader { length, least })?;
    check_limit(body_bytes, limit)?;
    let Some(
        &[
            _,
            _,
            _,
            _,
            code,
            flags,
            a,
            b,
            c0,
            c1,
            c2,
            c3,
            c4,
            c5,
            c6,
            c7,
        ],
    ) = bytes.first_chunk()
    else {
        return Ok(None);
    };
    let head = Head {
        kind: FrameType::from_code(code),
        flags,
        aux: u16::from_be_bytes([a, b]),
        connection: u64::from_be_bytes([c0, c1, c2, c3, c4, c5, c6, c7]),
    };
    Ok(Some((head, body_bytes)))
}

/// What can be wrong with a frame's payload. The peer's fault; whether the link survives it depends on the frame.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PayloadFault {
    /// The payload ends inside a field.
    #[error("{kind:?}: the payload ends inside its {field}")]
    Short {
        /// The frame's type.
        kind: FrameType,
        /// The field.
        field: &'static str,
    },
    /// The payload is longer than this type allows.
    #[error("{kind:?}: {bytes} bytes of payload; at most {limit}")]
    Long {
        /// The frame's type.
        kind: FrameType,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// HELLO does not start with "MEGA".
    #[error("HELLO does not start with MEGA: whoever is there does not speak the link protocol")]
    Magic,
    /// HELLO of another version.
    #[error("HELLO of version {version}; only {VERSION} is spoken here")]
    Version {
        /// What it says.
        version: u8,
    },
    /// HELLO with a role that is none.
    #[error("HELLO of role {role}; there are 0 (appliance), 1 (backend) and 2 (controller)")]
    Role {
        /// What it says.
        role: u8,
    },
    /// HELLO with a `max_frame` below [`MAX_FRAME_MIN`].
    #[error("HELLO accepts payloads of {max_frame} bytes; at least {MAX_FRAME_MIN} are needed")]
    MaxFrame {
        /// What it says.
        max_frame: u32,
    },
    /// A field that should be UTF-8 and is not.
    #[error("{kind:?}: what should be text is not UTF-8")]
    Text {
        /// The frame's type.
        kind: FrameType,
    },
    /// A name that is not UTF-8 or holds control characters.
    #[error("the name in HELLO is not printable UTF-8")]
    Name,
    /// ACK with a range that is empty, reversed, or not after the one before.
    #[error(
        "ACK range {first}..={last} is reversed, starts at 0, or does not follow the one before"
    )]
    Range {
        /// First number.
        first: u64,
        /// Last number.
        last: u64,
    },
}
