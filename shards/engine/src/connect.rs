//! Opening connections: a socket straight into the table, its options and source address, then the connect itself.

use crate::fault::socket_fault;
use crate::shard::Shard;
use crate::slots::Life;
use crate::tag::{Kind, Tag};
use io_uring::opcode;
use io_uring::types::{DestinationSlot, Fixed};
use megaphone_core::{ConnectToken, Input, Machine, SocketFault, SocketId, Target};
use megaphone_metrics::Metric;
use socket2::{Domain, SockAddr};
use std::io;

static ONE: libc::c_int = 1;

/// A connection being opened.
struct Attempt {
    token: ConnectToken,
    to: SockAddr,
    from: Option<SockAddr>,
    /// Once there is one.
    socket: Option<SocketId>,
}

/// The connections being opened. Boxed, for the kernel reads the addresses.
#[derive(Default)]
pub(crate) struct Attempts {
    #[allow(
        clippy::vec_box,
        reason = "the kernel reads addresses from entries that must not move"
    )]
    attempts: Vec<Option<Box<Attempt>>>,
    free: Vec<u32>,
}

impl Attempts {
    fn put(&mut self, attempt: Attempt) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.attempts.push(None);
            self.attempts.len() as u32 - 1
        });
        self.attempts[index as usize] = Some(Box::new(attempt));
        index
    }

    fn get(&mut self, index: u32) -> Option<&mut Attempt> {
        self.attempts.get_mut(index as usize)?.as_deref_mut()
    }

    fn take(&mut self, index: u32) -> Option<Box<Attempt>> {
        let attempt = self.attempts.get_mut(index as usize)?.take()?;
        self.free.push(index);
        Some(attempt)
    }
}

impl<M: Machine> Shard<M> {
    /// The machine wants a connection.
    pub(crate) fn connect(&mut self, token: ConnectToken, target: Target) -> io::Result<()> {
        let (to, from) = match target {
            Target::Tcp { to, from } => (Ok(to.into()), from.map(SockAddr::from)),
            Target::Unix(path) => (SockAddr::unix(path), None),
        };
        let to = match to {
            Ok(to) => to,
            Err(error) => {
                let fault = SocketFault::Other(error.raw_os_error().unwrap_or(libc::EINVAL));
                return self.connect_failed(token, fault);
            }
        };
        let domain = i32::from(to.family());
        let index = self.attempts.put(Attempt {
            token,
            to,
            from,
            socket: None,
        });
        let socket = opcode::Socket::new(domain, libc::SOCK_STREAM, 0)
            .file_index(Some(DestinationSlot::auto_target()))
            .build();
        // SAFETY: no memory is involved.
        unsafe { self.ring.push(socket, Tag::of(Kind::Socket, index)) }
    }

    /// There is a socket, or no room for one.
    pub(crate) fn socket_made(&mut self, index: u32, result: i32) -> io::Result<()> {
        if result < 0 {
            return self.give_up(index, result);
        }
        let Some(socket) = self.new_socket(result, Life::Connecting)? else {
            return self.give_up(index, -libc::EBUSY);
        };
        let Some(attempt) = self.attempts.get(index) else {
            return Ok(());
        };
        attempt.socket = Some(socket);
        let internet = attempt.to.domain() != Domain::UNIX;
        let from = attempt.from.as_ref().map(|from| {
            let port = from.as_socket().map_or(0, |address| address.port());
            (from.as_ptr(), from.len(), port)
        });
        if internet {
            self.switch_on(socket, libc::IPPROTO_TCP, libc::TCP_NODELAY)?;
        }
        let Some((address, bytes, port)) = from else {
            return self.start_connect(index, socket);
        };
        if port == 0 {
            // The port is chosen by connect, for this destination, not by bind, for all.
            self.switch_on(socket, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT)?;
        } else {
            self.switch_on(socket, libc::SOL_SOCKET, libc::SO_REUSEADDR)?;
        }
        self.take_off(socket);
        let bind = opcode::Bind::new(Fixed(socket.slot), address.cast(), bytes).build();
        // SAFETY: the address is in the boxed attempt until its outcome.
        unsafe { self.ring.push(bind, Tag::of(Kind::Bind, index)) }
    }

    /// The socket has its source address, or may not have it.
    pub(crate) fn bound(&mut self, index: u32, result: i32) -> io::Result<()> {
        let Some(socket) = self.attempt_landed(index) else {
            return Ok(());
        };
        if result < 0 {
            self.give_up(index, result)
        } else {
            self.start_connect(index, socket)
        }
    }

    fn start_connect(&mut self, index: u32, socket: SocketId) -> io::Result<()> {
        self.take_off(socket);
        let Some(attempt) = self.attempts.get(index) else {
            return Ok(());
        };
        let connect = opcode::Connect::new(
            Fixed(socket.slot),
            attempt.to.as_ptr().cast(),
            attempt.to.len(),
        )
        .build();
        // SAFETY: the address is in the boxed attempt until its outcome.
        unsafe { self.ring.push(connect, Tag::of(Kind::Connect, index)) }
    }

    /// The connection is established, or will not be.
    pub(crate) fn connected(&mut self, index: u32, result: i32) -> io::Result<()> {
        let Some(socket) = self.attempt_landed(index) else {
            return Ok(());
        };
        if result < 0 {
            return self.give_up(index, result);
        }
        let Some(attempt) = self.attempts.take(index) else {
            return Ok(());
        };
        if let Some(slot) = self.slots.get(socket) {
            slot.life = Life::Open;
        }
        self.cells.add(Metric::ConnectionsConnected, 1);
        self.feed(Input::Connected {
            token: attempt.token,
            socket,
        })
    }

    fn give_up(&mut self, index: u32, result: i32) -> io::Result<()> {
        let Some(attempt) = self.attempts.take(index) else {
            return Ok(());
        };
        if let Some(socket) = attempt.socket {
            self.close_unknown(socket)?;
        }
        self.connect_failed(attempt.token, socket_fault(-result))
    }

    fn connect_failed(&mut self, token: ConnectToken, fault: SocketFault) -> io::Result<()> {
        self.cells.add(Metric::ConnectionsConnectFailed, 1);
        self.feed(Input::ConnectFailed { token, fault })
    }

    fn take_off(&mut self, socket: SocketId) {
        if let Some(slot) = self.slots.get(socket) {
            slot.in_flight += 1;
        }
    }

    fn attempt_landed(&mut self, index: u32) -> Option<SocketId> {
        let socket = self.attempts.get(index)?.socket?;
        let slot = self.slots.get(socket)?;
        slot.in_flight = slot.in_flight.saturating_sub(1);
        Some(socket)
    }

    fn switch_on(&mut self, socket: SocketId, level: i32, name: i32) -> io::Result<()> {
        self.set_option(
            socket,
            level,
            name,
            std::ptr::from_ref(&ONE).cast(),
            size_of_val(&ONE) as u32,
        )
    }
}
