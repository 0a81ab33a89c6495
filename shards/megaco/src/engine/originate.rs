//! The originating side: calls and casts, their re-sends, and the Pendings, replies and failures that end them.

use super::receive::Source;
use super::timers::millis;
use super::{Engine, SendTag, TimerKey};
use crate::call::{Actions, Call, CallOptions, EncodedActions, Origin, Outcome, whole};
use crate::codec;
use crate::config::{Config, Expiry, Profile, Timer};
use crate::connection::Connection;
use crate::fault::Error;
use crate::handle::{CallId, ConnectionId};
use crate::registration;
use crate::request::{RareRequest, Request, RequestAction, RequestEvent, RequestState};
use crate::trace::{self, Way};
use crate::user::{Reason, UserReply};
use megaphone_h248::model::{ActionRequest, Transaction, TransactionReply};
use megaphone_wheel::Tick;
use smallvec::SmallVec;
use std::sync::Arc;

/// Transactions of one call or cast.
pub(super) const TRANSACTIONS_PER_CALL_MAX: usize = 1024;

impl Engine {
    /// Sends transactions and reports all their results together, through `handle_call_reply` (`call/3`).
    pub fn call(
        &mut self,
        now: Tick,
        connection: ConnectionId,
        transactions: &[Actions<'_>],
        options: &CallOptions,
    ) -> Result<CallId, Error> {
        let place = self.place(connection)?;
        let callee = self.callee(place, None);
        self.calls_made += 1;
        let id = self.calls_made;
        let call = self.calls.insert(Call {
            id,
            missing: transactions.len(),
            outcomes: Vec::new(),
        });
        let origin = |index: usize| Origin::Call {
            call,
            index: u16::try_from(index).unwrap_or(u16::MAX),
            user_mod: options.user_mod.unwrap_or(callee.user_mod),
            user_args: options.user_args.unwrap_or(callee.user_args),
        };
        match self.originate(now, place, transactions, options, origin) {
            Ok(()) => Ok(CallId(id)),
            Err(error) => {
                self.calls.remove(call);
                Err(error)
            }
        }
    }

    /// Sends transactions; each result comes by itself, through `handle_trans_reply` (`cast/3`).
    pub fn cast(
        &mut self,
        now: Tick,
        connection: ConnectionId,
        transactions: &[Actions<'_>],
        options: &CallOptions,
    ) -> Result<(), Error> {
        let place = self.place(connection)?;
        let callee = self.callee(place, None);
        let data = options
            .reply_data
            .unwrap_or(self.row(connection)?.config.reply_data);
        self.originate(now, place, transactions, options, |_| Origin::Cast {
            data,
            user_mod: options.user_mod.unwrap_or(callee.user_mod),
            user_args: options.user_args.unwrap_or(callee.user_args),
        })
    }

    /// Encodes actions once for any number of transactions (`encode_actions/3`).
    pub fn encode_actions(
        &self,
        connection: ConnectionId,
        actions: &[ActionRequest<'_>],
        options: &CallOptions,
    ) -> Result<EncodedActions, Error> {
        let config = &self.row(connection)?.config;
        let version = options.protocol_version.unwrap_or(config.protocol_version);
        if actions.is_empty() {
            return Err(Error::NoActions);
        }
        Ok(EncodedActions {
            encoding: config.encoding_mod,
            version,
            actions: codec::actions(config, actions)?,
        })
    }

    fn originate(
        &mut self,
        now: Tick,
        place: u32,
        transactions: &[Actions<'_>],
        options: &CallOptions,
        origin: impl Fn(usize) -> Origin,
    ) -> Result<(), Error> {
        if let Some(module) = options.user_mod {
            self.module_exists(module)?;
        }
        let Some(row) = self.connections.get(place) else {
            return Err(Error::NoActions);
        };
        let (config, user, handle) = (row.config.clone(), row.user, row.send_handle);
        if transactions.len() > TRANSACTIONS_PER_CALL_MAX {
            return Err(Error::Limit("transactions_per_call_max"));
        }
        if row.outstanding as usize + transactions.len() > self.options.requests_per_connection_max
        {
            self.totals.refused += 1;
            return Err(Error::Limit("requests_per_connection_max"));
        }
        let made = self.encode_all(&config, user, transactions, options)?;
        let handle = options.send_handle.unwrap_or(handle);
        let mut ids = SmallVec::<[u32; 2]>::new();
        for (index, (id, bytes)) in made.into_iter().enumerate() {
            let registers = registration::registers(&config, &transactions[index]);
            let origin = origin(index);
            let keep_alive = match origin {
                Origin::Cast { .. } => options
                    .request_keep_alive_timeout
                    .or(config.request_keep_alive_timeout),
                Origin::Call { .. } | Origin::Orphan => None,
            };
            let rare = rare(options, keep_alive, registers);
            let timer = options.request_timer.unwrap_or(config.request_timer);
            let request = Request {
                connection: place,
                user,
                id,
                state: RequestState::Waiting,
                timer,
                backoff: config.profile == Profile::Rfc && options.request_timer.is_none(),
                armed: None,
                long_timer: options
                    .long_request_timer
                    .unwrap_or(config.long_request_timer),
                bytes: Some(bytes),
                origin,
                first_sent: now,
                resends: 0,
                pendings: 0,
                previous: None,
                next: None,
                rare,
            };
            let at = self.requests.insert(request);
            self.by_id.insert((user, id), at);
            self.link_request(at);
            self.arm_request(now, at);
            ids.push(id);
        }
        if config.stores_requests() && !options.direct && options.send_handle.is_none() {
            self.submit(now, place, &ids);
        } else {
            self.send_requests(now, place, handle, options.protocol_version, &ids, false);
        }
        Ok(())
    }

    /// Reserves ids and encodes; on an error nothing has changed but the id counter.
    fn encode_all(
        &mut self,
        config: &Config,
        user: u32,
        transactions: &[Actions<'_>],
        options: &CallOptions,
    ) -> Result<Vec<(u32, Arc<[u8]>)>, Error> {
        let version = options.protocol_version.unwrap_or(config.protocol_version);
        let mut made: Vec<(u32, Arc<[u8]>)> = Vec::with_capacity(transactions.len());
        for actions in transactions {
            let id = self.next_transaction_id(user)?;
            if made.iter().any(|(used, _)| *used == id) {
                return Err(Error::NoTransactionId);
            }
            let bytes = match actions {
                Actions::Plain([]) => return Err(Error::NoActions),
                Actions::Plain(actions) => codec::request(config, id, actions)?,
                Actions::Encoded(encoded)
                    if (encoded.encoding, encoded.version) != (config.encoding_mod, version) =>
                {
                    return Err(Error::WrongEncoding);
                }
                Actions::Encoded(encoded) => codec::request_of(config, id, &encoded.actions)?,
            };
            made.push((id, bytes));
        }
        if made.is_empty() {
            Err(Error::NoActions)
        } else {
            Ok(made)
        }
    }

    /// Starts what a waiting request waits with.
    fn arm_request(&mut self, now: Tick, at: u32) {
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
        let version = request.rare.as_ref().and_then(|rare| rare.version);
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
            self.send_requests(now, place, handle.unwrap_or(own), version, &[id], true);
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

    pub(super) fn reply_received(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        reply: &TransactionReply<'_>,
        transaction: &Transaction<'_>,
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
                    &whole(&reply.result),
                    None,
                );
            }
            RequestAction::DeliverAndKeep => {
                let number = self.number(at);
                self.rearm_request(now, at, Timer::Once(keep.unwrap_or(0)));
                self.acknowledge(now, place, source, reply, pended);
                self.deliver_kept(now, place, at, source, reply, number);
            }
            RequestAction::DeliverNumbered => {
                let number = self.number(at);
                self.acknowledge(now, place, source, reply, pended);
                self.deliver_kept(now, place, at, source, reply, number);
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
        if let Some(row) = self.connections.get_mut(place) {
            if request.resends == 0 && request.pendings == 0 {
                row.rtt.observe(delay);
            }
            if request.rare.as_ref().is_some_and(|rare| rare.registers) {
                registration::gateway_answered(row, &reply.result);
            }
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
        reply: &TransactionReply<'_>,
        number: u32,
    ) {
        let Some(origin) = self.requests.get(at).map(|request| request.origin) else {
            return;
        };
        self.deliver_to(
            now,
            place,
            origin,
            Some(source),
            &whole(&reply.result),
            Some(number),
        );
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
        if matches!(origin, Origin::Call { .. }) {
            request.origin = Origin::Orphan;
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
            Origin::Cast {
                data,
                user_mod,
                user_args,
            } => {
                (callee.user_mod, callee.user_args) = (user_mod, user_args);
                self.call_user(now, place, callee, "handle_trans_reply", |user, cx| {
                    user.handle_trans_reply(cx, reply, number, data);
                });
            }
            Origin::Call {
                call,
                index,
                user_mod,
                user_args,
            } => {
                (callee.user_mod, callee.user_args) = (user_mod, user_args);
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

    // Rows.

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

fn rare(
    options: &CallOptions,
    keep_alive: Option<u32>,
    registers: bool,
) -> Option<Box<RareRequest>> {
    let any = options.send_handle.is_some()
        || options.protocol_version.is_some()
        || keep_alive.is_some()
        || registers;
    any.then(|| {
        Box::new(RareRequest {
            send_handle: options.send_handle,
            version: options.protocol_version,
            keep_alive,
            registers,
            ..RareRequest::default()
        })
    })
}
