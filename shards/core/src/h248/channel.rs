//! Where an H.248 message came from and where its answer goes, as the 64 bits that the transaction engine keeps.
//!
//! ```text
//!  63 62 61          50 49            30 29              0
//! +-----+--------------+----------------+------------------+
//! |  1  |   shard 12   | generation 20  |     slot 30      |  a socket
//! +-----+--------------+----------------+------------------+
//! |  2  | listener 14  |        address 32        | port 16|  a peer on UDP over IPv4
//! +-----+--------------+--------------------------+--------+
//! |  3  |        use 30              |       row 32        |  a row of the table of peers on UDP over IPv6
//! +-----+----------------------------+---------------------+
//! ```

use crate::contract::{ListenerId, ShardId, SocketId};
use megaphone_megaco::SendHandle;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// One way to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    /// A socket of a shard.
    Socket(ShardId, SocketId),
    /// A datagram from a listener.
    Ip4(ListenerId, SocketAddrV4),
    /// The same over IPv6: a row of [`super::peers::Peers`], and its use.
    Ip6(u32, u32),
}

const TAG_SHIFT: u32 = 62;
const LISTENER_MAX: u16 = (1 << 14) - 1;
/// Slots are below 2^20 in every driver: the kernel's tables are.
const SLOT_BITS: u32 = 30;
const USE_MASK: u32 = (1 << 30) - 1;

impl Channel {
    /// The channel in 64 bits; `None` for a slot or listener that no driver has.
    pub(crate) fn pack(self) -> Option<SendHandle> {
        let bits = match self {
            Channel::Socket(shard, socket) if socket.slot < 1 << SLOT_BITS => {
                1 << TAG_SHIFT
                    | u64::from(shard.0 & ShardId::MAX) << 50
                    | u64::from(socket.generation & SocketId::GENERATION_MAX) << SLOT_BITS
                    | u64::from(socket.slot)
            }
            Channel::Ip4(listener, to) if listener.0 <= LISTENER_MAX => {
                2 << TAG_SHIFT
                    | u64::from(listener.0) << 48
                    | u64::from(to.ip().to_bits()) << 16
                    | u64::from(to.port())
            }
            Channel::Ip6(row, life) => {
                3 << TAG_SHIFT | u64::from(life & USE_MASK) << 32 | u64::from(row)
            }
            Channel::Socket(..) | Channel::Ip4(..) => return None,
        };
        Some(SendHandle(bits))
    }

    /// Back from [`Channel::pack`]; `None` for bits that are no channel.
    pub(crate) fn unpack(SendHandle(bits): SendHandle) -> Option<Channel> {
        match bits >> TAG_SHIFT {
            1 => Some(Channel::Socket(
                ShardId((bits >> 50) as u16 & ShardId::MAX),
                SocketId {
                    slot: bits as u32 & ((1 << SLOT_BITS) - 1),
                    generation: (bits >> SLOT_BITS) as u32 & SocketId::GENERATION_MAX,
                },
            )),
            2 => Some(Channel::Ip4(
                ListenerId((bits >> 48) as u16 & LISTENER_MAX),
                SocketAddrV4::new(Ipv4Addr::from_bits((bits >> 16) as u32), bits as u16),
            )),
            3 => Some(Channel::Ip6(bits as u32, (bits >> 32) as u32 & USE_MASK)),
            _ => None,
        }
    }
}

/// Where a message came from, on its way to its home shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A socket.
    Socket {
        /// Whose it is.
        shard: ShardId,
        /// The socket.
        socket: SocketId,
        /// The peer's address as it is compared.
        host: u64,
    },
    /// A datagram.
    Datagram {
        /// The listener it came to.
        listener: ListenerId,
        /// Its sender.
        from: Endpoint,
    },
}

/// An address and port, without what [`SocketAddr`] carries and nobody needs here: 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    octets: [u8; 16],
    /// The interface of a link-local address; else 0.
    scope: u32,
    port: u16,
    is_ip4: bool,
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Endpoint {
        match address {
            SocketAddr::V4(to) => Endpoint {
                octets: to.ip().to_ipv6_mapped().octets(),
                scope: 0,
                port: to.port(),
                is_ip4: true,
            },
            SocketAddr::V6(to) => Endpoint {
                octets: to.ip().octets(),
                scope: to.scope_id(),
                port: to.port(),
                is_ip4: false,
            },
        }
    }
}

impl Endpoint {
    /// As a socket address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        let ip = Ipv6Addr::from(self.octets);
        match ip.to_ipv4_mapped() {
            Some(ip) if self.is_ip4 => SocketAddrV4::new(ip, self.port).into(),
            _ => SocketAddrV6::new(ip, self.port, 0, self.scope).into(),
        }
    }
}

/// An address as it is compared: the same number for an IPv4 address however it is written, never 0.
pub(crate) fn host_of(ip: IpAddr, seed: u64) -> u64 {
    let ip = match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let [high, low] = [ip.to_bits() >> 64, ip.to_bits()].map(|half| half as u64);
    // Keyed by a seed that no peer knows, so that none can look for an address with another's number.
    let mixed = crate::id::spread(crate::id::spread(high ^ seed).rotate_left(32) ^ low ^ seed);
    mixed.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_gives_back_what_it_was_made_of() {
        let socket = |slot| {
            Channel::Socket(
                ShardId(ShardId::MAX),
                SocketId {
                    slot,
                    generation: SocketId::GENERATION_MAX,
                },
            )
        };
        let peer = SocketAddrV4::new(Ipv4Addr::new(255, 254, 253, 252), 65_535);
        for channel in [
            socket(0),
            socket((1 << SLOT_BITS) - 1),
            Channel::Ip4(ListenerId(LISTENER_MAX), peer),
            Channel::Ip6(u32::MAX, USE_MASK),
        ] {
            assert_eq!(channel.pack().and_then(Channel::unpack), Some(channel));
        }
        assert_eq!(socket(1 << SLOT_BITS).pack(), None);
        assert_eq!(
            Channel::Ip4(ListenerId(LISTENER_MAX + 1), peer).pack(),
            None
        );
        assert_eq!(Channel::unpack(SendHandle(0)), None);
    }

    #[test]
    fn an_endpoint_gives_back_its_address() {
        for text in ["10.0.0.1:2944", "[fe80::1%7]:1", "[::ffff:10.0.0.1]:2944"] {
            let address: SocketAddr = text.parse().expect("an address");
            assert_eq!(Endpoint::from(address).address(), address);
        }
    }

    #[test]
    fn one_address_is_one_host_however_it_is_written() {
        let host = |text: &str| host_of(text.parse().expect("an address"), 7);
        assert_eq!(host("10.0.0.1"), host("::ffff:10.0.0.1"));
        assert_ne!(host("10.0.0.1"), host("10.0.0.2"));
        assert_ne!(host("::1"), host("1::"));
    }
}
