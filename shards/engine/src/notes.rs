//! A machine's notes on their way to the operator, at a bounded rate.

use crate::config::NoteSink;
use megaphone_core::{Note, ShardId};
use megaphone_wheel::Tick;
use std::time::Duration;

/// Notes per shard and second.
const PER_SECOND: u32 = 20;

pub(crate) struct Notes {
    shard: ShardId,
    sink: NoteSink,
    until: Tick,
    left: u32,
}

impl Notes {
    pub(crate) fn new(shard: ShardId, sink: NoteSink) -> Self {
        Self {
            shard,
            sink,
            until: Tick::ZERO,
            left: 0,
        }
    }

    /// Passes a note on, unless there were too many in this second; says how many were left out (0 or 1).
    pub(crate) fn tell(&mut self, now: Tick, note: &Note) -> u64 {
        if now >= self.until {
            self.until = now.after(Duration::from_secs(1));
            self.left = PER_SECOND;
        }
        if self.left == 0 {
            return 1;
        }
        self.left -= 1;
        (self.sink)(self.shard, note);
        0
    }
}

#[cfg(test)]
mod tests {
    use super::{Notes, PER_SECOND};
    use megaphone_core::{Note, NoteLevel, ShardId};
    use megaphone_wheel::Tick;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn a_flood_of_notes_is_cut_each_second() {
        let told = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&told);
        let mut notes = Notes::new(
            ShardId(0),
            Arc::new(move |_, _| _ = count.fetch_add(1, Ordering::Relaxed)),
        );
        let note = Note {
            level: NoteLevel::Info,
            text: "link up".into(),
        };
        let suppressed: u64 = (0..100).map(|_| notes.tell(Tick(5), &note)).sum();
        assert_eq!(told.load(Ordering::Relaxed), PER_SECOND);
        assert_eq!(suppressed, u64::from(100 - PER_SECOND));
        assert_eq!(notes.tell(Tick(1_000_000_005), &note), 0, "the next second");
    }
}
