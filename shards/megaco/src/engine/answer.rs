//! What the user answers, at once or by token: replies encoded, kept and sent, whole or in segments.

use super::Engine;
use super::faults;
use crate::codec;
use crate::config::{Config, Profile, SegmentSend, Timer};
use crate::fault::{self, Error};
use crate::handle::{RequestToken, SendHandle};
use crate::reply::{ReplyAction, ReplyEvent, ReplyName, ReplyState};
use crate::segment::Segments;
use crate::sender::HEADER_BYTES;
use crate::trace::{self, Way};
use crate::user::{Answer, UserAnswer};
use megaphone_h248::model::TransactionResult;
use megaphone_wheel::Tick;
use std::collections::VecDeque;

/// How far the user got with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Answered, ignored or aborted.
    Over,
    /// The answer comes later.
    Later,
    /// The user asked for time; `handle_trans_long_request` is due with this data.
    Long(u64),
}

impl Engine {
    /// What follows from it.
    pub(super) fn answered_by_user(&mut self, now: Tick, at: u32, answer: Answer<'_>) -> Progress {
        match answer {
            Answer::Later => {
                self.arm_execution(now, at);
                Progress::Later
            }
            Answer::Ignore => {
                self.remove_reply(at);
                Progress::Over
            }
            Answer::Pending(data) => self.go_on_long(now, at, data),
            Answer::Reply(answer) => {
                self.reply_of_user(now, at, answer);
                Progress::Over
            }
        }
    }

    fn go_on_long(&mut self, now: Tick, at: u32, data: u64) -> Progress {
        if self.over_limit(at) {
            self.abort(now, at, fault::pending_limit(), None);
            return Progress::Over;
        }
        let Some(reply) = self.replies.get_mut(at) else {
            return Progress::Over;
        };
        let (state, action) = reply.state.on(ReplyEvent::UserPending);
        if action != ReplyAction::GoOnLong {
            return Progress::Over;
        }
        reply.state = state;
        let handle = reply.send_handle;
        self.send_pending(now, at, handle);
        Progress::Long(data)
    }

    /// The user's late answer.
    pub fn answer(
        &mut self,
        now: Tick,
        token: RequestToken,
        answer: Answer<'_>,
    ) -> Result<(), Error> {
        let stale = Error::Stale(token.transaction);
        let at = token.reply;
        let reply = self
            .replies
            .get_mut(at)
            .filter(|reply| (reply.serial, reply.id) == (token.serial, token.transaction))
            .ok_or(stale.clone())?;
        let open = match reply.state {
            ReplyState::Executing => true,
            ReplyState::Long => !matches!(answer, Answer::Pending(_)),
            _ => false,
        };
        if !open {
            return Err(stale);
        }
        let place = reply.connection;
        if matches!(answer, Answer::Later) {
            return Ok(());
        }
        let batch = reply.rare.as_mut().and_then(|rare| rare.batch.take());
        if let Progress::Long(data) = self.answered_by_user(now, at, answer) {
            let name = ReplyName {
                at,
                serial: token.serial,
            };
            match batch.and_then(|batch| self.batches.get_mut(batch)) {
                Some(batch) => batch.long.push_back((name, data)),
                None => self.run_long(now, &mut VecDeque::from([(name, data)])),
            }
        }
        self.go_on(now, batch);
        self.free_if_empty(place);
        Ok(())
    }

    pub(super) fn token(&self, at: u32) -> Option<RequestToken> {
        let reply = self.replies.get(at)?;
        Some(RequestToken {
            connection: self.id_at(reply.connection),
            reply: at,
            serial: reply.serial,
            transaction: reply.id,
        })
    }

    /// Sends the user's reply. A controller's hand-off is followed once it is agreed to.
    pub(super) fn reply_of_user(&mut self, now: Tick, at: u32, answer: UserAnswer<'_>) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let place = reply.connection;
        let hand_off = reply.rare.as_mut().and_then(|rare| rare.hand_off.take());
        let agreed =
            hand_off.filter(|_| crate::registration::accepted_version(&answer.result).is_some());
        self.send_reply_of_user(now, at, answer);
        if let Some(to) = agreed {
            self.handed_off(now, place, to);
        }
    }

    /// Encodes, keeps and sends it.
    fn send_reply_of_user(&mut self, now: Tick, at: u32, answer: UserAnswer<'_>) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let (place, id) = (reply.connection, reply.id);
        let Some(config) = self.connections.get(place).map(|row| row.config.clone()) else {
            return;
        };
        let (mut imm_ack, data) = answer.ack.resolve(reply.pendings > 0);
        // RFC 3525 D.1.4: who sent a Pending wants its final reply confirmed.
        imm_ack |= config.profile == Profile::Rfc && reply.pendings > 0;
        reply.imm_ack = imm_ack;
        reply.binary = config.is_binary();
        reply.ack = data;
        let version = answer.options.protocol_version.unwrap_or(reply.version);
        reply.version = version;
        let tail = reply.rare.as_mut().and_then(|rare| rare.tail.take());
        let result = match &tail {
            Some(tail) => faults::ended(answer.result, tail),
            None => answer.result,
        };
        let registers = reply.rare.as_ref().filter(|rare| rare.registers);
        let registered = registers.map(|rare| (reply.send_handle, rare.control));
        let handle = answer.options.send_handle.unwrap_or(reply.send_handle);
        reply.send_handle = handle;
        let timer = answer.options.reply_timer.unwrap_or(config.reply_timer);
        let started = reply.since;
        self.answer_times.record(now.since(started));
        if let Some(from) = registered {
            self.gateway_registers(place, &result, from);
        }
        let bytes = self.encode_reply(now, place, &config, (id, imm_ack), &result);
        match oversize(&config, version, bytes.len(), &result) {
            Oversize::Fits => {}
            Oversize::Refuse => {
                let error = TransactionResult::Error(fault::too_large());
                let bytes = codec::reply(&config, id, imm_ack, None, &error).unwrap_or_default();
                let bytes = bytes.into();
                return self.keep_and_send(now, at, bytes, timer, handle, answer.options.direct);
            }
            Oversize::Segment(limit) => {
                if let Some(parts) = codec::segments(&config, id, imm_ack, &result, limit) {
                    return self.segment(now, at, parts, timer, &config);
                }
            }
        }
        self.keep_and_send(now, at, bytes, timer, handle, answer.options.direct);
    }

    /// The reply as it is kept: written into a buffer that grew before, then copied to exactly its room. One that cannot be
    /// written becomes an error; the empty one, if even that has no form.
    fn encode_reply(
        &mut self,
        now: Tick,
        place: u32,
        config: &Config,
        (id, imm_ack): (u32, bool),
        result: &TransactionResult<'_>,
    ) -> Box<[u8]> {
        let mut buffer = self.buffers.pop().unwrap_or_default();
        let mut encode =
            |result: &_| codec::reply_into(config, id, imm_ack, None, result, &mut buffer);
        if let Err(error) = encode(result) {
            // Nothing is written if that has no form either.
            let _ = encode(&TransactionResult::Error(fault::encode_reply()));
            self.trace(
                now,
                trace::IMPORTANT,
                Some(place),
                Way::FromUser,
                "reply",
                Some(id),
                format_args!("{error}"),
            );
            self.count_error(Some(place));
        }
        let bytes = Box::from(&buffer[..]);
        self.recycle(buffer);
        bytes
    }

    fn keep_and_send(
        &mut self,
        now: Tick,
        at: u32,
        bytes: Box<[u8]>,
        timer: Timer,
        handle: SendHandle,
        direct: bool,
    ) {
        if let Some(reply) = self.replies.get_mut(at) {
            reply.state = reply.state.on(ReplyEvent::UserReply).0;
        }
        self.keep_reply(now, at, bytes, timer);
        self.send_kept(now, at, handle, direct);
    }

    /// Starts sending a reply in segments.
    fn segment(
        &mut self,
        now: Tick,
        at: u32,
        parts: Vec<Box<[u8]>>,
        timer: Timer,
        config: &Config,
    ) {
        let window = match config.segment_send {
            SegmentSend::Window(window) => Some(window),
            SegmentSend::Off | SegmentSend::Unlimited => None,
        };
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        reply.state = reply.state.on(ReplyEvent::UserReplySegmented).0;
        reply.since = now;
        self.moment = self.moment.wrapping_add(1);
        reply.answered = self.moment;
        let (place, handle) = (reply.connection, reply.send_handle);
        let segment_timer = super::segments::resend_timer(config.segment_send_timer, timer);
        let mut segments = Segments::new(parts, window, segment_timer);
        let first = segments.send(now);
        let rare = reply.rare.get_or_insert_default();
        rare.reply_timer = Some(timer);
        rare.segments = Some(segments);
        self.send_segments(now, place, at, handle, &first, false);
        self.arm_segments(at);
    }
}

enum Oversize {
    Fits,
    /// Segments of at most so many bytes each.
    Segment(usize),
    /// Error 533.
    Refuse,
}

fn oversize(
    config: &Config,
    version: u8,
    bytes: usize,
    result: &TransactionResult<'_>,
) -> Oversize {
    let Some(max) = config
        .max_pdu_size
        .map(|max| max as usize)
        .filter(|max| *max >= HEADER_BYTES)
    else {
        return Oversize::Fits;
    };
    let limit = max - HEADER_BYTES;
    if bytes <= limit || matches!(result, TransactionResult::Error(_)) {
        Oversize::Fits
    } else if config.segment_send != SegmentSend::Off && version >= 3 {
        Oversize::Segment(limit)
    } else if config.profile == Profile::Rfc {
        Oversize::Refuse
    } else {
        Oversize::Fits
    }
}
