//! What the time brings about: logins at their rate, messages at theirs, the end.

use super::Load;
use crate::bench::steps::{LOOK, SOON, STEP_MAX, to_close};
use crate::bench::xmpp::login::Stage;
use megaphone_core::{ConnectToken, Output};
use megaphone_wheel::Tick;
use std::ops::Range;
use std::time::Duration;

/// Shards see the end of the writing within this time of each other: none closes before all have counted what they sent.
const SETTLE_LEAST: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Opening,
    Waiting,
    Writing,
    Settling { since: Tick },
    Closing { next: u32 },
    Done,
}

/// Where the run stands on this shard.
#[derive(Debug)]
pub(super) struct Course {
    act: Act,
    /// Users whose connection was begun.
    opened: u32,
    /// Those of them that are neither here nor failed.
    pub(super) logging_in: u32,
    /// Those of them that the driver has not answered.
    pub(super) dialing: u32,
    /// Sockets.
    pub(super) alive: u32,
    /// When the first login was due.
    began: Option<Tick>,
    /// When the silence began that writing follows.
    start: Tick,
    /// The next message of this shard.
    message: u64,
    again: Tick,
    next_look: Tick,
}

impl Course {
    pub(super) fn new(first_message: u64) -> Course {
        Course {
            act: Act::Opening,
            opened: 0,
            logging_in: 0,
            dialing: 0,
            alive: 0,
            began: None,
            start: Tick::MAX,
            message: first_message,
            again: Tick::ZERO,
            next_look: Tick::ZERO,
        }
    }

    pub(super) fn is_opening(&self) -> bool {
        self.act == Act::Opening
    }

    pub(super) fn is_closing(&self) -> bool {
        matches!(self.act, Act::Closing { .. } | Act::Done)
    }
}

impl Load {
    /// What the time alone brings about.
    pub(super) fn advance(&mut self, now: Tick) {
        if now >= self.course.next_look {
            self.look(now);
        }
        match self.course.act {
            Act::Opening => self.open_more(now),
            Act::Writing if now >= self.writing_ends() && !self.has_messages_left() => {
                self.settle(now)
            }
            Act::Writing => self.write_more(now),
            Act::Settling { since } if self.is_settled(now, since) => self.close_some(now, 0),
            Act::Closing { next } => self.close_some(now, next),
            Act::Waiting | Act::Settling { .. } | Act::Done => {}
        }
    }

    /// When the next user of this shard is to connect.
    fn login_due(&self, began: Tick) -> Tick {
        let nth = u64::from(self.number(self.course.opened));
        let nanos = u128::from(nth) * 1_000_000_000 / u128::from(self.script.login_rate.max(1));
        began + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn open_more(&mut self, now: Tick) {
        let began = *self.course.began.get_or_insert(now);
        let mut most = STEP_MAX;
        while self.course.logging_in < self.plan.opening_max
            && self.course.opened < self.share()
            && self.login_due(began) <= now
            && most > 0
        {
            let local = self.course.opened;
            let target = self.plan.endpoints.of(self.number(local));
            self.outputs.push_back(Output::Connect {
                token: ConnectToken(u64::from(local)),
                target,
            });
            self.course.opened += 1;
            self.course.logging_in += 1;
            self.course.dialing += 1;
            most -= 1;
        }
        if self.course.logging_in == 0 && self.course.opened == self.share() {
            self.course.act = Act::Waiting;
        }
    }

    fn writing_begins(&self) -> Tick {
        self.course.start + self.plan.warmup
    }

    fn writing_ends(&self) -> Tick {
        self.writing_begins() + self.plan.duration
    }

    fn message_due(&self) -> Tick {
        self.writing_begins() + self.script.traffic.due(self.course.message)
    }

    fn has_messages_left(&self) -> bool {
        self.share() > 0 && self.course.message < self.script.traffic.messages()
    }

    fn write_more(&mut self, now: Tick) {
        if now < self.course.again {
            return;
        }
        for _ in 0..STEP_MAX {
            let due = self.message_due();
            if !self.has_messages_left() || due > now {
                return;
            }
            if !self.write(self.course.message, due) {
                break;
            }
            self.course.message += u64::from(self.shards);
        }
        self.course.again = now + SOON;
    }

    /// Publishes counts and looks for signals.
    fn look(&mut self, now: Tick) {
        self.course.next_look = now + LOOK;
        let running = !self.course.is_closing() && !matches!(self.course.act, Act::Settling { .. });
        if running && self.board.has_stopped() {
            self.settle(now);
        } else if matches!(self.course.act, Act::Waiting | Act::Opening) && self.board.has_go() {
            // Whoever is not here by now was given up.
            (self.course.act, self.course.start) = (Act::Writing, now);
        }
        let is_over = self.course.act == Act::Done;
        self.seconds
            .report(self.course.start, now, is_over, &self.board);
        self.board.publish(self.shard as usize, self.tally);
    }

    fn settle(&mut self, now: Tick) {
        self.course.act = Act::Settling { since: now };
    }

    /// Whether all that was sent, by any shard, has arrived, or will not.
    fn is_settled(&self, now: Tick, since: Tick) -> bool {
        let total = self.board.total();
        let all_there = total.received >= total.sent && now >= since + SETTLE_LEAST;
        all_there || now >= since + self.plan.grace
    }

    /// Closes a bounded number of connections, and ends when the last one is gone.
    fn close_some(&mut self, now: Tick, next: u32) {
        let share = self.share();
        let Range { start, end } = to_close(now, &mut self.course.again, next, share);
        for local in start..end {
            let user = &mut self.users[local as usize];
            if std::mem::replace(&mut user.stage, Stage::Gone) != Stage::Gone {
                self.close(local);
            }
        }
        self.course.act = Act::Closing { next: end };
        if end == share && self.course.alive == 0 && self.course.dialing == 0 {
            self.course.act = Act::Done;
            let (start, at) = (self.course.start, self.course.next_look);
            self.seconds.report(start, at, true, &self.board);
            self.board.last_word(self.shard as usize, self.tally);
            self.outputs.push_back(Output::Drained);
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Tick> {
        let course = &self.course;
        let work = match course.act {
            Act::Done => return None,
            Act::Opening if course.opened < self.share() => match course.began {
                Some(began) if course.logging_in < self.plan.opening_max => self.login_due(began),
                _ => Tick::MAX,
            },
            Act::Writing if self.has_messages_left() => self.message_due().max(course.again),
            Act::Writing => self.writing_ends(),
            Act::Closing { next } if next < self.share() => course.again,
            Act::Opening | Act::Waiting | Act::Settling { .. } | Act::Closing { .. } => Tick::MAX,
        };
        Some(work.min(course.next_look))
    }
}
