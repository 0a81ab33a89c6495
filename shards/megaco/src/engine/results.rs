//! What comes back for a request: Pendings, replies, replies of the wrong peer, and the results users are given.

use super::Engine;
use super::receive::Source;
use crate::call::{Call, Origin, Outcome, told};
use crate::config::{Profile, Timer};
use crate::handle::CallId;
use crate::request::{Request, RequestAction, RequestEvent};
use crate::user::UserReply;
use megaphone_h248::model::{Transaction, TransactionReply};
use megaphone_wheel::Tick;

impl Engine {
    pub(super) fn pending_received(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        id: u32,
        transaction: &Transaction<'_>,
    ) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let (limit, keep_bytes, rfc) = (
            row.config.recv_pending_limit,
            row.config.long_request_resend,
            row.config.profile == Profile::Rfc,
        );
        let at = self.by_id.get(&(row.user, id));
        let Some((at, request)) = at.and_then(|at| Some((at, self.requests.get_mut(at)?))) else {
            return self.unexpected(now, place, source, version, transaction);
        };
        if request.connection != place {
            return self.unexpected(now, place, source, version, transaction);
        }
        let over = limit.is_some_and(|limit| request.pendings >= limit);
        let (state, action) = request.state.on(if over {
            RequestEvent::PendingOverLimit
        } else {
            RequestEvent::Pending
        });
        request.state = state;
        request.pendings = request.pendings.saturating_add(1);
        match action {
            RequestAction::SwitchTimer => {
                if !keep_bytes {
                    request.bytes = None;
                }
                let timer = request.long_timer;
                self.rearm_request(now, at, timer);
            }
            RequestAction::RestartTimer => {
                // RFC 3525 8: every Pending restarts the timer. OTP leaves a timer on its final leg alone.
                let next = request.timer.restart().or(rfc.then_some(request.timer));
                if let Some(timer) = next {
                    self.rearm_request(now, at, timer);
                }
            }
            RequestAction::FailPendingLimit => {
                let Some(request) = self.remove_request(at) else {
                    return;
                };
                self.count_error(Some(place));
                self.deliver(
                    now,
                    place,
                    &request,
                    Some(source),
                    &UserReply::ExceededRecvPendingLimit,
                    None,
                );
            }
            _ => {}
        }
    }

    /// A reply with a fault comes with that fault as its result.
    #[expect(clippy::too_many_arguments, reason = "the parts of one received reply")]
    pub(super) fn reply_received(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        reply: &TransactionReply<'_>,
        transaction: &Transaction<'_>,
        faulty: bool,
    ) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let rfc = row.config.profile == Profile::Rfc;
        let at = self.by_id.get(&(row.user, reply.transaction_id));
        let Some((at, request)) = at.and_then(|at| Some((at, self.requests.get_mut(at)?))) else {
            self.unexpected(now, place, source, version, transaction);
            if rfc && reply.imm_ack_required {
                // Our acknowledgement was lost, or we would not be asked again.
                self.acknowledge_now(now, place, source, reply.transaction_id);
            }
            return;
        };
        if request.connection != place {
            return self.wrong_mid(now, place, at, source, reply);
        }
        if let Some(segment) = reply.segment {
            return self.segment_received(
                now,
                place,
                source,
                version,
                at,
                segment,
                reply,
                transaction,
            );
        }
        let keep = request.rare.as_ref().and_then(|rare| rare.keep_alive);
        let event = if keep.is_some() {
            RequestEvent::KeptReply
        } else {
            RequestEvent::Reply
        };
        let (state, action) = request.state.on(event);
        request.state = state;
        let pended = request.pendings > 0;
        match action {
            RequestAction::Deliver => {
                let Some(request) = self.remove_request(at) else {
                    return;
                };
                self.answered(now, place, &request, reply);
                self.acknowledge(now, place, source, reply, pended);
                self.deliver(
                    now,
                    place,
                    &request,
                    Some(source),
                    &told(&reply.result, faulty),
                    None,
                );
            }
            RequestAction::DeliverAndKeep => {
                let number = self.number(at);
                self.rearm_request(now, at, Timer::Once(keep.unwrap_or(0)));
                self.acknowledge(now, place, source, reply, pended);
                self.deliver_kept(now, place, at, source, &told(&reply.result, faulty), number);
            }
            RequestAction::DeliverNumbered => {
                let number = self.number(at);
                self.acknowledge(now, place, source, reply, pended);
                self.deliver_kept(now, place, at, source, &told(&reply.result, faulty), number);
            }
            _ => self.unexpected(now, place, source, version, transaction),
        }
    }

    /// A reply in time: what it tells about delays and registration.
    pub(super) fn answered(
        &mut self,
        now: Tick,
        place: u32,
        request: &Request,
        reply: &TransactionReply<'_>,
    ) {
        let delay = now.since(request.first_sent);
        self.originate_times.record(delay);
        let first = request.resends == 0 && request.pendings == 0;
        if let Some(row) = self.connections.get_mut(place).filter(|_| first) {
            row.rtt.observe(delay);
        }
        if request.rare.as_ref().is_some_and(|rare| rare.registers) {
            self.settle_registration(place, &reply.result);
        }
    }

    fn number(&mut self, at: u32) -> u32 {
        let rare = self
            .requests
            .get_mut(at)
            .and_then(|request| request.rare.as_mut());
        rare.map_or(1, |rare| {
            rare.replies += 1;
            rare.replies
        })
    }

    fn deliver_kept(
        &mut self,
        now: Tick,
        place: u32,
        at: u32,
        source: Source,
        reply: &UserReply<'_>,
        number: u32,
    ) {
        let Some(origin) = self.requests.get(at).map(|request| request.origin) else {
            return;
        };
        self.deliver_to(now, place, origin, Some(source), reply, Some(number));
    }

    fn wrong_mid(
        &mut self,
        now: Tick,
        place: u32,
        at: u32,
        source: Source,
        reply: &TransactionReply<'_>,
    ) {
        self.count_error(Some(place));
        let Some(request) = self.requests.get_mut(at) else {
            return;
        };
        let origin = request.origin;
        match origin {
            Origin::Call { .. } => request.origin = Origin::Orphan,
            // Whom we asked is known by name: what anybody else says ends no attempt.
            Origin::Registration { .. } => return,
            Origin::Cast { .. } | Origin::Orphan => {}
        }
        let right = self
            .connections
            .get(request.connection)
            .and_then(|row| row.remote.clone());
        let Some(wrong) = self
            .connections
            .get(place)
            .and_then(|row| row.remote.clone())
        else {
            return;
        };
        let result = UserReply::WrongMid {
            wrong: &wrong,
            right: right.as_ref(),
            result: &reply.result,
        };
        self.deliver_to(now, place, origin, Some(source), &result, None);
    }

    /// Tells the user of a transaction that nothing waits for.
    pub(super) fn unexpected(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        transaction: &Transaction<'_>,
    ) {
        self.totals.unexpected += 1;
        let mut callee = self.callee(place, Some(source));
        callee.version = version;
        self.call_user(now, place, callee, "handle_unexpected_trans", |user, cx| {
            user.handle_unexpected_trans(cx, transaction);
        });
    }

    /// Gives a result to whoever waits for it.
    pub(super) fn deliver(
        &mut self,
        now: Tick,
        place: u32,
        request: &Request,
        source: Option<Source>,
        reply: &UserReply<'_>,
        number: Option<u32>,
    ) {
        self.deliver_to(now, place, request.origin, source, reply, number);
    }

    pub(super) fn deliver_to(
        &mut self,
        now: Tick,
        place: u32,
        origin: Origin,
        source: Option<Source>,
        reply: &UserReply<'_>,
        number: Option<u32>,
    ) {
        let mut callee = self.callee(place, source);
        match origin {
            Origin::Orphan => {}
            Origin::Registration { attempt } => {
                self.registration_answered(now, place, attempt, reply);
            }
            Origin::Cast {
                data,
                module,
                user_args,
            } => {
                (callee.module, callee.user_args) = (module, user_args);
                self.call_user(now, place, callee, "handle_trans_reply", |user, cx| {
                    user.handle_trans_reply(cx, reply, number, data);
                });
            }
            Origin::Call {
                call,
                index,
                module,
                user_args,
            } => {
                (callee.module, callee.user_args) = (module, user_args);
                let Some(done) = self.call_answered(call, index.into(), reply) else {
                    return;
                };
                let id = CallId(done.id);
                self.call_user(now, place, callee, "handle_call_reply", |user, cx| {
                    if done.outcomes.is_empty() {
                        return user.handle_call_reply(cx, id, std::slice::from_ref(reply));
                    }
                    let replies: Vec<_> = done
                        .outcomes
                        .iter()
                        .flatten()
                        .map(Outcome::as_reply)
                        .collect();
                    user.handle_call_reply(cx, id, &replies);
                });
            }
        }
    }

    /// Notes one of a call's results; the call, once complete. The result of a call of one transaction is never copied.
    fn call_answered(&mut self, place: u32, index: usize, reply: &UserReply<'_>) -> Option<Call> {
        let call = self.calls.get_mut(place)?;
        if call.outcomes.is_empty() && call.missing == 1 {
            return self.calls.remove(place);
        }
        if call.outcomes.is_empty() {
            call.outcomes.resize_with(call.missing, || None);
        }
        let slot = call.outcomes.get_mut(index)?;
        if slot.replace(Outcome::of(reply)).is_none() {
            call.missing -= 1;
        }
        if call.missing == 0 {
            self.calls.remove(place)
        } else {
            None
        }
    }
}
