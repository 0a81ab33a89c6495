//! Time: arming rows' timers and firing those that are due, a bounded number per step.

use super::{Engine, TimerKey};
use crate::config::Timer;
use megaphone_wheel::{Tick, TimerId};
use std::time::Duration;

pub(super) fn millis(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

impl Engine {
    /// Arms a row's timer for the current period of `timer`; `None` if it never expires.
    pub(super) fn arm(&mut self, now: Tick, timer: Timer, key: TimerKey) -> Option<TimerId> {
        let period = timer.period_ms()?;
        Some(self.wheel.insert(now.after(millis(period)), key))
    }

    pub(super) fn disarm(&mut self, armed: Option<TimerId>) {
        if let Some(id) = armed {
            self.wheel.cancel(id);
        }
    }

    /// Fires due timers and goes on with acknowledgement sweeps, both bounded.
    pub(super) fn expire(&mut self, now: Tick) {
        self.sweep(now);
        for _ in 0..self.options.expiries_per_step {
            match self.wheel.pop(now) {
                Some(TimerKey::Request(place)) => self.request_expired(now, place),
                Some(TimerKey::Reply(place)) => self.reply_expired(now, place),
                Some(TimerKey::Sender(place)) => self.sender_expired(now, place),
                Some(TimerKey::Forget(place)) => self.forget_expired(now, place),
                Some(TimerKey::Admission) => self.admit(now),
                Some(TimerKey::Gateway(user)) => self.gateway_expired(now, user),
                None => return,
            }
        }
    }

    /// One more expiry, in total and for a connection.
    pub(super) fn count_expiry(&mut self, place: u32) {
        self.totals.counters.timer_recovery = self.totals.counters.timer_recovery.wrapping_add(1);
        if let Some(row) = self.connections.get_mut(place) {
            row.counters.timer_recovery = row.counters.timer_recovery.wrapping_add(1);
        }
    }

    /// One more error, in total and for a connection.
    pub(super) fn count_error(&mut self, place: Option<u32>) {
        self.totals.counters.errors = self.totals.counters.errors.wrapping_add(1);
        if let Some(row) = place.and_then(|place| self.connections.get_mut(place)) {
            row.counters.errors = row.counters.errors.wrapping_add(1);
        }
    }
}
