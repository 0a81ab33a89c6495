//! Admission of registrations: a token bucket and a queue, so that a restart avalanche is worked off at a rate the controller stands (RFC 3525 9.2).

use crate::reply::ReplyName;
use megaphone_h248::model::TransactionRequest;
use megaphone_wheel::Tick;
use std::collections::VecDeque;
use std::time::Duration;

/// How registrations are admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionRate {
    /// Registrations per second in the long run; at least 1.
    pub per_second: u32,
    /// Registrations admitted at once after a quiet time; at least 1.
    pub burst: u32,
    /// Registrations that wait, each answered with a Pending; what comes beyond gets error 510.
    pub queue_max: usize,
}

/// The bucket and the queue. Time is counted in nanoseconds of credit, so no rate is too small or too large.
#[derive(Debug)]
pub(crate) struct Admission {
    rate: AdmissionRate,
    /// When the bucket would be full again.
    full_at: Tick,
    queue: VecDeque<(ReplyName, TransactionRequest<'static>)>,
}

impl Admission {
    pub(crate) fn new(rate: AdmissionRate) -> Self {
        Self {
            rate,
            full_at: Tick::ZERO,
            queue: VecDeque::new(),
        }
    }

    fn cost(&self) -> Duration {
        Duration::from_secs(1) / self.rate.per_second.max(1)
    }

    /// When the next token is there.
    pub(crate) fn next(&self, now: Tick) -> Tick {
        let room = self.cost() * (self.rate.burst.max(1) - 1);
        let at = Tick(self.full_at.0.saturating_sub(Tick::from(room).0));
        at.max(now)
    }

    fn spend(&mut self, now: Tick) -> bool {
        if self.next(now) > now {
            return false;
        }
        self.full_at = self.full_at.max(now).after(self.cost());
        true
    }

    /// A token for a registration that just came, if nobody waits before it.
    pub(crate) fn take(&mut self, now: Tick) -> bool {
        self.queue.is_empty() && self.spend(now)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.queue.len() >= self.rate.queue_max
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn queue(&mut self, reply: ReplyName, request: TransactionRequest<'static>) {
        self.queue.push_back((reply, request));
    }

    /// Drops those at the front that wait no more: they cost no token.
    pub(crate) fn skip(&mut self, gone: impl Fn(ReplyName) -> bool) {
        while self.queue.front().is_some_and(|(reply, _)| gone(*reply)) {
            self.queue.pop_front();
        }
    }

    /// The next registration whose time has come.
    pub(crate) fn admitted(
        &mut self,
        now: Tick,
    ) -> Option<(ReplyName, TransactionRequest<'static>)> {
        if self.queue.is_empty() || !self.spend(now) {
            return None;
        }
        self.queue.pop_front()
    }
}
