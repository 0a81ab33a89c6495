//! What a connection remembers of finished transactions, for LONG-TIMER (RFC 3525 D.1.1).

use super::timers::millis;
use super::{Engine, TimerKey};
use megaphone_wheel::Tick;

impl Engine {
    /// Remembers a finished transaction's id for LONG-TIMER.
    pub(super) fn remember(&mut self, now: Tick, place: u32, id: u32) {
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        let long_timer = millis(row.config.long_timer);
        row.recent
            .get_or_insert_default()
            .insert(now, long_timer, id);
        if row.forget.is_none() {
            self.arm_forget(place);
        }
    }

    pub(super) fn arm_forget(&mut self, place: u32) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let long_timer = millis(row.config.long_timer);
        let due = row
            .recent
            .as_ref()
            .and_then(|recent| recent.next_forget(long_timer));
        let armed = due.map(|due| self.wheel.insert(due, TimerKey::Forget(place)));
        if let Some(row) = self.connections.get_mut(place) {
            row.forget = armed;
        }
    }

    pub(super) fn forget_expired(&mut self, now: Tick, place: u32) {
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        row.forget = None;
        let long_timer = millis(row.config.long_timer);
        if row
            .recent
            .as_mut()
            .is_some_and(|recent| recent.forget(now, long_timer))
        {
            self.arm_forget(place);
        } else {
            row.recent = None;
            self.free_if_empty(place);
        }
    }
}
