//! Acknowledgements: intervals of ids that end the replies they meant. They cost what is live, never their width, and never much in one step.

use super::Engine;
use super::receive::Source;
use crate::connection::ConnectionState;
use crate::reply::{Reply, ReplyAction, ReplyEvent};
use crate::table::{Acked, Arrival, Moment};
use crate::user::AckStatus;
use megaphone_h248::model::{Transaction, TransactionAck};
use megaphone_wheel::Tick;

/// Whether the peer can have meant this reply: it had been answered when the acknowledgement came.
fn means(arrival: Arrival, reply: &Reply) -> bool {
    arrival.moment.wrapping_sub(reply.answered) <= Moment::MAX / 2
}

impl Engine {
    /// Ranges are intersected with what is live.
    pub(super) fn acks_received(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        acks: &[TransactionAck],
        transaction: &Transaction<'_>,
    ) {
        let ranges = acks
            .iter()
            .map(|ack| (ack.first, ack.last.unwrap_or(ack.first)));
        if !self.acks_at(now, place, source.extra, ranges) {
            let version = self.callee(place, None).version;
            self.unexpected(now, place, source, version, transaction);
        }
    }

    /// Whether any of the ranges named a live reply.
    fn acks_at(
        &mut self,
        now: Tick,
        place: u32,
        extra: Option<u64>,
        ranges: impl Iterator<Item = (u32, u32)>,
    ) -> bool {
        let arrival = Arrival {
            moment: self.moment,
            extra,
        };
        let (mut budget, mut known) = (self.options.acks_per_step, false);
        for (first, last) in ranges {
            if first > last {
                self.totals.reversed_acks += 1;
                self.count_error(Some(place));
                continue;
            }
            let at_once = if self.waits_too(place, first, last) {
                0
            } else {
                budget
            };
            let (seen, rest) = self.acknowledged(now, place, (first, last), arrival, at_once);
            budget -= seen;
            known |= seen > 0 || rest.is_some();
            if let Some(next) = rest {
                self.sweep_later(place, next, last, arrival);
            }
        }
        known
    }

    /// Whose earlier acknowledgements wait, waits with these too if there is room: else a flood would be worked off again and again.
    fn waits_too(&mut self, place: u32, first: u32, last: u32) -> bool {
        let room = self.sweeps < self.options.sweeps_max;
        self.rare_mut(place)
            .map(|rare| &rare.acked)
            .is_some_and(|acked| !acked.is_empty() && (room || acked.covers(first, last)))
    }

    /// Acknowledges at most `budget` live replies of an interval: how many were looked at, and the first id that is left.
    fn acknowledged(
        &mut self,
        now: Tick,
        place: u32,
        (first, last): (u32, u32),
        arrival: Arrival,
        budget: usize,
    ) -> (usize, Option<u32>) {
        let Some(row) = self.connections.get(place) else {
            return (0, None);
        };
        let live = row.replies.within(first, last, budget.saturating_add(1));
        for (_, at) in live.iter().take(budget) {
            if self.replies.get(*at).is_some_and(|row| means(arrival, row)) {
                self.reply_acked(now, *at, arrival.extra);
            }
        }
        (live.len().min(budget), live.get(budget).map(|(id, _)| *id))
    }

    /// The rest of an interval waits for later steps. If too many wait, it waits for its reply timers.
    fn sweep_later(&mut self, place: u32, first: u32, last: u32, arrival: Arrival) {
        let room = self.sweeps < self.options.sweeps_max;
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        let acked = &mut row.rare.get_or_insert_default().acked;
        let (idle, before) = (acked.is_empty(), acked.len());
        // What waits already and is meant again costs no room.
        if !room && !acked.covers(first, last) {
            self.totals.refused += 1;
            return;
        }
        acked.insert(first, last, arrival);
        self.sweeps = self.sweeps + acked.len() - before;
        if idle {
            self.sweeping.push_back(place);
        }
    }

    /// Goes on with acknowledgements that were too many for one step: of one connection, then it is the next one's turn.
    pub(super) fn sweep(&mut self, now: Tick) {
        let Some(place) = self.sweeping.pop_front() else {
            return;
        };
        let next = self.rare_mut(place).and_then(|rare| rare.acked.next());
        let Some((first, last, arrival)) = next else {
            return;
        };
        let budget = self.options.acks_per_step;
        let (_, rest) = self.acknowledged(now, place, (first, last), arrival, budget);
        let Some(rare) = self.rare_mut(place) else {
            return;
        };
        let before = rare.acked.len();
        rare.acked.done(first, rest.map_or(last, |next| next - 1));
        let (after, more) = (rare.acked.len(), !rare.acked.is_empty());
        self.sweeps = self.sweeps + after - before;
        if more {
            self.sweeping.push_back(place);
        } else if self
            .connections
            .get(place)
            .is_some_and(|row| row.state == ConnectionState::Fading)
        {
            self.free_if_empty(place);
        }
    }

    /// Takes what waits away from a connection that goes.
    pub(super) fn take_acked(&mut self, place: u32) -> Acked {
        let rare = self.rare_mut(place);
        let acked = rare.map(|rare| std::mem::take(&mut rare.acked));
        let acked = acked.unwrap_or_default();
        if !acked.is_empty() {
            self.sweeps -= acked.len();
            self.sweeping.retain(|waiting| *waiting != place);
        }
        acked
    }

    /// Gives it to the one that takes over its replies.
    pub(super) fn put_acked(&mut self, place: u32, acked: Acked) {
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        if !acked.is_empty() {
            self.sweeps += acked.len();
            self.sweeping.push_back(place);
            row.rare.get_or_insert_default().acked = acked;
        }
    }

    fn reply_acked(&mut self, now: Tick, at: u32, extra: Option<u64>) {
        let Some(reply) = self.replies.get(at) else {
            return;
        };
        match reply.state.on(ReplyEvent::Ack).1 {
            ReplyAction::Acknowledged => self.end_reply(now, at, Some(AckStatus::Ok), extra),
            ReplyAction::SegmentsMissing => self.segments_missing(now, at, extra),
            ReplyAction::Forget => self.end_reply(now, at, None, None),
            ReplyAction::Violation => {
                let place = reply.connection;
                self.totals.ack_violations += 1;
                self.count_error(Some(place));
            }
            _ => {}
        }
    }
}
