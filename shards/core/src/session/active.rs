//! What only a busy session has: its gathers, its place in a frame, its deadlines. Records are recycled with their memory, so
//! becoming busy allocates nothing once the shard is warm, and an idle session holds no buffer.

use super::table::NONE;
use megaphone_frame::{Expect, FrameFault, FrameHead, Framing, Limits};
use megaphone_pool::{Class, Gather, Pool};
use megaphone_wheel::{Tick, TimerId};

/// The record of one busy session.
#[derive(Debug)]
pub(crate) struct Active {
    /// What came from the client and is not cut into frames yet.
    pub(crate) input: Gather,
    /// Where the client's stream stands inside a frame.
    pub(crate) expect: Expect,
    /// The rest of the frame that is being passed on, if there is one.
    pub(crate) frame: Gather,
    /// Whether a frame is being passed on: one without a body is a frame too.
    pub(crate) in_frame: bool,
    /// The parts of a backend's frame that the client's framing needs whole.
    pub(crate) partial: Gather,
    /// What is to be sent to the client.
    pub(crate) outgoing: Gather,
    /// Whether the driver was told that something is outgoing, and has not sent all of it.
    pub(crate) sending: bool,
    /// When the driver was told.
    pub(crate) sending_since: Tick,
    /// When the backend's answer, or its CLOSE, is due; or what a gateway says first.
    pub(crate) answer_by: Tick,
    /// When the rest of a partial frame is due.
    pub(crate) frame_by: Tick,
    /// When the part of a frame that is due began.
    pub(crate) frame_begun: Tick,
    /// Whether `frame_by` is that of a body.
    pub(crate) frame_in_body: bool,
    /// Blocks of the client's that wait for its link, as its link's view counts them.
    pub(crate) waiting_blocks: u32,
    /// When a partial frame moves to smaller blocks.
    pub(crate) settle_at: Tick,
    /// When the client must have taken a byte.
    pub(crate) stall_by: Tick,
    /// The session's timer and the moment it is set to.
    pub(crate) timer: Option<(TimerId, Tick)>,
    next_free: u32,
}

impl Active {
    fn new() -> Active {
        Active {
            input: Gather::new(),
            expect: Expect::default(),
            frame: Gather::new(),
            in_frame: false,
            partial: Gather::new(),
            outgoing: Gather::new(),
            sending: false,
            sending_since: Tick::ZERO,
            answer_by: Tick::MAX,
            frame_by: Tick::MAX,
            frame_begun: Tick::ZERO,
            frame_in_body: false,
            waiting_blocks: 0,
            settle_at: Tick::MAX,
            stall_by: Tick::MAX,
            timer: None,
            next_free: NONE,
        }
    }

    /// Whether nothing is here that an idle session would miss.
    pub(crate) fn is_spent(&self) -> bool {
        self.input.is_empty()
            && !self.in_frame
            && self.partial.is_empty()
            && self.outgoing.is_empty()
            && self.deadline() == Tick::MAX
    }

    /// The earliest of its deadlines.
    pub(crate) fn deadline(&self) -> Tick {
        self.answer_by
            .min(self.frame_by)
            .min(self.settle_at)
            .min(self.stall_by)
    }

    /// Cuts the next frame of the client; its body becomes [`Active::frame`].
    pub(crate) fn cut(
        &mut self,
        framing: Framing,
        limits: Limits,
    ) -> Result<Option<FrameHead>, FrameFault> {
        debug_assert!(!self.in_frame);
        let head = framing.next(&mut self.expect, &mut self.input, &mut self.frame, limits)?;
        self.in_frame = head.is_some();
        if self.in_frame {
            // The next frame has its own time.
            self.frame_by = Tick::MAX;
        }
        Ok(head)
    }

    /// Whether the client's stream stands inside a frame.
    pub(crate) fn has_partial(&self) -> bool {
        !self.in_frame && !self.input.is_empty()
    }

    /// Moves what came from the client and has to wait to the smallest blocks that hold it; whether that freed anything.
    pub(crate) fn settle(&mut self, pool: &Pool) -> bool {
        self.input.settle(pool) | self.frame.settle(pool)
    }

    /// Whether what came from the client and has to wait is a short frame and nothing else, in a small block: moves it to one if it is
    /// in another.
    pub(crate) fn shorten(&mut self, pool: &Pool) -> bool {
        let small = pool.block_bytes(Class::Parking);
        let is_short = self.input.is_empty() && self.frame.len() <= small;
        if is_short && self.frame.pinned_bytes() > small {
            self.frame.settle(pool);
        }
        is_short && self.frame.pinned_bytes() <= small
    }

    /// Forgets what came from the client.
    pub(crate) fn drop_input(&mut self) {
        self.input.clear();
        self.frame.clear();
        self.in_frame = false;
        self.expect = Expect::default();
        self.frame_by = Tick::MAX;
        self.settle_at = Tick::MAX;
    }

    /// Forgets everything but what is being sent, and its deadline.
    pub(crate) fn drop_all_but_outgoing(&mut self) {
        self.drop_input();
        self.partial.clear();
        self.answer_by = Tick::MAX;
    }
}

/// All active records of a shard, used and free.
#[derive(Debug)]
pub(crate) struct Actives {
    records: Vec<Active>,
    free: u32,
    used: u32,
}

impl Default for Actives {
    fn default() -> Actives {
        Actives {
            records: Vec::new(),
            free: NONE,
            used: 0,
        }
    }
}

impl Actives {
    /// A record without content.
    pub(crate) fn take(&mut self) -> u32 {
        self.used += 1;
        if let Some(record) = self.records.get_mut(self.free as usize) {
            let index = self.free;
            self.free = record.next_free;
            return index;
        }
        self.records.push(Active::new());
        (self.records.len() - 1) as u32
    }

    /// Gives a record back. Its gathers keep their lists, not their blocks.
    pub(crate) fn give(&mut self, index: u32) {
        let Some(record) = self.records.get_mut(index as usize) else {
            return;
        };
        record.drop_all_but_outgoing();
        record.outgoing.clear();
        record.sending = false;
        record.stall_by = Tick::MAX;
        debug_assert!(record.timer.is_none(), "a timer outlives its record");
        record.next_free = self.free;
        self.free = index;
        self.used -= 1;
    }

    /// The record at `index`.
    pub(crate) fn get(&self, index: u32) -> Option<&Active> {
        self.records.get(index as usize)
    }

    /// As [`Actives::get`], to change it.
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut Active> {
        self.records.get_mut(index as usize)
    }

    /// Records in use.
    pub(crate) fn used(&self) -> u32 {
        self.used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_recycled() {
        let mut actives = Actives::default();
        let first = actives.take();
        let second = actives.take();
        assert_ne!(first, second);
        actives.give(first);
        assert_eq!((actives.take(), actives.used()), (first, 2));
    }

    #[test]
    fn a_new_record_is_spent() {
        assert!(Active::new().is_spent());
        let mut record = Active::new();
        record.stall_by = Tick(1);
        assert!(!record.is_spent());
    }
}
