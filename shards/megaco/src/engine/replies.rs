//! The answering side as the peer sees it: new requests, duplicates, Pendings, acknowledgements. Their timers are in `expiries`.

use super::faults::Note;
use super::outgoing::Carrier;
use super::receive::Source;
use super::timers::millis;
use super::{Engine, TimerKey};
use crate::codec;
use crate::config::Timer;
use crate::fault;
use crate::registration;
use crate::reply::{RareReply, Reply, ReplyAction, ReplyEvent, ReplyState};
use crate::trace::{self, Way};
use crate::user::{AckStatus, Reason};
use megaphone_h248::model::{ErrorDescriptor, TransactionRequest, TransactionResult};
use megaphone_wheel::Tick;

impl Engine {
    /// A request: its new row, if it is to be executed.
    pub(super) fn request_received(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        request: &TransactionRequest<'_>,
        note: Option<Note>,
    ) -> Option<u32> {
        let id = request.transaction_id;
        let row = self.connections.get_mut(place)?;
        if let Some(at) = row.replies.get(id) {
            self.duplicate(now, at, source);
            return None;
        }
        let long_timer = millis(row.config.long_timer);
        if row
            .recent
            .as_mut()
            .is_some_and(|recent| recent.contains(now, long_timer, id))
        {
            self.totals.late_duplicates += 1;
            return None;
        }
        if self.is_full(place) {
            self.totals.refused += 1;
            let busy = TransactionResult::Error(fault::busy());
            self.send_plain_reply(now, place, source, version, id, busy);
            return None;
        }
        let row = self.connections.get_mut(place)?;
        let registers = registration::is_registration(&row.config, &request.actions);
        let refused = registration::refuses(row, registers);
        let hand_off = registration::hand_off(&row.config, &request.actions);
        self.serial = self.serial.wrapping_add(1);
        let any = note.is_some() || registers || hand_off.is_some();
        let rare = any.then(|| {
            Box::new(RareReply {
                control: source.control.filter(|_| registers),
                note,
                registers,
                hand_off,
                ..RareReply::default()
            })
        });
        let at = self.replies.insert(Reply {
            connection: place,
            id,
            serial: self.serial,
            pendings: 0,
            state: ReplyState::Prepared,
            version,
            imm_ack: false,
            binary: false,
            timer: row.config.pending_timer,
            armed: None,
            since: now,
            answered: 0,
            send_handle: source.send_handle,
            extra: source.extra,
            ack: None,
            bytes: Box::default(),
            rare,
        });
        row.replies.insert(id, at);
        if refused {
            self.totals.unregistered += 1;
            self.abort(now, at, fault::not_registered(), Some(source));
            return None;
        }
        Some(at)
    }

    /// Whether a connection may have no request more: what it has, or has to remember, is at a limit.
    fn is_full(&self, place: u32) -> bool {
        let options = &self.options;
        self.replies.len() >= options.replies_max
            || self.connections.get(place).is_some_and(|row| {
                let recent = row.recent.as_ref().map_or(0, |recent| recent.intervals());
                row.replies.len() >= options.replies_per_connection_max
                    || recent >= options.recent_intervals_per_connection_max
            })
    }

    /// The request is known: it is never executed again.
    fn duplicate(&mut self, now: Tick, at: u32, source: Source) {
        self.totals.duplicates += 1;
        let over = self.over_limit(at);
        let event = if over {
            ReplyEvent::DuplicateOverLimit
        } else {
            ReplyEvent::Duplicate
        };
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let (place, state) = (reply.connection, reply.state);
        match state.on(event).1 {
            ReplyAction::SendPending => self.send_pending(now, at, source.send_handle),
            ReplyAction::AbortPendingLimit => {
                self.abort(now, at, fault::pending_limit(), Some(source));
            }
            ReplyAction::Resend => self.resend_reply(now, at, source),
            ReplyAction::ResendSegments => {
                let segments = reply.rare.as_ref().and_then(|rare| rare.segments.as_ref());
                let parts = segments
                    .map(|segments| segments.outstanding())
                    .unwrap_or_default();
                self.send_segments(now, place, at, source.send_handle, &parts, true);
            }
            _ => {}
        }
    }

    /// Whether one Pending more would exceed `sent_pending_limit`.
    pub(super) fn over_limit(&self, at: u32) -> bool {
        let Some(reply) = self.replies.get(at) else {
            return false;
        };
        let limit = self
            .connections
            .get(reply.connection)
            .and_then(|row| row.config.sent_pending_limit);
        limit.is_some_and(|limit| reply.pendings >= limit)
    }

    pub(super) fn send_pending(&mut self, now: Tick, at: u32, handle: crate::handle::SendHandle) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        reply.pendings = reply.pendings.saturating_add(1);
        let (place, version, id) = (reply.connection, reply.version, reply.id);
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let (bytes, binary) = (codec::pending(&row.config, id), row.config.is_binary());
        self.trace(
            now,
            trace::DEBUG,
            Some(place),
            Way::Out,
            "Pending",
            Some(id),
            format_args!(""),
        );
        let carrier = Carrier::new(handle, Some(version), &bytes, binary);
        self.carry(now, place, carrier);
    }

    pub(super) fn resend_reply(&mut self, now: Tick, at: u32, source: Source) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let (place, id, version) = (reply.connection, reply.id, reply.version);
        let binary = reply.binary;
        if reply.bytes.is_empty() {
            let segments = reply.rare.as_ref().and_then(|rare| rare.segments.as_ref());
            let parts = segments
                .map(|segments| segments.parts().to_vec())
                .unwrap_or_default();
            return self.send_segments(now, place, at, source.send_handle, &parts, true);
        }
        // The row gives its bytes away for the length of a call rather than have them copied.
        let bytes = std::mem::take(&mut reply.bytes);
        let carrier = Carrier {
            reply: Some(id),
            resend: true,
            ..Carrier::new(source.send_handle, Some(version), &bytes, binary)
        };
        self.carry(now, place, carrier);
        if let Some(reply) = self.replies.get_mut(at) {
            reply.bytes = bytes;
        }
    }

    /// Ends a request with an error of ours; the user's later answer is stale. `source` is of the message that made it end, if one did.
    pub(super) fn abort(
        &mut self,
        now: Tick,
        at: u32,
        error: ErrorDescriptor<'static>,
        source: Option<Source>,
    ) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let (place, id, version, handle) =
            (reply.connection, reply.id, reply.version, reply.send_handle);
        let working = matches!(reply.state, ReplyState::Executing | ReplyState::Long);
        let started = reply.since;
        reply.state = ReplyState::Aborted;
        let batch = reply.rare.as_mut().and_then(|rare| rare.batch.take());
        let token = self.token(at);
        let Some(config) = self.connections.get(place).map(|row| row.config.clone()) else {
            return;
        };
        self.count_error(Some(place));
        let bytes = codec::reply(&config, id, false, None, &TransactionResult::Error(error))
            .unwrap_or_default();
        if let Some(reply) = self.replies.get_mut(at) {
            reply.binary = config.is_binary();
        }
        self.answer_times.record(now.since(started));
        self.keep_reply(now, at, bytes.into(), config.reply_timer);
        self.send_kept(now, at, handle, false);
        if let (true, Some(token)) = (working, token) {
            let mut callee = self.callee(place, source);
            callee.version = version;
            self.call_user(
                now,
                place,
                callee,
                "handle_trans_request_abort",
                |user, cx| {
                    user.handle_trans_request_abort(cx, token);
                },
            );
        }
        self.go_on(now, batch);
    }

    /// Keeps an answered request's reply for `timer`.
    pub(super) fn keep_reply(&mut self, now: Tick, at: u32, bytes: Box<[u8]>, timer: Timer) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        reply.bytes = bytes;
        reply.since = now;
        self.moment = self.moment.wrapping_add(1);
        reply.answered = self.moment;
        reply.timer = timer;
        let old = reply.armed.take();
        self.disarm(old);
        let armed = self.arm(now, timer, TimerKey::Reply(at));
        if let Some(reply) = self.replies.get_mut(at) {
            reply.armed = armed;
        }
    }

    /// Sends a kept reply for the first time.
    pub(super) fn send_kept(
        &mut self,
        now: Tick,
        at: u32,
        handle: crate::handle::SendHandle,
        alone: bool,
    ) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let (place, id, version) = (reply.connection, reply.id, reply.version);
        let binary = reply.binary;
        let bytes = std::mem::take(&mut reply.bytes);
        self.trace(
            now,
            trace::DEBUG,
            Some(place),
            Way::Out,
            "Reply",
            Some(id),
            format_args!(""),
        );
        let carrier = Carrier {
            reply: Some(id),
            alone,
            ..Carrier::new(handle, Some(version), &bytes, binary)
        };
        self.carry(now, place, carrier);
        if let Some(reply) = self.replies.get_mut(at) {
            reply.bytes = bytes;
        }
    }

    /// A reply without a row: nothing is remembered.
    pub(super) fn send_plain_reply(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        id: u32,
        result: TransactionResult<'_>,
    ) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let Ok(bytes) = codec::reply(&row.config, id, false, None, &result) else {
            return;
        };
        let carrier = Carrier::new(
            source.send_handle,
            Some(version),
            &bytes,
            row.config.is_binary(),
        );
        self.carry(now, place, carrier);
    }

    /// Drops a row, remembers its id for what is left of LONG-TIMER, and tells the user if it asked. `extra` came with the
    /// acknowledgement, if one did.
    pub(super) fn end_reply(
        &mut self,
        now: Tick,
        at: u32,
        status: Option<AckStatus>,
        extra: Option<u64>,
    ) {
        let Some(reply) = self.remove_reply(at) else {
            return;
        };
        let long_timer = self
            .connections
            .get(reply.connection)
            .map_or(0, |row| row.config.long_timer);
        if now.since(reply.since) < millis(long_timer) {
            self.remember(now, reply.connection, reply.id);
        }
        if let (Some(status), Some(data)) = (status, reply.ack) {
            let row = self.connections.get(reply.connection);
            let source = row.map(|row| Source {
                send_handle: row.send_handle,
                control: row.control,
                extra,
            });
            let mut callee = self.callee(reply.connection, source);
            callee.version = reply.version;
            self.call_user(
                now,
                reply.connection,
                callee,
                "handle_trans_ack",
                |user, cx| {
                    user.handle_trans_ack(cx, &status, data);
                },
            );
        }
    }

    pub(super) fn reply_send_failed(&mut self, now: Tick, place: u32, id: u32, reason: &Reason) {
        let Some(at) = self
            .connections
            .get(place)
            .and_then(|row| row.replies.get(id))
        else {
            return;
        };
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        // The row stays: a duplicate is answered from it. The user is told once.
        let version = reply.version;
        let Some(data) = reply.ack.take() else { return };
        let mut callee = self.callee(place, None);
        callee.version = version;
        let status = AckStatus::Failed(reason.clone());
        self.call_user(now, place, callee, "handle_trans_ack", |user, cx| {
            user.handle_trans_ack(cx, &status, data)
        });
    }

    pub(super) fn cancel_replies(&mut self, now: Tick, place: u32, reason: &Reason) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let live: Vec<u32> = row.replies.iter().map(|(_, at)| at).collect();
        for at in live {
            let Some(reply) = self.replies.get(at) else {
                continue;
            };
            match reply.state.on(ReplyEvent::Cancel).1 {
                ReplyAction::Cancelled => {
                    self.end_reply(now, at, Some(AckStatus::Failed(reason.clone())), None)
                }
                ReplyAction::Forget => self.end_reply(now, at, None, None),
                _ => {}
            }
        }
    }

    /// Takes a row out of every table. Only an open request has others waiting behind it: who removes one goes on with its batch.
    pub(super) fn remove_reply(&mut self, at: u32) -> Option<Reply> {
        let reply = self.replies.remove(at)?;
        if let Some(row) = self.connections.get_mut(reply.connection) {
            row.replies.remove(reply.id);
        }
        self.disarm(reply.armed);
        Some(reply)
    }

    pub(super) fn purge_replies(&mut self, place: u32) {
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        for (_, at) in std::mem::take(&mut row.replies).iter() {
            let Some(reply) = self.replies.remove(at) else {
                continue;
            };
            self.disarm(reply.armed);
            if let Some(batch) = reply.rare.and_then(|rare| rare.batch) {
                self.batches.remove(batch);
            }
        }
    }
}
