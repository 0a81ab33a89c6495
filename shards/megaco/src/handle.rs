//! Names the engine and its host pass to each other: users, connections, transports, calls. Plain numbers, no protocol.

use crate::config::{Config, Encoding, SendMod};
use crate::mid::Mid;

/// A started user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub(crate) u32);

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
