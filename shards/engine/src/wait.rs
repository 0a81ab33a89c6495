//! How a turn ends: peers that sleep are rung, and the ring sleeps until something comes, as long as nothing is due.

use crate::alarm::Armed;
use crate::ring::Wait;
use crate::shard::Shard;
use crate::tag::{Kind, Tag};
use io_uring::types::Fd;
use io_uring::{opcode, squeue};
use megaphone_core::Machine;
use megaphone_metrics::Metric;
use megaphone_wheel::Tick;
use std::io;
use std::time::Duration;

/// The longest sleep: a watchdog wants to see life.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// How often a shard with starved sockets looks for blocks that came home silently.
const STARVED_LOOK: Duration = Duration::from_millis(5);
/// Sends in one turn that make a shard busy.
const BUSY_SENDS: usize = 8;
/// Completions that a busy shard gathers at most. A receive and the send that answers it touch the same few kilobytes of the
/// kernel's memory for a socket; a batch whose sockets do not fit in the processor's cache together reads them twice.
const GATHER_MAX: usize = 64;

impl<M: Machine> Shard<M> {
    /// How long the ring may sleep. Declares the shard asleep if it may.
    pub(crate) fn how_long(&mut self) -> io::Result<Wait> {
        if !self.to_send.is_empty() || !self.ring_again.is_empty() || self.ring.has_early() {
            return Ok(Wait::No);
        }
        // A block that another shard drops rings no bell: who waits for one looks for it.
        let look = (!self.starved.is_empty()).then(|| self.now.after(STARVED_LOOK));
        let moments = [
            self.deadline(),
            self.next_listen(),
            self.next_park(),
            self.next_datagrams(STARVED_LOOK),
            look,
        ];
        let longest = self.now.after(SLEEP_MAX);
        let next = moments.into_iter().flatten().fold(longest, Tick::min);
        let returns_wake = self.machine.wants_returns() || !self.starved.is_empty();
        if next <= self.now || self.port.sleep(returns_wake).is_err() {
            return Ok(Wait::No);
        }
        if !self.mailbox.is_empty() {
            self.port.wake();
            return Ok(Wait::No);
        }
        match self.alarm.arm(self.now, next) {
            Armed::Already => {}
            Armed::By(timeout, index) => {
                // SAFETY: the span is boxed and stays as it is until the next turn.
                unsafe { self.ring.push(timeout, Tag::of(Kind::Alarm, index)) }?;
            }
            Armed::Full => return Ok(Wait::AtMost(next.since(self.now))),
        }
        if self.ring.has_early() {
            // Room for the alarm was made by taking completions: they are to be looked at first.
            self.port.wake();
            return Ok(Wait::No);
        }
        // A busy shard gathers a fuller batch. The sends of this turn complete at once, those that say so, and are not what
        // it waits for.
        let sends = self.sends_started;
        let patience = self.config.gathering.min(next.since(self.now));
        if sends < BUSY_SENDS || patience.is_zero() {
            return Ok(Wait::ForOne);
        }
        let fresh = if self.ring.has_backlog() {
            2 * sends
        } else {
            sends / 2
        };
        let told = sends - self.silent.len().min(sends);
        Ok(Wait::ForMany(told + fresh.min(GATHER_MAX), patience))
    }

    /// Wakes the peers that sleep and have news.
    pub(crate) fn ring_doorbells(&mut self) -> io::Result<()> {
        let mut again = std::mem::take(&mut self.ring_again);
        self.port.flush(|to| again.push(to));
        for to in again.drain(..) {
            self.cells.add(Metric::MeshDoorbells, 1);
            let peer = Fd(self.rings.descriptor(to));
            let ring =
                opcode::MsgRingData::new(peer, 0, Tag::of(Kind::Rung, 0).encode(), None).build();
            let ring = ring.flags(squeue::Flags::SKIP_SUCCESS);
            // SAFETY: no memory is involved.
            unsafe { self.ring.push(ring, Tag::of(Kind::Ring, u32::from(to))) }?;
        }
        again.append(&mut self.ring_again);
        self.ring_again = again;
        Ok(())
    }
}
