//! Names that cross shards and links: connections and links. Sockets have their own, in [`crate::SocketId`].

use crate::contract::{ShardId, SocketId};
use std::fmt;

/// A client connection as a backend knows it: opaque to the backend, never 0.
///
/// ```text
///  63      52 51           32 31                 0
/// +----------+---------------+--------------------+
/// | shard 12 | generation 20 |      slot 32       |
/// +----------+---------------+--------------------+
/// ```
///
/// A packet finds its shard by a shift, and a packet for a former use of the slot is told by its generation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct ConnectionId(u64);

impl ConnectionId {
    const SHARD_SHIFT: u32 = 52;
    const GENERATION_SHIFT: u32 = 32;

    /// The id of `socket` on `shard`. Never 0, because generations are not.
    #[must_use]
    pub fn new(shard: ShardId, socket: SocketId) -> ConnectionId {
        debug_assert!(shard.0 <= ShardId::MAX);
        debug_assert!((1..=SocketId::GENERATION_MAX).contains(&socket.generation));
        ConnectionId(
            u64::from(shard.0 & ShardId::MAX) << Self::SHARD_SHIFT
                | u64::from(socket.generation & SocketId::GENERATION_MAX) << Self::GENERATION_SHIFT
                | u64::from(socket.slot),
        )
    }

    /// The id with these bits, as a backend sent them; any number is an id, few of them are known.
    #[must_use]
    pub const fn from_bits(bits: u64) -> ConnectionId {
        ConnectionId(bits)
    }

    /// The id as it stands on a link.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The shard that owns the connection, if the id is one of ours.
    #[must_use]
    pub const fn shard(self) -> ShardId {
        ShardId((self.0 >> Self::SHARD_SHIFT) as u16)
    }

    /// The socket on that shard.
    #[must_use]
    pub const fn socket(self) -> SocketId {
        SocketId {
            slot: self.0 as u32,
            generation: (self.0 >> Self::GENERATION_SHIFT) as u32 & SocketId::GENERATION_MAX,
        }
    }
}

/// `shard:slot.generation`, as operators see it.
impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SocketId { slot, generation } = self.socket();
        write!(f, "{}:{slot}.{generation}", self.shard().0)
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One life of a link: its home shard, its place there, and which life it is. A link that resumes after a loss keeps its
/// id; one that starts anew gets the next serial, so that what belongs to the former life is recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId {
    /// The shard whose socket it is.
    pub home: u16,
    /// Its place among the links of that shard, below [`crate::Limits::links_max`].
    pub place: u16,
    /// Counts the lives of that place from 1; 0 is no link.
    pub serial: u32,
}

/// The home shard of the link that `node` opens under `link`: the same on every shard, and after every restart, so that a link
/// that comes back finds its replay state.
#[must_use]
pub fn home_shard(link: &str, node: &[u8], shards: u16) -> ShardId {
    let hash = spread(fnv1a(link.as_bytes()) ^ fnv1a(node).rotate_left(32));
    ShardId((hash % u64::from(shards.max(1))) as u16)
}

/// FNV-1a, 64 bits: stable over releases, which is all that is asked of it here.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Spreads a number over all 64 bits (the finaliser of splitmix64): equal inputs, equal outputs, near inputs, far outputs.
#[must_use]
pub(crate) const fn spread(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_id_gives_back_what_it_was_made_of() {
        let socket = SocketId {
            slot: u32::MAX,
            generation: SocketId::GENERATION_MAX,
        };
        let id = ConnectionId::new(ShardId(ShardId::MAX), socket);
        assert_eq!(id.bits(), u64::MAX);
        assert_eq!((id.shard(), id.socket()), (ShardId(ShardId::MAX), socket));
        let least = ConnectionId::new(
            ShardId(0),
            SocketId {
                slot: 0,
                generation: 1,
            },
        );
        assert_eq!(least.bits(), 1 << 32);
        assert_eq!(least.to_string(), "0:0.1");
    }

    #[test]
    fn home_shards_are_stable_and_spread() {
        assert_eq!(
            home_shard("chat", b"node-1", 7),
            home_shard("chat", b"node-1", 7)
        );
        assert_eq!(home_shard("chat", b"node-1", 0), ShardId(0));
        let mut hits = [0; 8];
        for node in 0..800 {
            hits[usize::from(home_shard("chat", format!("node-{node}").as_bytes(), 8).0)] += 1;
        }
        assert!(hits.iter().all(|&n| (60..=140).contains(&n)), "{hits:?}");
    }
}
