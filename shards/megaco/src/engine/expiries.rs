//! Timers of requests we have to answer and of replies we keep: Pendings by themselves, re-sends, the end.

use super::receive::Source;
use super::timers::millis;
use super::{Engine, TimerKey};
use crate::config::{Expiry, Timer};
use crate::fault;
use crate::reply::{ReplyAction, ReplyEvent, ReplyState};
use crate::user::AckStatus;
use megaphone_wheel::Tick;

impl Engine {
    /// Arms what a request waits with while the user has it: the pending timer, and the end of `execution_timer`.
    pub(super) fn arm_execution(&mut self, now: Tick, at: u32) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let limit = self
            .connections
            .get(reply.connection)
            .map_or(0, |row| row.config.execution_timer);
        let end = reply.since.after(millis(limit));
        let due = reply
            .timer
            .period_ms()
            .map_or(end, |ms| now.after(millis(ms)).min(end));
        let old = reply
            .armed
            .replace(self.wheel.insert(due, TimerKey::Reply(at)));
        self.disarm(old);
    }

    pub(super) fn reply_expired(&mut self, now: Tick, at: u32) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        reply.armed = None;
        let place = reply.connection;
        match reply.state {
            ReplyState::Prepared | ReplyState::Executing | ReplyState::Long => {
                self.execution_expired(now, at)
            }
            ReplyState::Segmenting => self.segments_expired(now, at),
            ReplyState::Answered | ReplyState::Aborted | ReplyState::Done => {
                self.kept_expired(now, at)
            }
        }
        self.free_if_empty(place);
    }

    fn execution_expired(&mut self, now: Tick, at: u32) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let (place, handle) = (reply.connection, reply.send_handle);
        let limit = self
            .connections
            .get(place)
            .map_or(0, |row| row.config.execution_timer);
        if now >= reply.since.after(millis(limit)) {
            return self.abort(now, at, fault::no_answer(), None);
        }
        // The last Pending of a single shot: only the execution timer is left.
        reply.timer = match reply.timer.expire() {
            Expiry::Restart(next) => next,
            Expiry::Final => Timer::Infinity,
        };
        self.count_expiry(place);
        let event = if self.over_limit(at) {
            ReplyEvent::PendingOverLimit
        } else {
            ReplyEvent::PendingDue
        };
        let Some(reply) = self.replies.get(at) else {
            return;
        };
        match reply.state.on(event).1 {
            ReplyAction::SendPending => {
                self.send_pending(now, at, handle);
                self.arm_execution(now, at);
            }
            ReplyAction::AbortPendingLimit => self.abort(now, at, fault::pending_limit(), None),
            _ => {}
        }
    }

    fn kept_expired(&mut self, now: Tick, at: u32) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let (place, wanted, handle) = (reply.connection, reply.imm_ack, reply.send_handle);
        let expiry = reply.timer.expire();
        self.count_expiry(place);
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        match expiry {
            Expiry::Restart(next) => {
                reply.timer = next;
                let action = reply.state.on(ReplyEvent::Expired).1;
                let armed = self.arm(now, next, TimerKey::Reply(at));
                if let Some(reply) = self.replies.get_mut(at) {
                    reply.armed = armed;
                }
                if action == ReplyAction::ResendIfWanted && wanted {
                    let source = Source {
                        send_handle: handle,
                        control: None,
                        extra: None,
                    };
                    self.resend_reply(now, at, source);
                }
            }
            Expiry::Final => match reply.state.on(ReplyEvent::TimedOut).1 {
                ReplyAction::NeverAcknowledged => {
                    self.end_reply(now, at, Some(AckStatus::Timeout), None);
                }
                _ => self.end_reply(now, at, None, None),
            },
        }
    }
}
