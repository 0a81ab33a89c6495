//! Associations whose peers never registered and have fallen silent: whoever says one message under a name of his own must not be kept
//! for ever. Looked for a stretch of the book at a time, and only while there are associations without a registration.

use super::H248;
use crate::drain::Drain;
use crate::limits::ms;
use crate::shard::Shard;
use megaphone_metrics::Metric;
use megaphone_wheel::Tick;
use std::time::Duration;

/// Told to the user as the reason of the end.
const SILENT: u64 = 2;

/// The pause between two walks through the book, as a part of the time that a peer may be silent.
const WALKS_PER_LIMIT: u32 = 8;

/// Where the walk stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence {
    /// The next place of the book.
    at: usize,
    /// When to go on.
    next: Option<Tick>,
}

impl Silence {
    pub(super) fn deadline(&self) -> Option<Tick> {
        self.next
    }
}

impl Shard {
    /// Sets the first walk when there is somebody to look for.
    pub(super) fn watch_silence(&self, h248: &mut H248) {
        let limit = self.config.limits.unregistered_ms;
        let drains = Drain::is_draining(&self.drain);
        let wanted = limit > 0 && !drains && h248.book.borrow().unregistered() > 0;
        h248.silence.next = match h248.silence.next {
            _ if !wanted => None,
            None => Some(self.now + pause(limit)),
            set => set,
        };
    }

    /// Ends the associations of the next stretch that have been silent for too long.
    pub(super) fn look_for_silent(&mut self, h248: &mut H248) {
        if h248.silence.next.is_none_or(|at| at > self.now) {
            return;
        }
        let limit = self.config.limits.unregistered_ms;
        let until = h248.silence.at + self.config.limits.scan_slots as usize;
        let now_ms = (self.now.as_nanos() / 1_000_000) as u32;
        let end = until.min(h248.book.borrow().places());
        for at in h248.silence.at..end {
            let Some(connection) = h248.book.borrow().unregistered_at(at) else {
                continue;
            };
            let Ok(messages) = h248.engine.messages_from(connection) else {
                continue;
            };
            let silent = h248.book.borrow_mut().silent_ms(at, messages, now_ms);
            let is_held = h248.engine.is_blocked(connection).unwrap_or(false);
            if silent >= limit && !is_held {
                self.count(Metric::H248Reaped);
                // It was there just now.
                let _ = h248.engine.disconnect(self.now, connection, SILENT);
            }
        }
        let is_through = end >= h248.book.borrow().places();
        h248.silence = Silence {
            at: if is_through { 0 } else { end },
            next: Some(match is_through {
                true => self.now + pause(limit),
                false => self.now + ms(self.config.limits.scan_ms),
            }),
        };
    }
}

/// From one walk to the next.
fn pause(limit_ms: u32) -> Duration {
    ms((limit_ms / WALKS_PER_LIMIT).max(1))
}
