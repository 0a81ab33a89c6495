//! Listening: opening listeners, multishot accept into direct descriptors, the peers' addresses, and patience when the kernel has no
//! room.

use crate::config::{ListenAddress, ListenerSpec};
use crate::fault::{EngineError, socket_fault};
use crate::name;
use crate::ring::Completion;
use crate::shard::Shard;
use crate::slots::Life;
use crate::steer;
use crate::tag::{Kind, Tag};
use io_uring::types::{Fd, Fixed};
use io_uring::{opcode, squeue};
use megaphone_core::{Input, ListenerId, Machine, Peer, SocketFault, SocketId};
use megaphone_metrics::Metric;
use megaphone_wheel::Tick;
use socket2::{Domain, Protocol, SockAddr, Socket, TcpKeepalive, Type};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// The first and the longest pause after a failed accept.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(1));

/// One shard's end of a listener.
pub(crate) struct Listener {
    id: ListenerId,
    /// Gone when listening has stopped.
    socket: Option<Socket>,
    local: Option<SocketAddr>,
    wants_peer: bool,
    accepting: Accepting,
    backoff: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepting {
    Armed,
    At(Tick),
    Stopped,
}

/// Opens a listener for each of `shards` shards, and says where it listens.
pub(crate) fn open(
    id: ListenerId,
    spec: &ListenerSpec,
    shards: u16,
) -> Result<(Vec<Listener>, ListenAddress), EngineError> {
    open_all(id, spec, shards).map_err(|source| EngineError::Listen {
        address: spec.address.to_string(),
        source,
    })
}

fn open_all(
    id: ListenerId,
    spec: &ListenerSpec,
    shards: u16,
) -> io::Result<(Vec<Listener>, ListenAddress)> {
    let listener = |socket: Socket| {
        let local = socket
            .local_addr()
            .ok()
            .and_then(|address| address.as_socket());
        Listener {
            id,
            socket: Some(socket),
            local,
            wants_peer: spec.wants_peer,
            accepting: Accepting::At(Tick::ZERO),
            backoff: BACKOFF.0,
        }
    };
    match &spec.address {
        ListenAddress::Tcp(address) => {
            if !spec.shared {
                must_be_free(*address)?;
            }
            let first = listen_tcp(*address, spec)?;
            // With port 0 the first socket decides for all.
            let address = first.local_addr()?.as_socket().unwrap_or(*address);
            let more = (1..shards).map(|_| listen_tcp(address, spec));
            let sockets = std::iter::once(Ok(first))
                .chain(more)
                .collect::<io::Result<Vec<_>>>()?;
            if spec.by_source {
                steer::by_source(&sockets[0], shards)?;
            }
            Ok((
                sockets.into_iter().map(listener).collect(),
                ListenAddress::Tcp(address),
            ))
        }
        // See `crate::datagram`.
        ListenAddress::Udp(_) => Err(io::ErrorKind::Unsupported.into()),
        ListenAddress::Unix(path) => {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            let address = SockAddr::unix(path)?;
            // A socket file that nobody listens on is left over from a former run.
            if Socket::new(Domain::UNIX, Type::STREAM, None)?
                .connect(&address)
                .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
            {
                std::fs::remove_file(path)?;
            }
            socket.bind(&address)?;
            socket.listen(spec.backlog)?;
            let sockets = (0..shards)
                .map(|_| socket.try_clone())
                .collect::<io::Result<Vec<_>>>()?;
            Ok((
                sockets.into_iter().map(listener).collect(),
                spec.address.clone(),
            ))
        }
    }
}

/// Fails if somebody listens there already. Our own sockets share the address, so the kernel would let a second process of the
/// same user share it too, and half of the clients would go where nobody meant them to.
fn must_be_free(address: SocketAddr) -> io::Result<()> {
    let probe = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    probe.set_reuse_address(true)?;
    probe.bind(&address.into())
}

fn listen_tcp(address: SocketAddr, spec: &ListenerSpec) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    let options = spec.options;
    socket.set_tcp_nodelay(options.nodelay)?;
    if let Some(idle) = options.keepalive {
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle))?;
    }
    socket.set_tcp_user_timeout(options.user_timeout)?;
    if let Some(bytes) = options.send_buffer_bytes {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.receive_buffer_bytes {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.bind(&address.into())?;
    socket.listen(spec.backlog)?;
    Ok(socket)
}

/// Room for the answers to questions for peers' addresses: each is boxed, for the kernel writes to it.
#[derive(Default)]
pub(crate) struct Addresses {
    #[allow(
        clippy::vec_box,
        reason = "the kernel writes to rooms that must not move"
    )]
    rooms: Vec<Box<[u8; Self::BYTES]>>,
    free: Vec<u32>,
}

impl Addresses {
    /// `struct sockaddr_in6`.
    const BYTES: usize = size_of::<libc::sockaddr_in6>();

    fn take(&mut self) -> (u32, *mut u8) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.rooms.push(Box::new([0; Self::BYTES]));
            self.rooms.len() as u32 - 1
        });
        (index, self.rooms[index as usize].as_mut_ptr())
    }

    /// Reads the address in a room, and frees the room.
    fn read(&mut self, index: u32) -> Option<SocketAddr> {
        self.free.push(index);
        name::read(self.rooms.get(index as usize)?.as_slice())
    }
}

/// The question for a socket option, which the `io-uring` crate lacks: its opposite with another command.
fn get_option(socket: Fixed, level: i32, name: i32, room: *mut u8, bytes: usize) -> squeue::Entry {
    /// `SOCKET_URING_OP_GETSOCKOPT`, and where `cmd_op` is in `struct io_uring_sqe`.
    const COMMAND: u32 = 2;
    const COMMAND_AT: usize = 8;
    let mut entry = opcode::SetSockOpt::new(
        socket,
        level.unsigned_abs(),
        name.unsigned_abs(),
        room.cast(),
        bytes as u32,
    )
    .build();
    const { assert!(size_of::<squeue::Entry>() == 64) };
    // SAFETY: an entry is a transparent `struct io_uring_sqe`, plain data of 64 bytes; `cmd_op` is aligned at byte 8.
    unsafe {
        std::ptr::from_mut(&mut entry)
            .cast::<u8>()
            .add(COMMAND_AT)
            .cast::<u32>()
            .write(COMMAND)
    };
    entry
}

impl<M: Machine> Shard<M> {
    /// Arms accepts whose time has come.
    pub(crate) fn listen_again(&mut self) -> io::Result<()> {
        for (index, listener) in (0..).zip(&mut self.listeners) {
            let (Accepting::At(at), Some(socket)) = (listener.accepting, &listener.socket) else {
                continue;
            };
            if at > self.now {
                continue;
            }
            let accept = opcode::AcceptMulti::new(Fd(socket.as_raw_fd()))
                .allocate_file_index(true)
                .build();
            // SAFETY: no memory is involved.
            unsafe { self.ring.push(accept, Tag::of(Kind::Accept, index)) }?;
            listener.accepting = Accepting::Armed;
        }
        Ok(())
    }

    /// When the next accept is to be armed again.
    pub(crate) fn next_listen(&self) -> Option<Tick> {
        let at = |listener: &Listener| match listener.accepting {
            Accepting::At(at) => Some(at),
            Accepting::Armed | Accepting::Stopped => None,
        };
        self.listeners.iter().filter_map(at).min()
    }

    /// Accepts no more on a listener.
    pub(crate) fn stop_listening(&mut self, id: ListenerId) -> io::Result<()> {
        for (index, listener) in (0..).zip(&mut self.listeners) {
            if listener.id != id {
                continue;
            }
            let armed = listener.accepting == Accepting::Armed;
            listener.accepting = Accepting::Stopped;
            if armed {
                let target = Tag::of(Kind::Accept, index).encode();
                let cancel = opcode::AsyncCancel::new(target)
                    .build()
                    .flags(squeue::Flags::SKIP_SUCCESS);
                // SAFETY: no memory is involved.
                unsafe { self.ring.push(cancel, Tag::of(Kind::Cancel, index)) }?;
            } else {
                listener.socket = None;
            }
        }
        Ok(())
    }

    /// A socket was accepted, or could not be.
    pub(crate) fn accept_completed(&mut self, completion: Completion) -> io::Result<()> {
        let Some(listener) = self.listeners.get_mut(completion.tag.slot as usize) else {
            return Ok(());
        };
        let id = listener.id;
        if !completion.more() {
            match listener.accepting {
                Accepting::Stopped => listener.socket = None,
                _ if completion.result >= 0 => listener.accepting = Accepting::At(self.now),
                _ => {
                    listener.accepting = Accepting::At(self.now.after(listener.backoff));
                    listener.backoff = (listener.backoff * 2).min(BACKOFF.1);
                }
            }
            self.cells.add(Metric::UringRearmAccept, 1);
        }
        if completion.result < 0 {
            if completion.result == -libc::ECANCELED {
                return Ok(());
            }
            let fault = socket_fault(-completion.result);
            let metric = match fault {
                SocketFault::Descriptors => Metric::AcceptFaultDescriptors,
                SocketFault::Memory => Metric::AcceptFaultMemory,
                _ => Metric::AcceptFaultOther,
            };
            self.cells.add(metric, 1);
            return self.feed(Input::AcceptFailed {
                listener: id,
                fault,
            });
        }
        listener.backoff = BACKOFF.0;
        let (local, asks) = (listener.local, listener.wants_peer);
        self.cells.add(Metric::ConnectionsAccepted, 1);
        match local {
            Some(local) if asks => self.ask_for_peer(completion, local),
            local => {
                let Some(socket) = self.new_socket(completion.result, Life::Open)? else {
                    return Ok(());
                };
                let peer = if local.is_none() {
                    Peer::Unix
                } else {
                    Peer::Unknown
                };
                self.feed(Input::Accepted {
                    listener: id,
                    socket,
                    peer,
                })
            }
        }
    }

    /// `getpeername` for a direct descriptor: the option SO_PEERNAME, with exactly the family's length.
    fn ask_for_peer(&mut self, completion: Completion, local: SocketAddr) -> io::Result<()> {
        let Some(socket) = self.new_socket(completion.result, Life::Introducing)? else {
            return Ok(());
        };
        let bytes = if local.is_ipv4() {
            size_of::<libc::sockaddr_in>()
        } else {
            size_of::<libc::sockaddr_in6>()
        };
        let (index, room) = self.addresses.take();
        let question = get_option(
            Fixed(socket.slot),
            libc::SOL_SOCKET,
            libc::SO_PEERNAME,
            room,
            bytes,
        );
        if let Some(slot) = self.slots.get(socket) {
            slot.extra = index;
            slot.touched_ms = completion.tag.slot;
            slot.in_flight += 1;
        }
        // SAFETY: the room is boxed, belongs to this question until its answer, and outlives the ring.
        unsafe {
            self.ring.push(
                question,
                Tag::new(Kind::Peer, socket.slot, socket.generation),
            )
        }
    }

    /// The answer to the question for a peer's address.
    pub(crate) fn peer_completed(&mut self, tag: Tag, result: i32) -> io::Result<()> {
        let Some(socket) = self.landed(tag) else {
            return Ok(());
        };
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        let (index, listener) = (slot.extra, slot.touched_ms);
        slot.touched_ms = 0;
        let remote = self.addresses.read(index).filter(|_| result > 0);
        let listener = self
            .listeners
            .get(listener as usize)
            .and_then(|l| l.local.map(|local| (l.id, local)));
        let (Some(remote), Some((listener, local))) = (remote, listener) else {
            // It is gone again already: nothing the machine has to know.
            return self.close_unknown(socket);
        };
        if let Some(slot) = self.slots.get(socket) {
            slot.life = Life::Open;
            slot.extra = 0;
        }
        self.introduce(listener, socket, Peer::Tcp { remote, local })
    }

    fn introduce(&mut self, listener: ListenerId, socket: SocketId, peer: Peer) -> io::Result<()> {
        self.feed(Input::Accepted {
            listener,
            socket,
            peer,
        })
    }
}
