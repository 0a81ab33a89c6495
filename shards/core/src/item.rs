//! What the mesh carries between shards: packets both ways, acknowledgement ranges, and news of links. At most 64 bytes each.

use crate::contract::{ShardId, SocketId};
use crate::credit::Account;
use crate::h248::{Endpoint, Form, Source};
use crate::id::{ConnectionId, LinkId};
use megaphone_frame::link::FrameType;
use megaphone_pool::{Lease, Loan, Returned};
use std::fmt;

/// One item of the mesh.
#[derive(Debug)]
pub enum Item {
    /// A session's packet for a link at home on the receiving shard.
    ToLink(Packet),
    /// A link's packet for a session of the receiving shard.
    ToSession(Packet),
    /// Packets of a link which the sender's sessions have accepted.
    Accepted(Accepted),
    /// A link at home on the sending shard came up, drains, or is gone.
    Status(LinkStatus),
    /// The HELLO that came on a socket which was handed over, as the first bytes on it.
    Greeting(Handed),
    /// The sending shard drains and has no session left.
    Empty,
    /// An H.248 message for the home shard of its association.
    ToHome(Arrival),
    /// An H.248 message for a socket of the receiving shard.
    ToGateway(Departure),
    /// Where a gateway's socket of the sending shard leads.
    Introduction(Introduction),
    /// A controller at home on the sending shard changed an item of H.248 users.
    UserItem(Box<UserItem>),
}

const _: () = assert!(size_of::<Item>() <= 64);

/// A packet of the link protocol between its session and its link.
#[derive(Debug)]
pub struct Packet {
    /// The link's life it belongs to.
    pub link: LinkId,
    /// The connection.
    pub connection: ConnectionId,
    /// From a numbered link: the packet's number, on its last part only; else 0.
    pub sequence: u64,
    /// The packet's type byte.
    pub kind: u8,
    /// The packet's flags byte.
    pub flags: u8,
    /// The packet's aux field.
    pub aux: u16,
    /// What follows the header.
    pub payload: Payload,
}

impl Packet {
    /// The account that a packet for a link is paid from.
    pub(crate) fn account(&self) -> Account {
        match FrameType::from_code(self.kind) {
            FrameType::Open => Account::Open(self.link.place),
            _ => Account::Link(self.link.place),
        }
    }
}

/// The bytes of an item.
pub enum Payload {
    /// A few, by value.
    Short {
        /// How many.
        len: u8,
        /// The first `len` are meant.
        bytes: [u8; Payload::SHORT_MAX],
    },
    /// A view of a block of the sender's pool.
    Lent(Loan),
}

impl Payload {
    /// Bytes that fit by value.
    pub const SHORT_MAX: usize = 8;

    /// No bytes.
    pub const EMPTY: Payload = Payload::Short {
        len: 0,
        bytes: [0; Payload::SHORT_MAX],
    };

    /// The first [`Payload::SHORT_MAX`] of `from` by value.
    #[must_use]
    pub fn short(from: &[u8]) -> Payload {
        let len = from.len().min(Self::SHORT_MAX);
        let mut bytes = [0; Self::SHORT_MAX];
        bytes[..len].copy_from_slice(&from[..len]);
        Payload::Short {
            len: len as u8,
            bytes,
        }
    }

    /// A view of a block, lent; nothing if it is empty.
    #[must_use]
    pub fn lend(lease: Lease) -> Payload {
        if lease.is_empty() {
            Payload::EMPTY
        } else {
            Payload::Lent(lease.lend())
        }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Payload::Short { len, bytes } => &bytes[..usize::from(*len)],
            Payload::Lent(loan) => loan,
        }
    }

    /// Done with the bytes: the block to send home, if there is one.
    #[must_use]
    pub fn into_returned(self) -> Option<Returned> {
        match self {
            Payload::Short { .. } => None,
            Payload::Lent(loan) => Some(loan.into_returned()),
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Payload::Short { .. } => write!(f, "{:02x?}", self.bytes()),
            Payload::Lent(loan) => loan.fmt(f),
        }
    }
}

/// An H.248 message on its way to its association's home shard.
#[derive(Debug)]
pub struct Arrival {
    /// Whose message it is: an index in [`crate::H248Config::users`].
    pub user: u16,
    /// How it is written.
    pub form: Form,
    /// Where it came from.
    pub source: Source,
    /// The message, without framing.
    pub body: Body,
}

/// An H.248 message on its way to the shard that owns its socket.
#[derive(Debug)]
pub struct Departure {
    /// The socket.
    pub socket: SocketId,
    /// What to do there.
    pub what: Errand,
}

/// What a home shard wants of a socket's shard.
#[derive(Debug)]
pub enum Errand {
    /// Send this message, already in its framing.
    Send(Body),
    /// Read the socket no more, or again.
    Block(bool),
    /// Tell this shard where the socket leads.
    Introduce(ShardId),
}

/// A configuration item of H.248 users, and its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserItem {
    /// A bit for each user by its index.
    pub users: u64,
    /// The item by OTP's name.
    pub item: Box<str>,
    /// Its value as TOML has it.
    pub value: Box<str>,
}

/// Where a gateway's socket leads, as far as the shard knows that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// The socket.
    pub socket: SocketId,
    /// Its listener.
    pub listener: u16,
    /// Its far end.
    pub theirs: Endpoint,
}

/// The bytes of an H.248 message between shards.
#[derive(Debug)]
pub enum Body {
    /// A view of a block of the sender's pool.
    Lent(Loan),
    /// A copy, where no one block holds the message.
    Owned(Box<[u8]>),
}

impl Body {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Body::Lent(loan) => loan,
            Body::Owned(bytes) => bytes,
        }
    }

    /// Done with the bytes: the block to send home, if there is one.
    #[must_use]
    pub fn into_returned(self) -> Option<Returned> {
        match self {
            Body::Lent(loan) => Some(loan.into_returned()),
            Body::Owned(_) => None,
        }
    }
}

/// Intervals of link sequence numbers, as offsets from the first: what one shard accepted, gathered over a few milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The link.
    pub link: LinkId,
    base: u64,
    /// (offset of the first, how many follow it).
    spans: [(u16, u16); Accepted::SPANS_MAX],
    len: u8,
}

impl Accepted {
    /// Intervals per item.
    pub const SPANS_MAX: usize = 8;

    /// No interval yet; the first one added sets the base.
    #[must_use]
    pub fn new(link: LinkId) -> Accepted {
        Accepted {
            link,
            base: 0,
            spans: [(0, 0); Self::SPANS_MAX],
            len: 0,
        }
    }

    /// Adds as much of `first..=last` as can be said here, if anything; the last number added. Intervals come in ascending order.
    pub fn add(&mut self, first: u64, last: u64) -> Option<u64> {
        if self.len == 0 {
            self.base = first;
        }
        let offset = u16::try_from(first.checked_sub(self.base)?).ok()?;
        let follow = u16::try_from(last.checked_sub(first)?).unwrap_or(u16::MAX);
        *self.spans.get_mut(usize::from(self.len))? = (offset, follow);
        self.len += 1;
        Some(first + u64::from(follow))
    }

    /// The intervals as inclusive (first, last).
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.spans[..usize::from(self.len)]
            .iter()
            .map(|&(offset, follow)| {
                let first = self.base + u64::from(offset);
                (first, first + u64::from(follow))
            })
    }
}

/// What every shard knows of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkStatus {
    /// The link's life. A status of another life ends the former one.
    pub link: LinkId,
    /// Index in [`crate::ShardConfig::links`].
    pub spec: u16,
    /// Whether sessions may use it.
    pub stage: Stage,
    /// Payload bytes that the backend takes in one packet.
    pub payload_max: u32,
    /// What a controller serves; nothing of a backend.
    pub serves: Serves,
}

/// Which H.248 users a controller serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Serves {
    /// A bit for each user by its index; 0 for a backend.
    pub users: u64,
    /// A hash of the controller's name: the same whenever it comes again.
    pub node: u64,
}

impl Serves {
    /// Users that may be served by controllers, at most.
    pub const USERS_MAX: usize = 64;

    /// Whether `user` is one of them.
    #[must_use]
    pub const fn has(self, user: u16) -> bool {
        user < Self::USERS_MAX as u16 && self.users >> user & 1 == 1
    }
}

/// How usable a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// For new sessions and old.
    Up,
    /// For the sessions it has.
    Draining,
    /// No more: its sessions end.
    Gone,
}

/// A link's socket on its way to its home shard.
#[derive(Debug)]
pub struct Handed {
    /// The hand-over's token, unique among those of `by`.
    pub token: u64,
    /// The shard that accepted the socket.
    pub by: ShardId,
    /// Index in [`crate::ShardConfig::links`].
    pub spec: u16,
    /// What arrived on the socket so far.
    pub bytes: Loan,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_says_at_most_eight_near_intervals() {
        let mut batch = Accepted::new(LinkId::default());
        assert_eq!(batch.add(100, 100), Some(100));
        assert_eq!(
            batch.add(100 + 65_536, 200_000),
            None,
            "too far from the base"
        );
        assert_eq!(
            batch.add(200, 200 + 70_000),
            Some(200 + 65_535),
            "a long one is cut"
        );
        for n in 2..8 {
            assert_eq!(batch.add(300 + 2 * n, 300 + 2 * n), Some(300 + 2 * n));
        }
        assert_eq!(batch.add(400, 400), None, "no room");
        assert_eq!(
            batch.ranges().take(2).collect::<Vec<_>>(),
            [(100, 100), (200, 65_735)]
        );
        assert_eq!(batch.ranges().count(), 8);
    }

    #[test]
    fn a_short_payload_is_cut_at_its_size() {
        assert_eq!(Payload::short(b"0123456789").bytes(), b"01234567");
        assert!(Payload::EMPTY.bytes().is_empty());
    }
}
