//! Sending: a datagram goes to the kernel at once while few of its socket are there, and waits in line otherwise. What is said
//! about it to the kernel stays in one place until it has left.

use crate::name::{self, NAME_BYTES};
use crate::shard::Shard;
use crate::tag::{Kind, Tag};
use io_uring::opcode;
use io_uring::types::Fixed;
use megaphone_core::{ListenerId, Machine};
use megaphone_metrics::Metric;
use megaphone_pool::Gather;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

/// Datagrams of one socket that the kernel has, at most.
pub(super) const IN_FLIGHT_MAX: usize = 256;
/// Datagrams of one socket that wait, at most: one more is lost.
pub(super) const WAITING_MAX: usize = 4_096;
/// Pieces of one datagram, at most (the kernel's UIO_MAXIOV).
const PIECES_MAX: usize = 1_024;

/// One socket's datagrams on their way out.
#[derive(Default)]
pub(super) struct Departures {
    /// Boxed, for the kernel reads them; used again.
    #[allow(
        clippy::vec_box,
        reason = "the kernel reads headers that must not move"
    )]
    rooms: Vec<Box<Departure>>,
    free: Vec<u16>,
    line: VecDeque<(SocketAddr, Gather)>,
}

/// What the kernel is told about one datagram.
struct Departure {
    header: libc::msghdr,
    name: [u8; NAME_BYTES],
    vectors: Vec<libc::iovec>,
    data: Gather,
}

impl Departure {
    fn new() -> Self {
        Self {
            // SAFETY: all zero is a valid `msghdr`: no name, no vectors, no control data.
            header: unsafe { std::mem::zeroed() },
            name: [0; NAME_BYTES],
            vectors: Vec::new(),
            data: Gather::new(),
        }
    }

    /// Takes a datagram in. The header points into this room, which must not move until the datagram has left.
    fn load(&mut self, name_bytes: usize, data: Gather) {
        self.data = data;
        self.vectors.clear();
        for piece in self.data.pieces() {
            self.vectors.push(libc::iovec {
                iov_base: piece.as_ptr().cast_mut().cast(),
                iov_len: piece.len(),
            });
        }
        self.header.msg_name = self.name.as_mut_ptr().cast();
        self.header.msg_namelen = name_bytes as u32;
        self.header.msg_iov = self.vectors.as_mut_ptr();
        self.header.msg_iovlen = self.vectors.len() as _;
    }
}

impl Departures {
    pub(super) fn waiting(&self) -> u64 {
        (self.line.len() + self.rooms.len() - self.free.len()) as u64
    }

    /// A room for one more, unless enough are in flight.
    fn room(&mut self) -> Option<u16> {
        self.free.pop().or_else(|| {
            let next = self.rooms.len();
            (next < IN_FLIGHT_MAX).then(|| {
                self.rooms.push(Box::new(Departure::new()));
                next as u16
            })
        })
    }
}

/// Why a datagram did not leave.
fn loss(errno: i32) -> Metric {
    match errno {
        libc::EMSGSIZE => Metric::DatagramsLostTooLong,
        libc::ENOBUFS | libc::ENOMEM => Metric::DatagramsLostMemory,
        libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ECONNREFUSED | libc::EADDRNOTAVAIL => {
            Metric::DatagramsLostUnreachable
        }
        _ => Metric::DatagramsLostOther,
    }
}

impl<M: Machine> Shard<M> {
    /// Sends a datagram now, or puts it in line, or loses it.
    pub(crate) fn send_datagram(
        &mut self,
        listener: ListenerId,
        to: SocketAddr,
        data: Gather,
    ) -> io::Result<()> {
        let Some(index) = self.datagrams.index_of(listener) else {
            self.bug("a datagram without a UDP listener");
            return Ok(());
        };
        let departures = &mut self.datagrams.sockets[index].departures;
        if departures.line.is_empty()
            && let Some(room) = departures.room()
        {
            return self.depart(index, room, to, data);
        }
        if departures.line.len() >= WAITING_MAX {
            self.pool.recycle(data);
            self.cells.add(Metric::DatagramsLostQueueFull, 1);
            return Ok(());
        }
        departures.line.push_back((to, data));
        Ok(())
    }

    /// Gives a datagram to the kernel.
    fn depart(&mut self, index: usize, room: u16, to: SocketAddr, data: Gather) -> io::Result<()> {
        let socket = &mut self.datagrams.sockets[index];
        let departure = &mut *socket.departures.rooms[usize::from(room)];
        let named = name::write(to, socket.is_ipv6, &mut departure.name);
        let Some(name_bytes) = named.filter(|_| data.piece_count() <= PIECES_MAX) else {
            socket.departures.free.push(room);
            self.pool.recycle(data);
            let loss = match named {
                Some(_) => Metric::DatagramsLostTooLong,
                None => Metric::DatagramsLostUnreachable,
            };
            self.cells.add(loss, 1);
            return Ok(());
        };
        departure.load(name_bytes, data);
        let send = opcode::SendMsg::new(Fixed(socket.slot), &raw const departure.header)
            .flags(libc::MSG_NOSIGNAL.unsigned_abs())
            .build();
        let tag = Tag::new(Kind::DatagramSent, index as u32, u32::from(room));
        // SAFETY: the room is boxed, keeps the bytes, is not touched before the completion, and outlives the ring.
        unsafe { self.ring.push(send, tag) }
    }

    /// A datagram has left, or could not.
    pub(crate) fn datagram_left(&mut self, tag: Tag, result: i32) -> io::Result<()> {
        let (index, room) = (tag.slot as usize, tag.generation as usize);
        let Some(socket) = self.datagrams.sockets.get_mut(index) else {
            return Ok(());
        };
        let departures = &mut socket.departures;
        let Some(departure) = departures.rooms.get_mut(room) else {
            return Ok(());
        };
        let data = std::mem::take(&mut departure.data);
        self.pool.recycle(data);
        departures.free.push(room as u16);
        match u64::try_from(result) {
            Ok(bytes) => {
                self.cells.add(Metric::DatagramsOut, 1);
                self.cells.add(Metric::SocketBytesOut, bytes);
            }
            Err(_) => self.cells.add(loss(-result), 1),
        }
        self.depart_waiting(index)
    }

    fn depart_waiting(&mut self, index: usize) -> io::Result<()> {
        loop {
            let departures = &mut self.datagrams.sockets[index].departures;
            if departures.line.is_empty() {
                return Ok(());
            }
            let Some(room) = departures.room() else {
                return Ok(());
            };
            let Some((to, data)) = departures.line.pop_front() else {
                return Ok(());
            };
            self.depart(index, room, to, data)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Departures, IN_FLIGHT_MAX, loss};
    use megaphone_metrics::Metric;

    #[test]
    fn so_many_are_in_flight_and_no_more() {
        let mut departures = Departures::default();
        for expected in 0..IN_FLIGHT_MAX {
            assert_eq!(departures.room(), Some(expected as u16));
        }
        assert_eq!(departures.room(), None);
        assert_eq!(departures.waiting(), IN_FLIGHT_MAX as u64);
        departures.free.push(7);
        assert_eq!(departures.room(), Some(7));
    }

    #[test]
    fn losses_say_why() {
        for (errno, metric) in [
            (libc::EMSGSIZE, Metric::DatagramsLostTooLong),
            (libc::ENOBUFS, Metric::DatagramsLostMemory),
            (libc::ENETUNREACH, Metric::DatagramsLostUnreachable),
            (libc::EPERM, Metric::DatagramsLostOther),
        ] {
            assert_eq!(loss(errno), metric);
        }
    }
}
