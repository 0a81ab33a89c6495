//! Gateways that have just connected: after a power cut they all do at once, and each speaks at once.
//!
//! A gateway that is read and whose message must wait for credit to its home holds a block. So newcomers are read a few at a
//! time, and none while many messages wait: what the others say stays in the kernel, and the blocks are left to who was there before.
//!
//! ```text
//!   connected ──► read, if few began since the last look, and no crowd waits for credit
//!        └──────► in line; a look every 5 ms lets a few begin
//! ```
//!
//! A crowd is a 16th of the blocks for receiving (`Shard::crowd`), a few are half of that: 25,600 a second with the pool as it is by default.

use crate::contract::SocketId;
use crate::deadlines::Timer;
use crate::limits::ms;
use crate::session::state::State;
use crate::shard::Shard;
use megaphone_metrics::Metric;
use std::collections::VecDeque;

/// How often the line is looked at, while there is one.
const LOOK_MS: u32 = 5;

/// Those who connected and are not read yet.
#[derive(Debug, Default)]
pub(super) struct Newcomers {
    line: VecDeque<SocketId>,
    /// How many began since the last look.
    begun: usize,
    /// Whether a look is to come.
    looking: bool,
}

impl Newcomers {
    /// How many stand in line, closed ones included until their turn would come.
    pub(super) fn len(&self) -> usize {
        self.line.len()
    }
}

impl Shard {
    /// A gateway has connected: it is read now, or stands in line.
    pub(super) fn welcome(&mut self, socket: SocketId) {
        let crowd = self.crowd() as usize;
        let Some(h248) = self.h248.as_mut() else {
            return;
        };
        if h248.newcomers.line.is_empty() && h248.may_begin(crowd) {
            h248.newcomers.begun += 1;
            self.set_reading(socket, true);
        } else {
            h248.newcomers.line.push_back(socket);
            self.count(Metric::H248NewcomersHeld);
        }
        self.look_at_newcomers_soon();
    }

    /// Lets those begin whose turn it is.
    pub(crate) fn look_at_newcomers(&mut self) {
        let crowd = self.crowd() as usize;
        if let Some(h248) = self.h248.as_mut() {
            h248.newcomers.looking = false;
            h248.newcomers.begun = 0;
        }
        while let Some(h248) = self.h248.as_mut()
            && h248.may_begin(crowd)
            && let Some(socket) = h248.newcomers.line.pop_front()
        {
            // It may have gone meanwhile.
            let session = self.table.session(socket);
            if session.is_some_and(|session| session.state == State::Local) {
                h248.newcomers.begun += 1;
                self.set_reading(socket, true);
            }
        }
        if self
            .h248
            .as_ref()
            .is_some_and(|h248| h248.newcomers.len() > 0)
        {
            self.look_at_newcomers_soon();
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
    /// Whether one more newcomer may be read.
    fn may_begin(&self, crowd: usize) -> bool {
        let waiting: usize = self.waiting.iter().map(VecDeque::len).sum();
        self.newcomers.begun < (crowd / 2).max(1) && waiting < crowd.max(1)
    }
}
