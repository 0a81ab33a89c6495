//! Gateways that have connected and have said nothing yet. After a power cut many connect at once, and each speaks at once.
//!
//! Taking a gateway in costs far more than serving one that is there, and one that is read and whose message must wait for credit to
//! its home holds a block. So newcomers are read at a pace, and none while many messages wait: what the others say stays in the kernel, and
//! time and blocks are left to who was there before.
//!
//! ```text
//!   connected ──► read, at the pace of `newcomers_per_second`, while no crowd waits for credit
//!        │         │  └──► speaks: a newcomer no more
//!        │         └─────► says nothing for `first_message_ms`: closed
//!        └──────► in line; a look every 5 ms lets a few begin
//! ```
//!
//! A crowd is a 16th of the blocks for receiving (`Shard::crowd`). In 5 ms half of that may begin at most, whatever the pace: that many
//! messages may turn out to have to wait.

use crate::contract::SocketId;
use crate::deadlines::Timer;
use crate::limits::ms;
use crate::session::state::State;
use crate::shard::Shard;
use megaphone_metrics::Metric;
use megaphone_wheel::Tick;
use std::collections::VecDeque;
use std::time::Duration;

/// How often the line is looked at, while there is one.
const LOOK_MS: u32 = 5;

/// Those who connected and have said nothing.
#[derive(Debug, Default)]
pub(super) struct Newcomers {
    /// Those who are not read yet.
    line: VecDeque<SocketId>,
    /// All of them.
    silent: u32,
    /// When one more may begin, by the pace.
    next: Tick,
    /// Whether a look is to come.
    looking: bool,
}

impl Newcomers {
    /// How many stand in line, closed ones included until their turn would come.
    pub(super) fn in_line(&self) -> usize {
        self.line.len()
    }

    /// How many there are.
    pub(super) fn silent(&self) -> u32 {
        self.silent
    }
}

impl Shard {
    /// A gateway has connected: it is read now, or stands in line.
    pub(super) fn welcome(&mut self, socket: SocketId) {
        let (now, crowd) = (self.now, self.crowd());
        let (Some(h248), Some(session)) = (self.h248.as_mut(), self.table.session_mut(socket))
        else {
            return;
        };
        session.silent = true;
        h248.newcomers.silent += 1;
        if h248.newcomers.line.is_empty() && h248.may_begin(now, crowd) {
            self.listen_to(socket);
        } else {
            h248.newcomers.line.push_back(socket);
            self.count(Metric::H248NewcomersHeld);
            self.look_at_newcomers_soon();
        }
    }

    /// Lets those begin whose turn it is.
    pub(crate) fn look_at_newcomers(&mut self) {
        let (now, crowd) = (self.now, self.crowd());
        if let Some(h248) = self.h248.as_mut() {
            h248.newcomers.looking = false;
        }
        while let Some(h248) = self.h248.as_mut()
            && h248.may_begin(now, crowd)
            && let Some(socket) = h248.newcomers.line.pop_front()
        {
            // It may have gone meanwhile.
            let session = self.table.session(socket);
            if session.is_some_and(|session| session.state == State::Local) {
                self.listen_to(socket);
            }
        }
        let h248 = self.h248.as_ref();
        if h248.is_some_and(|h248| h248.newcomers.in_line() > 0) {
            self.look_at_newcomers_soon();
        }
    }

    /// A newcomer is listened to from now on.
    fn listen_to(&mut self, socket: SocketId) {
        let by = self.now + ms(self.config.limits.first_message_ms);
        let pace = Duration::from_secs(1) / self.config.limits.newcomers_per_second.max(1);
        let pace = pace.max(ms(LOOK_MS) / (self.crowd() / 2).max(1));
        if let Some(h248) = self.h248.as_mut() {
            h248.newcomers.next = h248.newcomers.next.max(self.now) + pace;
        }
        if let Some(active) = self.session_active_or_new(socket) {
            active.answer_by = by;
        }
        self.arm_session(socket);
        self.set_reading(socket, true);
    }

    /// A newcomer says its first bytes: from now on it has the deadlines of a message.
    pub(crate) fn gateway_speaks(&mut self, socket: SocketId) {
        if let Some(session) = self.table.session_mut(socket) {
            session.silent = false;
        }
        if let Some(active) = self.session_active(socket) {
            active.answer_by = Tick::MAX;
        }
        self.newcomer_gone();
    }

    /// A newcomer is none any more.
    pub(crate) fn newcomer_gone(&mut self) {
        if let Some(h248) = self.h248.as_mut() {
            h248.newcomers.silent -= 1;
        }
    }

    fn look_at_newcomers_soon(&mut self) {
        if let Some(h248) = self.h248.as_mut()
            && !std::mem::replace(&mut h248.newcomers.looking, true)
        {
            self.wheel.insert(self.now + ms(LOOK_MS), Timer::Newcomers);
        }
    }
}

impl super::H248 {
    /// Whether one more newcomer may be read: whose turn comes before the next look has it now.
    fn may_begin(&self, now: Tick, crowd: u32) -> bool {
        let waiting: usize = self.waiting.iter().map(VecDeque::len).sum();
        self.newcomers.next < now + ms(LOOK_MS) && waiting < crowd.max(1) as usize
    }
}
