//! Reading: a socket is parked, active or starved, and this is how it moves between them.
//!
//! ```text
//!                 poll fires                     data, twice within `hot`, or room to spare
//!      Parked ────────────────► Fetching ──────────────────────────────► Streaming
//!      (poll)  ◄──────────────  (one recv) ◄─────────┐    ┌────────────  (multishot recv)
//!         ▲         data                             │    │ no buffer        │
//!         │                          buffers again   │    ▼                  │ quiet, or not wanted
//!         │                                       Starved                    ▼
//!         └──────────────────────────────────────────────────────────── Cancelling
//! ```
//!
//! A parked socket costs 264 bytes of kernel memory beside the socket itself, an active one about 866, and neither holds a
//! buffer while nothing arrives. At most one receiving operation is in flight, so whatever ends it leaves `Still`, and
//! one place decides what comes next.

use crate::buffers::GROUP;
use crate::fault::socket_fault;
use crate::ring::Completion;
use crate::shard::Shard;
use crate::slots::{Life, Reading, flag};
use crate::tag::{Kind, Tag};
use io_uring::types::Fixed;
use io_uring::{opcode, squeue};
use megaphone_core::{Input, Machine, SocketFault, SocketId};
use megaphone_metrics::Metric;
use megaphone_wheel::Tick;
use std::io;
use std::time::Duration;

/// Active sockets looked at in one turn, so that many that are due at once stall nothing.
const LOOKS_PER_TURN: usize = 256;

/// What a completion of a receiving operation means for the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The operation goes on.
    Armed,
    /// It ended in the ordinary way: arm what fits now.
    Again,
    /// It was cancelled.
    Cancelled,
    /// It found no buffer.
    Starve,
    /// The peer sent FIN.
    End,
    /// The socket is broken.
    Fail(SocketFault),
}

/// The one place that reads a receiving operation's result: `result` as from the system call, `more` if the operation goes on.
///
/// | result | poll | one receive, or the last of many | many, more to come |
/// | --- | --- | --- | --- |
/// | above 0 | Again | Again (data) | Armed (data) |
/// | 0 | Again | End | Armed |
/// | ECANCELED | Cancelled | Cancelled | Armed |
/// | ENOBUFS | Fail | Starve | Armed |
/// | EAGAIN, EINTR | Again | Again | Armed |
/// | another error | Fail | Fail | Armed |
pub(crate) fn finish_or_rearm(kind: Kind, result: i32, more: bool) -> Next {
    if more {
        return Next::Armed;
    }
    match (kind, -result) {
        (_, libc::ECANCELED) => Next::Cancelled,
        (_, libc::EAGAIN | libc::EINTR) => Next::Again,
        (Kind::Poll, ..=0) => Next::Again,
        (Kind::Poll, errno) => Next::Fail(socket_fault(errno)),
        (_, 0) => Next::End,
        (_, ..0) => Next::Again,
        (_, libc::ENOBUFS) => Next::Starve,
        (_, errno) => Next::Fail(socket_fault(errno)),
    }
}

impl<M: Machine> Shard<M> {
    /// The machine wants to read a socket, or not to.
    pub(crate) fn want_reading(&mut self, socket: SocketId, on: bool) -> io::Result<()> {
        let Some(slot) = self
            .slots
            .get(socket)
            .filter(|slot| slot.life == Life::Open)
        else {
            return Ok(());
        };
        if !on {
            slot.clear(flag::WANTED);
            // A poll stays: it fires once at most, and then nothing is armed.
            return if slot.reading == Reading::Streaming {
                self.cancel_reading(socket)
            } else {
                Ok(())
            };
        }
        slot.set(flag::WANTED);
        if slot.reading == Reading::Still && !slot.has(flag::ENDED) {
            self.resume(socket)
        } else {
            Ok(())
        }
    }

    /// A poll or receive completed.
    pub(crate) fn read_completed(&mut self, completion: Completion) -> io::Result<()> {
        let (tag, result) = (completion.tag, completion.result);
        let socket = if completion.more() {
            let socket = SocketId {
                slot: tag.slot,
                generation: tag.generation,
            };
            self.slots.get(socket).map(|_| socket)
        } else {
            self.landed(tag)
        };
        let lease = match completion.buffer() {
            Some(index) if result > 0 => {
                self.buffers
                    .filled(&self.pool, index, result.unsigned_abs())
            }
            Some(index) => {
                self.buffers.spoiled(&self.pool, index);
                None
            }
            None => None,
        };
        let Some(socket) = socket else { return Ok(()) };
        let now_ms = self.now_ms();
        let next = finish_or_rearm(tag.kind, result, completion.more());
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        let was = slot.reading;
        let before_ms = slot.touched_ms;
        if next != Next::Armed {
            slot.reading = Reading::Still;
            self.active -= u64::from(tag.kind == Kind::Stream);
        }
        // What was taken before a hand-over still arrives here; the machine sends it after the socket.
        let known = matches!(slot.life, Life::Open | Life::Leaving);
        if let Some(data) = lease.filter(|_| known) {
            slot.touched_ms = now_ms.max(1);
            self.cells.add(Metric::SocketBytesIn, data.len() as u64);
            self.feed(Input::Received { socket, data })?;
        }
        self.read_on(
            socket,
            next,
            was,
            tag.kind,
            before_ms,
            completion.socket_nonempty(),
        )
    }

    /// What follows a completion, after its data was given to the machine (which may have closed the socket, or paused it).
    fn read_on(
        &mut self,
        socket: SocketId,
        next: Next,
        was: Reading,
        kind: Kind,
        before_ms: u32,
        nonempty: bool,
    ) -> io::Result<()> {
        let (now_ms, hot_ms, spare) = (self.now_ms(), self.hot_ms(), self.has_room_to_spare());
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        match slot.life {
            Life::Open => {}
            Life::Emptying => return Ok(()),
            _ => return self.close_if_idle(socket),
        }
        match next {
            Next::Armed => Ok(()),
            Next::End => {
                slot.set(flag::ENDED);
                self.feed(Input::Ended { socket })
            }
            Next::Fail(fault) => self.fail(socket, fault),
            // The machine paused it or ended it meanwhile, or armed it anew while it was being fed.
            _ if !slot.has(flag::WANTED)
                || slot.has(flag::ENDED)
                || slot.reading != Reading::Still =>
            {
                Ok(())
            }
            Next::Starve => {
                slot.reading = Reading::Starved;
                self.cells.add(Metric::UringEnobufs, 1);
                self.buffers.missed();
                self.starved.push_back(socket);
                Ok(())
            }
            Next::Cancelled => self.after_cancel(socket),
            Next::Again => {
                // A poll has not touched it: what it found is new now.
                let touched_ms = if kind == Kind::Poll {
                    now_ms
                } else {
                    slot.touched_ms
                };
                let hot = before_ms != 0 && touched_ms.wrapping_sub(before_ms) <= hot_ms;
                match (kind, was) {
                    (_, Reading::Cancelling) => self.after_cancel(socket),
                    (Kind::Poll | Kind::Fetch, _) if hot || spare => self.stream(socket),
                    (Kind::Poll, _) => self.fetch(socket),
                    (Kind::Fetch, _) if nonempty => self.fetch(socket),
                    (Kind::Fetch, _) => self.park(socket),
                    _ => self.stream(socket),
                }
            }
        }
    }

    // ── arming ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// Arms what fits a socket that is wanted again: a receive if it was busy just now, else a poll.
    fn resume(&mut self, socket: SocketId) -> io::Result<()> {
        let (now, hot, spare) = (self.now_ms(), self.hot_ms(), self.has_room_to_spare());
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        let recent = now.wrapping_sub(slot.touched_ms) <= hot;
        if slot.touched_ms != 0 && (recent || spare) {
            self.stream(socket)
        } else {
            self.park(socket)
        }
    }

    /// Arms what fits a socket whose receive was cancelled: it was paused, or it was quiet and is watched no more.
    fn after_cancel(&mut self, socket: SocketId) -> io::Result<()> {
        let paused = self
            .slots
            .get(socket)
            .is_some_and(|slot| slot.has(flag::WATCHED));
        if paused {
            self.resume(socket)
        } else {
            self.park(socket)
        }
    }

    fn park(&mut self, socket: SocketId) -> io::Result<()> {
        let events = (libc::POLLIN | libc::POLLRDHUP) as u32;
        let poll = opcode::PollAdd::new(Fixed(socket.slot), events).build();
        self.arm(socket, Reading::Parked, Kind::Poll, poll)
    }

    fn fetch(&mut self, socket: SocketId) -> io::Result<()> {
        // Only what is there now: it must not stay armed.
        let receive = opcode::Recv::new(Fixed(socket.slot), std::ptr::null_mut(), 0)
            .flags(libc::MSG_DONTWAIT)
            .buf_group(GROUP)
            .build()
            .flags(squeue::Flags::BUFFER_SELECT);
        self.arm(socket, Reading::Fetching, Kind::Fetch, receive)
    }

    fn stream(&mut self, socket: SocketId) -> io::Result<()> {
        let receive = opcode::RecvMulti::new(Fixed(socket.slot), GROUP).build();
        self.arm(socket, Reading::Streaming, Kind::Stream, receive)?;
        let due = self.now_ms().wrapping_add(self.quiet_ms());
        if let Some(slot) = self.slots.get(socket)
            && !slot.has(flag::WATCHED)
        {
            slot.set(flag::WATCHED);
            self.watched.push_back((socket, due));
            self.forget_closed(due);
        }
        Ok(())
    }

    /// While nothing is parked, sockets that were closed stay in the queue: each that comes looks after two others, so that the
    /// queue is at most about twice as long as it must be.
    fn forget_closed(&mut self, due: u32) {
        if !self.has_room_to_spare() {
            return;
        }
        for _ in 0..2 {
            if let Some((socket, _)) = self.watched.pop_front()
                && self
                    .slots
                    .get(socket)
                    .is_some_and(|slot| slot.has(flag::WATCHED))
            {
                self.watched.push_back((socket, due));
            }
        }
    }

    fn arm(
        &mut self,
        socket: SocketId,
        reading: Reading,
        kind: Kind,
        entry: squeue::Entry,
    ) -> io::Result<()> {
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        debug_assert_eq!(
            slot.reading,
            Reading::Still,
            "one receiving operation at a time"
        );
        slot.reading = reading;
        slot.in_flight += 1;
        self.active += u64::from(kind == Kind::Stream);
        // SAFETY: the memory it may write to is the buffer ring's, which outlives the operation.
        unsafe {
            self.ring
                .push(entry, Tag::new(kind, socket.slot, socket.generation))
        }
    }

    /// Cancels the poll or receive that is armed; its last completion is still to come.
    pub(crate) fn cancel_reading(&mut self, socket: SocketId) -> io::Result<()> {
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        let kind = match slot.reading {
            Reading::Parked => Kind::Poll,
            Reading::Streaming => Kind::Stream,
            // A fetch does not wait; the rest is not armed.
            Reading::Still | Reading::Fetching | Reading::Cancelling | Reading::Starved => {
                return Ok(());
            }
        };
        slot.reading = Reading::Cancelling;
        self.cells.add(Metric::UringCancelDone, 1);
        self.cancel(socket, kind)
    }

    // ── moving by time and by room ───────────────────────────────────────────────────────────────────────────────

    fn hot_ms(&self) -> u32 {
        u32::try_from(self.config.parking.hot.as_millis()).unwrap_or(u32::MAX / 4)
    }

    fn quiet_ms(&self) -> u32 {
        u32::try_from(self.config.parking.quiet.as_millis()).unwrap_or(u32::MAX / 4)
    }

    /// Whether the shard has so few sockets that none need be parked.
    fn has_room_to_spare(&self) -> bool {
        self.slots.live() <= self.config.parking.spare
    }

    /// When the next active socket may have become quiet.
    pub(crate) fn next_park(&self) -> Option<Tick> {
        if self.has_room_to_spare() {
            return None;
        }
        let &(_, due) = self.watched.front()?;
        let left = due.wrapping_sub(self.now_ms());
        let left = if left > u32::MAX / 2 { 0 } else { left };
        Some(self.now.after(Duration::from_millis(u64::from(left))))
    }

    /// Parks active sockets that have had nothing to read for a while.
    pub(crate) fn park_quiet(&mut self) -> io::Result<()> {
        let (now, quiet) = (self.now_ms(), self.quiet_ms());
        for _ in 0..LOOKS_PER_TURN {
            let Some(&(socket, due)) = self.watched.front() else {
                return Ok(());
            };
            if self.has_room_to_spare() || now.wrapping_sub(due) > u32::MAX / 2 {
                return Ok(());
            }
            self.watched.pop_front();
            let Some(slot) = self.slots.get(socket) else {
                continue;
            };
            let since = now.wrapping_sub(slot.touched_ms);
            if slot.reading == Reading::Streaming && since < quiet {
                let due = now.wrapping_add(quiet - since);
                self.watched.push_back((socket, due));
                continue;
            }
            slot.clear(flag::WATCHED);
            if slot.reading == Reading::Streaming {
                self.cells.add(Metric::UringRearmPoll, 1);
                self.cancel_reading(socket)?;
            }
        }
        Ok(())
    }

    /// Lets starved sockets go on, in order, when there is room again: one buffer each at first.
    pub(crate) fn feed_starved(&mut self) -> io::Result<()> {
        if self.starved.is_empty() {
            return Ok(());
        }
        self.pool.collect_strays();
        self.buffers.fill(&self.pool);
        if !self.buffers.may_feed_starved() {
            return Ok(());
        }
        for _ in 0..self.buffers.ready() {
            let Some(socket) = self.starved.pop_front() else {
                break;
            };
            let Some(slot) = self.slots.get(socket) else {
                continue;
            };
            if slot.reading != Reading::Starved {
                continue;
            }
            slot.reading = Reading::Still;
            if slot.has(flag::WANTED) && slot.life == Life::Open {
                self.cells.add(Metric::UringRearmReceive, 1);
                self.fetch(socket)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Next, finish_or_rearm};
    use crate::tag::Kind;
    use megaphone_core::SocketFault;

    #[test]
    fn every_result_and_flag_has_its_answer() {
        use Next::{Again, Armed, Cancelled, End, Fail, Starve};
        let table = [
            // result, poll, last receive
            (1, Again, Again),
            (i32::MAX, Again, Again),
            (0, Again, End),
            (-libc::ECANCELED, Cancelled, Cancelled),
            (-libc::ENOBUFS, Fail(SocketFault::Memory), Starve),
            (-libc::EAGAIN, Again, Again),
            (-libc::EINTR, Again, Again),
            (
                -libc::ECONNRESET,
                Fail(SocketFault::Reset),
                Fail(SocketFault::Reset),
            ),
            (
                -libc::EPIPE,
                Fail(SocketFault::Reset),
                Fail(SocketFault::Reset),
            ),
            (
                -libc::ETIMEDOUT,
                Fail(SocketFault::Unreachable),
                Fail(SocketFault::Unreachable),
            ),
            (
                -libc::ENOMEM,
                Fail(SocketFault::Memory),
                Fail(SocketFault::Memory),
            ),
            (
                -libc::EBADF,
                Fail(SocketFault::Other(libc::EBADF)),
                Fail(SocketFault::Other(libc::EBADF)),
            ),
        ];
        for (result, poll, receive) in table {
            assert_eq!(
                finish_or_rearm(Kind::Poll, result, false),
                poll,
                "poll {result}"
            );
            for kind in [Kind::Fetch, Kind::Stream] {
                assert_eq!(
                    finish_or_rearm(kind, result, false),
                    receive,
                    "{kind:?} {result}"
                );
            }
            for kind in [Kind::Poll, Kind::Fetch, Kind::Stream] {
                assert_eq!(
                    finish_or_rearm(kind, result, true),
                    Armed,
                    "{kind:?} {result}, more to come"
                );
            }
        }
        // Whatever the kernel may say, there is an answer: nothing overflows, nothing panics.
        for errno in 0..4_096 {
            for kind in [Kind::Poll, Kind::Fetch, Kind::Stream] {
                let _ = finish_or_rearm(kind, -errno, false);
            }
        }
    }
}
