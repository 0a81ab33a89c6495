//! Names the engine and its host pass to each other: users, connections, transports, calls. Plain numbers, no protocol.

use crate::config::{Config, Encoding, SendMod};
use crate::mid::Mid;

/// A started user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub(crate) u32);

impl UserId {
    /// As a number, for logs and links.
    pub fn as_u32(self) -> u32 {
        self.0
    }

    /// Back from [`UserId::as_u32`].
    pub fn from_u32(number: u32) -> Self {
        Self(number)
    }
}

/// A virtual connection. Stale once the connection is gone, even if its place is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId {
    pub(crate) place: u32,
    pub(crate) generation: u32,
}

impl ConnectionId {
    /// As one number, for logs and links.
    pub fn as_u64(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.place)
    }

    /// Its place: small numbers, used again with another generation, for tables beside the engine's.
    pub fn place(self) -> usize {
        self.place as usize
    }

    /// Back from [`ConnectionId::as_u64`].
    pub fn from_u64(number: u64) -> Self {
        Self {
            place: (number & u64::from(u32::MAX)) as u32,
            generation: (number >> 32) as u32,
        }
    }
}

/// Where a message goes: opaque, the transport's own number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SendHandle(pub u64);

/// What a connection lives and dies with (OTP's control process): a socket, a listener; opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ControlHandle(pub u64);

/// A `call` that is not complete yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub(crate) u64);

impl CallId {
    /// As a number, for logs and links.
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

/// A request the user has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestToken {
    pub(crate) connection: ConnectionId,
    pub(crate) reply: u32,
    pub(crate) serial: u32,
    /// The transaction's id.
    pub transaction: u32,
}

impl RequestToken {
    /// As bytes, for users at the other end of a link.
    pub fn to_bytes(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&self.connection.as_u64().to_be_bytes());
        bytes[8..12].copy_from_slice(&self.reply.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.serial.to_be_bytes());
        bytes[16..].copy_from_slice(&self.transaction.to_be_bytes());
        bytes
    }

    /// Back from [`RequestToken::to_bytes`]. A token that was made up names no open request: the engine refuses it as stale.
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        let word = |at: usize| {
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Self {
            connection: ConnectionId {
                generation: word(0),
                place: word(4),
            },
            reply: word(8),
            serial: word(12),
            transaction: word(16),
        }
    }

    /// Whose request it is.
    pub fn connection(self) -> ConnectionId {
        self.connection
    }
}

/// What a listener knows of the messages it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveHandle {
    /// Whose messages they are.
    pub user: UserId,
    /// The codec they are written with.
    pub encoding_mod: Encoding,
    /// Whether binary values are OTP's raw ones.
    pub otp_values: bool,
    /// The transport that answers.
    pub send_mod: SendMod,
    /// `None` (OTP's `dynamic`): the message says it.
    pub protocol_version: Option<u8>,
}

impl ReceiveHandle {
    pub(crate) fn of(user: UserId, config: &Config) -> Self {
        Self {
            user,
            encoding_mod: config.encoding_mod,
            otp_values: config.otp_values,
            send_mod: config.send_mod,
            protocol_version: None,
        }
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// OTP's `preliminary_mid`: unknown until its first message.
    Preliminary,
    /// Known.
    Known(Mid),
}
