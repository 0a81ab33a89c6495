//! Rows of requests: their timers and re-sends, how they fail, and the tables they are in.

use super::timers::millis;
use super::{Engine, SendTag, TimerKey};
use crate::call::Origin;
use crate::config::{Expiry, Timer};
use crate::connection::Connection;
use crate::request::{Request, RequestAction, RequestEvent};
use crate::trace::{self, Way};
use crate::user::{Reason, UserReply};
use megaphone_wheel::Tick;

impl Engine {
    /// Starts what a waiting request waits with.
    pub(super) fn arm_request(&mut self, now: Tick, at: u32) {
        let Some(request) = self.requests.get(at) else {
            return;
        };
        let armed = if request.backoff {
            let Some(row) = self.connections.get(request.connection) else {
                return;
            };
            let wait = row.rtt.timeout(&row.config, request.resends, &mut self.rng);
            Some(self.wheel.insert(now.after(wait), TimerKey::Request(at)))
        } else {
            self.arm(now, request.timer, TimerKey::Request(at))
        };
        if let Some(request) = self.requests.get_mut(at) {
            request.armed = armed;
        }
    }

    /// Runs another timer than before.
    pub(super) fn rearm_request(&mut self, now: Tick, at: u32, timer: Timer) {
        let Some(request) = self.requests.get_mut(at) else {
            return;
        };
        request.timer = timer;
        request.backoff = false;
        let armed = request.armed.take();
        self.disarm(armed);
        self.arm_request(now, at);
    }

    pub(super) fn request_expired(&mut self, now: Tick, at: u32) {
        let Some(request) = self.requests.get_mut(at) else {
            return;
        };
        request.armed = None;
        let place = request.connection;
        let next = if request.backoff {
            let config = self.connections.get(place).map(|row| &row.config);
            let over = config.is_none_or(|config| {
                now.since(request.first_sent) > millis(config.t_max)
                    || request.resends >= config.disconnect_threshold
            });
            if over {
                Expiry::Final
            } else {
                Expiry::Restart(request.timer)
            }
        } else {
            request.timer.expire()
        };
        let event = match next {
            Expiry::Restart(timer) => {
                request.timer = timer;
                RequestEvent::Expired
            }
            Expiry::Final => RequestEvent::TimedOut,
        };
        self.count_expiry(place);
        self.request_event(now, at, event);
        self.free_if_empty(place);
    }

    /// What follows from an event that brings no message.
    fn request_event(&mut self, now: Tick, at: u32, event: RequestEvent) {
        let Some(request) = self.requests.get_mut(at) else {
            return;
        };
        let (state, action) = request.state.on(event);
        request.state = state;
        let (place, id) = (request.connection, request.id);
        self.trace(
            now,
            trace::DEBUG,
            Some(place),
            Way::Inside,
            "request",
            Some(id),
            format_args!("{event:?}: {action:?}"),
        );
        match action {
            RequestAction::Resend => self.resend_request(now, at),
            RequestAction::WaitOn => self.arm_request(now, at),
            RequestAction::FailTimeout => self.time_out(now, at),
            RequestAction::FailSegments => self.segments_timed_out(now, at),
            RequestAction::Forget => drop(self.remove_request(at)),
            _ => {}
        }
    }

    fn resend_request(&mut self, now: Tick, at: u32) {
        let Some(request) = self.requests.get_mut(at) else {
            return;
        };
        let (place, id) = (request.connection, request.id);
        if request.bytes.is_none() {
            return self.arm_request(now, at);
        }
        request.resends += 1;
        let handle = request.rare.as_ref().and_then(|rare| rare.send_handle);
        self.arm_request(now, at);
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let (stores, own) = (
            row.config.stores_requests() && row.state.is_live(),
            row.send_handle,
        );
        if stores && handle.is_none() {
            self.submit(now, place, &[id]);
        } else {
            self.send_requests(now, place, handle.unwrap_or(own), &[id], true);
        }
    }

    fn time_out(&mut self, now: Tick, at: u32) {
        let Some(request) = self.remove_request(at) else {
            return;
        };
        let place = request.connection;
        self.count_error(Some(place));
        self.deliver(now, place, &request, None, &UserReply::Timeout, None);
        let threshold = self
            .connections
            .get(place)
            .map_or(u32::MAX, |row| row.config.disconnect_threshold);
        if request.backoff && request.resends >= threshold {
            self.fade(now, place, &Reason::Broken);
        }
    }

    pub(super) fn send_failed(&mut self, now: Tick, tag: &SendTag, cancelled: bool, reason: u64) {
        let Some(id) = tag.connection else { return };
        let Some(row) = self
            .connections
            .get(id.place)
            .filter(|row| row.generation == id.generation)
        else {
            return;
        };
        let user = row.user;
        let reason = if cancelled {
            Reason::SendCancelled(reason)
        } else {
            Reason::SendFailed(reason)
        };
        if !cancelled {
            self.count_error(Some(id.place));
        }
        for request in &tag.requests {
            if let Some(at) = self.by_id.get(&(user, *request)) {
                self.fail_request(now, at, RequestEvent::SendFailed, &reason);
            }
        }
        if let Some(reply) = tag.reply {
            self.reply_send_failed(now, id.place, reply, &reason);
        }
        self.free_if_empty(id.place);
    }

    fn fail_request(&mut self, now: Tick, at: u32, event: RequestEvent, reason: &Reason) {
        let Some(request) = self.requests.get_mut(at) else {
            return;
        };
        let (state, action) = request.state.on(event);
        request.state = state;
        match action {
            RequestAction::FailCancelled | RequestAction::FailSend => {
                let Some(request) = self.remove_request(at) else {
                    return;
                };
                self.deliver(
                    now,
                    request.connection,
                    &request,
                    None,
                    &UserReply::Failed(reason.clone()),
                    None,
                );
            }
            RequestAction::Forget => drop(self.remove_request(at)),
            _ => {}
        }
    }

    /// Ends every request and every stored reply.
    pub(super) fn cancel_all(&mut self, now: Tick, place: u32, reason: &Reason) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let (user, ids) = (row.user, self.request_ids(row).collect::<Vec<_>>());
        for id in ids {
            if let Some(at) = self.by_id.get(&(user, id)) {
                self.fail_request(now, at, RequestEvent::Cancel, reason);
            }
        }
        self.cancel_replies(now, place, reason);
    }

    pub(super) fn link_request(&mut self, at: u32) {
        let Some(place) = self.requests.get(at).map(|request| request.connection) else {
            return;
        };
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        row.outstanding += 1;
        let next = row.requests.replace(at);
        if let Some(request) = self.requests.get_mut(at) {
            (request.previous, request.next) = (None, next);
        }
        if let Some(request) = next.and_then(|next| self.requests.get_mut(next)) {
            request.previous = Some(at);
        }
    }

    pub(super) fn unlink_request(&mut self, at: u32) {
        let Some(request) = self.requests.get(at) else {
            return;
        };
        let (place, previous, next) = (request.connection, request.previous, request.next);
        if let Some(request) = next.and_then(|next| self.requests.get_mut(next)) {
            request.previous = previous;
        }
        if let Some(request) = previous.and_then(|previous| self.requests.get_mut(previous)) {
            request.next = next;
        }
        if let Some(row) = self.connections.get_mut(place) {
            row.outstanding -= 1;
            if row.requests == Some(at) {
                row.requests = next;
            }
        }
    }

    /// Takes a request out of every table. Its id may still be in the sender, which skips what is gone.
    pub(super) fn remove_request(&mut self, at: u32) -> Option<Request> {
        self.unlink_request(at);
        let request = self.requests.remove(at)?;
        self.by_id.remove(&(request.user, request.id));
        self.disarm(request.armed);
        Some(request)
    }

    pub(super) fn purge_requests(&mut self, place: u32) {
        while let Some(at) = self.connections.get(place).and_then(|row| row.requests) {
            self.unlink_request(at);
            let Some(request) = self.requests.remove(at) else {
                return;
            };
            self.by_id.remove(&(request.user, request.id));
            self.disarm(request.armed);
            if let Origin::Call { call, .. } = request.origin {
                self.calls.remove(call);
            }
        }
    }

    /// Ids of a connection's requests, oldest first.
    pub(super) fn request_ids(
        &self,
        row: &Connection,
    ) -> impl DoubleEndedIterator<Item = u32> + use<> {
        let mut ids = Vec::with_capacity(row.outstanding as usize);
        let mut at = row.requests;
        while let Some(request) = at.and_then(|at| self.requests.get(at)) {
            ids.push(request.id);
            at = request.next;
        }
        ids.into_iter().rev()
    }
}
