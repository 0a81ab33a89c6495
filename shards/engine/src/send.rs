//! Sending: one operation in flight per socket, straight from the machine's gathers.
//!
//! An ordinary send takes what fits, waits in the kernel while nothing does, and reports the count. A *silent* one takes all
//! at once and reports nothing, or reports what went wrong (`MSG_WAITALL`, `MSG_DONTWAIT`, `CQE_SKIP_SUCCESS`): then an
//! ordinary one follows. Its success is known when the kernel has taken the submission and nothing was reported, so a shard
//! that goes to sleep after it learns of it at its next wake-up, and is spared one for this alone. The machine says for
//! which sockets that will do ([`Machine::sent_may_wait`]).
//!
//! The kernel copies message headers and vectors when it takes the submission (`IORING_FEAT_SUBMIT_STABLE`), so they live
//! in one place that is used again each turn; the bytes themselves stay where they are until they are sent.

use crate::fault::socket_fault;
use crate::ring::Completion;
use crate::shard::Shard;
use crate::slots::{Life, flag};
use crate::tag::{Kind, Tag};
use io_uring::types::Fixed;
use io_uring::{opcode, squeue};
use megaphone_core::{Input, Machine, SocketId};
use megaphone_metrics::Metric;
use megaphone_pool::Gather;
use std::io;

/// Bytes of a silent send: more seldom fits into a socket's buffer at once.
const SILENT_BYTES_MAX: usize = 16 << 10;
/// Pieces per send.
const PIECES_MAX: usize = 64;
/// Bytes per send: more would be for the benefit of one socket.
const BYTES_MAX: usize = 256 << 10;

/// Message headers and vectors of one turn.
pub(crate) struct Messages {
    vectors: Box<[libc::iovec]>,
    vectors_used: usize,
    headers: Box<[libc::msghdr]>,
    headers_used: usize,
}

impl Messages {
    const VECTORS: usize = 4_096;
    const HEADERS: usize = 512;

    pub(crate) fn new() -> Self {
        let vector = libc::iovec {
            iov_base: std::ptr::null_mut(),
            iov_len: 0,
        };
        // SAFETY: all zero is a valid `msghdr`: no name, no vectors, no control data.
        let header: libc::msghdr = unsafe { std::mem::zeroed() };
        Self {
            vectors: vec![vector; Self::VECTORS].into(),
            vectors_used: 0,
            headers: vec![header; Self::HEADERS].into(),
            headers_used: 0,
        }
    }

    fn has_room(&self) -> bool {
        self.headers_used < Self::HEADERS && self.vectors_used + PIECES_MAX <= Self::VECTORS
    }

    /// The kernel has taken all submissions.
    pub(crate) fn reset(&mut self) {
        self.vectors_used = 0;
        self.headers_used = 0;
    }

    /// A message of the first pieces of `gather`, and its length. Only with room.
    fn compose(&mut self, gather: &Gather) -> (*const libc::msghdr, usize) {
        let first = self.vectors_used;
        let mut bytes = 0;
        for piece in gather.pieces().take(PIECES_MAX) {
            let piece = &piece[..piece.len().min(BYTES_MAX - bytes)];
            self.vectors[self.vectors_used] = libc::iovec {
                iov_base: piece.as_ptr().cast_mut().cast(),
                iov_len: piece.len(),
            };
            self.vectors_used += 1;
            bytes += piece.len();
            if bytes == BYTES_MAX {
                break;
            }
        }
        let vectors = &mut self.vectors[first..self.vectors_used];
        let header = &mut self.headers[self.headers_used];
        self.headers_used += 1;
        header.msg_iov = vectors.as_mut_ptr();
        header.msg_iovlen = vectors.len() as _;
        (std::ptr::from_ref(header), bytes)
    }
}

// SAFETY: the pointers in it are stale outside of a turn, and a turn runs on one thread.
unsafe impl Send for Messages {}

impl<M: Machine> Shard<M> {
    /// There is something to send, or to do after sending. It is looked at when the turn ends, so that small pieces go together.
    pub(crate) fn queue_send(&mut self, socket: SocketId) {
        if let Some(slot) = self.slots.get(socket)
            && !slot.has(flag::SEND_QUEUED | flag::SENDING)
        {
            slot.set(flag::SEND_QUEUED);
            self.to_send.push(socket);
        }
    }

    /// FIN is to follow what is outgoing.
    pub(crate) fn finish(&mut self, socket: SocketId) {
        if let Some(slot) = self.slots.get(socket) {
            slot.set(flag::FINISH);
        }
        self.queue_send(socket);
    }

    /// Starts a send for each socket that has something to send and none in flight.
    pub(crate) fn start_sends(&mut self) -> io::Result<()> {
        self.sends_started = 0;
        let mut list = std::mem::take(&mut self.to_send);
        for socket in list.drain(..) {
            if let Some(slot) = self.slots.get(socket) {
                slot.clear(flag::SEND_QUEUED);
                self.start_send(socket)?;
            }
        }
        // Closing a socket may have queued others.
        list.append(&mut self.to_send);
        self.to_send = list;
        Ok(())
    }

    /// Whether another message header can be composed; submits if that makes room.
    fn room_for_message(&mut self) -> io::Result<bool> {
        if !self.messages.has_room() {
            self.ring.enter(crate::ring::Wait::No)?;
            self.reuse_messages();
        }
        Ok(self.messages.has_room())
    }

    fn start_send(&mut self, socket: SocketId) -> io::Result<()> {
        if !self.room_for_message()? {
            // The kernel took only a part of what was queued: the next turn tries again.
            self.queue_send(socket);
            return Ok(());
        }
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        if !matches!(slot.life, Life::Open | Life::Emptying) || slot.has(flag::SENDING) {
            return Ok(());
        }
        let Some(gather) = self
            .machine
            .outgoing(socket)
            .filter(|gather| !gather.is_empty())
        else {
            return self.all_sent(socket);
        };
        let silent = slot.life == Life::Open
            && !slot.has(flag::FULL | flag::FINISH)
            && gather.len() <= SILENT_BYTES_MAX
            && gather.piece_count() <= PIECES_MAX
            && self.machine.sent_may_wait(socket);
        let (kind, flags) = if silent {
            let at_once = libc::MSG_WAITALL | libc::MSG_DONTWAIT;
            (Kind::SilentSend, libc::MSG_NOSIGNAL | at_once)
        } else {
            (Kind::Send, libc::MSG_NOSIGNAL)
        };
        let (mut entry, bytes) = if gather.piece_count() == 1 {
            let bytes = gather.front().len().min(BYTES_MAX);
            let send = opcode::Send::new(Fixed(socket.slot), gather.front().as_ptr(), bytes as u32);
            (send.flags(flags).build(), bytes)
        } else {
            let (message, bytes) = self.messages.compose(gather);
            let send = opcode::SendMsg::new(Fixed(socket.slot), message);
            (send.flags(flags.unsigned_abs()).build(), bytes)
        };
        if silent {
            entry = entry.flags(squeue::Flags::SKIP_SUCCESS);
            slot.set(flag::SILENT);
            self.silent.push(socket);
        }
        slot.set(flag::SENDING);
        slot.in_flight += 1;
        slot.extra = bytes as u32;
        self.sends_started += 1;
        let tag = Tag::new(kind, socket.slot, socket.generation);
        // SAFETY: the bytes stay in the machine's gather, untouched, until it is told that they are sent or that the socket
        // is closed (`Machine::outgoing`), which is not before the completion; header and vectors stay until the next enter.
        unsafe { self.ring.push(entry, tag) }
    }

    /// Nothing is outgoing: what was to follow.
    fn all_sent(&mut self, socket: SocketId) -> io::Result<()> {
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        if slot.life == Life::Emptying {
            return self.begin_close(socket);
        }
        if slot.has(flag::FINISH) {
            slot.clear(flag::FINISH);
            slot.in_flight += 1;
            let shutdown = opcode::Shutdown::new(Fixed(socket.slot), libc::SHUT_WR).build();
            // SAFETY: no memory is involved.
            unsafe {
                self.ring.push(
                    shutdown,
                    Tag::new(Kind::Shutdown, socket.slot, socket.generation),
                )
            }?;
        }
        Ok(())
    }

    /// Silent sends of which the kernel had nothing to say by now took everything. `completions` are all that came since.
    pub(crate) fn settle_silent(&mut self, completions: &[Completion]) -> io::Result<()> {
        if self.silent.is_empty() || !self.ring.has_told_all() {
            return Ok(());
        }
        for completion in completions {
            let tag = completion.tag;
            if tag.kind == Kind::SilentSend
                && let Some(slot) = self.slots.get(SocketId {
                    slot: tag.slot,
                    generation: tag.generation,
                })
            {
                slot.clear(flag::SILENT);
            }
        }
        // They were sent before the shard slept, however long it did.
        let now = std::mem::replace(&mut self.now, self.submitted);
        let mut silent = std::mem::take(&mut self.silent);
        for socket in silent.drain(..) {
            if let Some(slot) = self.slots.get(socket).filter(|slot| slot.has(flag::SILENT)) {
                let bytes = slot.extra as i32;
                slot.clear(flag::SILENT);
                let tag = Tag::new(Kind::Send, socket.slot, socket.generation);
                self.send_completed(tag, bytes)?;
            }
        }
        self.silent = silent;
        self.now = now;
        Ok(())
    }

    /// A send completed.
    pub(crate) fn send_completed(&mut self, tag: Tag, result: i32) -> io::Result<()> {
        let Some(socket) = self.landed(tag) else {
            return Ok(());
        };
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        slot.clear(flag::SENDING | flag::SILENT | flag::FULL);
        if tag.kind == Kind::SilentSend {
            slot.set(flag::FULL);
        }
        if !matches!(slot.life, Life::Open | Life::Emptying) {
            return self.close_if_idle(socket);
        }
        let short = tag.kind == Kind::SilentSend || result.max(0).unsigned_abs() < slot.extra;
        match result {
            1.. => {
                self.cells.add(Metric::SocketShortSends, u64::from(short));
                self.cells
                    .add(Metric::SocketBytesOut, u64::from(result.unsigned_abs()));
                self.feed(Input::Sent {
                    socket,
                    bytes: result.unsigned_abs() as usize,
                })?;
                self.send_on(socket);
                Ok(())
            }
            _ if matches!(-result, 0 | libc::EAGAIN | libc::EINTR) => {
                self.cells.add(Metric::SocketShortSends, u64::from(short));
                self.queue_send(socket);
                Ok(())
            }
            _ => self.fail(socket, socket_fault(-result)),
        }
    }

    /// Goes on if there is more to send, or something to do after the last byte.
    fn send_on(&mut self, socket: SocketId) {
        let Some(slot) = self.slots.get(socket) else {
            return;
        };
        let follows = slot.life == Life::Emptying || slot.has(flag::FINISH);
        if follows
            || self
                .machine
                .outgoing(socket)
                .is_some_and(|gather| !gather.is_empty())
        {
            self.queue_send(socket);
        }
    }
}
