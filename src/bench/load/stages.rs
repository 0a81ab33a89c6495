//! What the time brings about: the stages of a run on one shard, and its end.

use super::{Load, Stage};
use crate::bench::steps::{LOOK, to_close};
use megaphone_core::Output;
use megaphone_wheel::Tick;
use std::ops::Range;

impl Load {
    /// What the time alone brings about.
    pub(super) fn advance(&mut self, now: Tick) {
        if now >= self.next_look {
            self.look(now);
        }
        match self.stage {
            Stage::Opening => {
                self.open_more();
                self.feed_hungry(now);
            }
            Stage::Sending if now >= self.end() && !self.has_turns_left() => self.settle(now),
            Stage::Sending => {
                self.feed_hungry(now);
                self.take_turns(now);
            }
            Stage::Settling { until } if now >= until || self.all_back() => self.close_some(now, 0),
            Stage::Closing { next } => self.close_some(now, next),
            Stage::Waiting | Stage::Settling { .. } | Stage::Done => {}
        }
    }

    /// Publishes counts and looks for signals.
    fn look(&mut self, now: Tick) {
        self.next_look = now + LOOK;
        let running = !matches!(self.stage, Stage::Closing { .. } | Stage::Done);
        if running && self.board.has_stopped() && !matches!(self.stage, Stage::Settling { .. }) {
            self.settle(now);
        } else if self.stage == Stage::Waiting && self.board.has_go() {
            self.begin_sending(now);
        }
        let is_over = self.stage == Stage::Done;
        self.seconds.report(self.start, now, is_over, &self.board);
        self.board.publish(self.shard as usize, self.tally);
    }

    fn settle(&mut self, now: Tick) {
        self.hungry.clear();
        self.turns = None;
        self.stage = Stage::Settling {
            until: now + self.plan.grace,
        };
    }

    /// Whether nothing that was sent can still come back.
    fn all_back(&self) -> bool {
        self.tally.received + self.stranded >= self.tally.sent
    }

    /// Closes a bounded number of connections, and ends when the last one is gone.
    fn close_some(&mut self, now: Tick, next: u32) {
        let share = self.share();
        let Range { start, end } = to_close(now, &mut self.again, next, share);
        for local in start..end {
            if !self.connections[local as usize].given_up {
                self.close(local);
            }
        }
        self.stage = Stage::Closing { next: end };
        if end == share && self.alive == 0 && self.dialing == 0 {
            self.finish();
        }
    }

    /// The last word.
    fn finish(&mut self) {
        self.stage = Stage::Done;
        self.tally.lost = self
            .connections
            .iter()
            .map(|c| u64::from(c.sent - c.received))
            .sum();
        self.seconds
            .report(self.start, self.next_look, true, &self.board);
        self.board.last_word(self.shard as usize, self.tally);
        self.outputs.push_back(Output::Drained);
    }

    /// When the machine wants to be asked again.
    pub(super) fn next_deadline(&self) -> Option<Tick> {
        let hungry = if self.hungry.is_empty() {
            Tick::MAX
        } else {
            self.again
        };
        let work = match self.stage {
            Stage::Done => return None,
            Stage::Waiting => Tick::MAX,
            Stage::Opening => hungry,
            Stage::Sending => {
                let turn = self
                    .turns
                    .filter(|_| self.share() > 0)
                    .map_or(Tick::MAX, |turns| self.turn(turns));
                turn.min(hungry).min(self.end())
            }
            Stage::Settling { until } => until,
            Stage::Closing { next } if next < self.share() => self.again,
            Stage::Closing { .. } => Tick::MAX,
        };
        Some(work.min(self.next_look))
    }
}
