//! UDP: each shard has a socket of its own per listener (SO_REUSEPORT: the kernel keeps a peer's datagrams on one shard), as a
//! direct descriptor at the end of the ring's table.
//!
//! ```text
//!   datagram/name.rs      addresses as the kernel writes and reads them
//!   datagram/receive.rs   one multishot receive per socket, a ring of blocks of its own
//!   datagram/send.rs      a bounded number in flight, a bounded number waiting
//! ```

mod receive;
mod send;

use crate::buffers::Buffers;
use crate::config::{EngineConfig, ListenAddress, ListenerSpec};
use crate::fault::EngineError;
use megaphone_core::{ListenerId, Note, NoteLevel, ShardId};
use megaphone_pool::Pool;
use megaphone_wheel::Tick;
use receive::Receiving;
use send::Departures;
use socket2::{Domain, Protocol, Type};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// The buffer group of datagrams.
pub(crate) const GROUP: u16 = 1;

/// The first pause after a receive that failed.
const BACKOFF: Duration = Duration::from_millis(1);

/// A bound socket of a UDP listener, before its shard lives.
pub(crate) struct Bound {
    id: ListenerId,
    socket: socket2::Socket,
    is_ipv6: bool,
}

/// One shard's socket of a UDP listener.
struct Socket {
    id: ListenerId,
    is_ipv6: bool,
    /// Its direct descriptor.
    slot: u32,
    receiving: Receiving,
    backoff: Duration,
    /// Datagrams that found the kernel's receive buffer full, as it said last (SO_RXQ_OVFL).
    overflowed: u32,
    departures: Departures,
}

/// All UDP sockets of a shard, and what the kernel reads and writes for them.
pub(crate) struct Datagrams {
    sockets: Vec<Socket>,
    /// Only if there are sockets.
    buffers: Option<Buffers>,
    /// What every receive says: room for a name and for one number. Boxed, for the kernel may read it.
    header: Box<libc::msghdr>,
}

impl Datagrams {
    /// The sockets as the ring knows them: in the last places of its table of `sockets_max`, which keep them open.
    pub(crate) fn new(bound: &[Bound], buffers: Option<Buffers>, sockets_max: u32) -> Self {
        let first = sockets_max.saturating_sub(bound.len() as u32);
        let socket = |(slot, bound): (u32, &Bound)| Socket {
            id: bound.id,
            is_ipv6: bound.is_ipv6,
            slot,
            receiving: Receiving::At(Tick::ZERO),
            backoff: BACKOFF,
            overflowed: 0,
            departures: Departures::default(),
        };
        Self {
            sockets: (first..).zip(bound).map(socket).collect(),
            buffers,
            header: Box::new(receive::header()),
        }
    }

    fn index_of(&self, listener: ListenerId) -> Option<usize> {
        self.sockets.iter().position(|socket| socket.id == listener)
    }

    /// Gives blocks to the kernel.
    pub(crate) fn fill(&mut self, pool: &Pool) {
        if let Some(buffers) = &mut self.buffers {
            buffers.fill(pool);
        }
    }

    /// The ring of blocks, if there is one.
    pub(crate) fn buffers(&mut self) -> Option<&mut Buffers> {
        self.buffers.as_mut()
    }

    /// Datagrams that the kernel has not taken yet.
    pub(crate) fn waiting(&self) -> u64 {
        self.sockets
            .iter()
            .map(|socket| socket.departures.waiting())
            .sum()
    }
}

/// The descriptors, to be put into a ring's table.
pub(crate) fn descriptors(bound: &[Bound]) -> Vec<RawFd> {
    bound.iter().map(|bound| bound.socket.as_raw_fd()).collect()
}

/// Opens a UDP listener for each shard, and says where it is. Tells the operator when the kernel gives a smaller receive buffer
/// than was asked for.
pub(crate) fn open(
    id: ListenerId,
    address: SocketAddr,
    spec: &ListenerSpec,
    config: &EngineConfig,
) -> Result<(Vec<Bound>, ListenAddress), EngineError> {
    let explain = |source| EngineError::Listen {
        address: spec.address.to_string(),
        source,
    };
    let first = bind(address, spec).map_err(explain)?;
    // With port 0 the first socket decides for all.
    let bound = first.local_addr().map_err(explain)?;
    let bound = bound.as_socket().unwrap_or(address);
    let asked = spec.options.receive_buffer_bytes;
    let given = first.recv_buffer_size().map_err(explain)?;
    if let Some(asked) = asked.filter(|&asked| given < asked) {
        let text = format!(
            "udp://{bound}: the kernel's receive buffer has {given} bytes of the {asked} asked for, bursts beyond it are lost: \
             raise net.core.rmem_max"
        );
        let level = NoteLevel::Info;
        (config.notes)(ShardId(0), &Note { level, text });
    }
    let more = (1..config.shards).map(|_| bind(bound, spec));
    let sockets = std::iter::once(Ok(first))
        .chain(more)
        .collect::<io::Result<Vec<_>>>()
        .map_err(explain)?;
    let is_ipv6 = bound.is_ipv6();
    let of_shard = |socket| Bound {
        id,
        socket,
        is_ipv6,
    };
    Ok((
        sockets.into_iter().map(of_shard).collect(),
        ListenAddress::Udp(bound),
    ))
}

fn bind(address: SocketAddr, spec: &ListenerSpec) -> io::Result<socket2::Socket> {
    let domain = Domain::for_address(address);
    let socket = socket2::Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_port(true)?;
    if let Some(bytes) = spec.options.receive_buffer_bytes {
        // Beyond net.core.rmem_max only for a privileged process; the ordinary way is clipped.
        if rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, bytes / 2).is_err() {
            socket.set_recv_buffer_size(bytes / 2)?;
        }
    }
    if let Some(bytes) = spec.options.send_buffer_bytes {
        socket.set_send_buffer_size(bytes)?;
    }
    receive::count_overflows(&socket)?;
    socket.bind(&address.into())?;
    Ok(socket)
}
