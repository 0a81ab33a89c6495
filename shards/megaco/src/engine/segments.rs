//! Segmented replies in the engine: sending windows of segments, collecting a peer's, acknowledging both ways.

use super::outgoing::Carrier;
use super::receive::Source;
use super::{Engine, TimerKey};
use crate::call::{Origin, parts};
use crate::codec;
use crate::config::{Retries, Timer};
use crate::fault;
use crate::handle::SendHandle;
use crate::reply::{ReplyAction, ReplyEvent, ReplyState};
use crate::request::{RequestAction, RequestEvent};
use crate::segment::{Accepted, CollectState, SendState};
use crate::user::{AckStatus, SegmentResult, UserReply};
use megaphone_h248::model::{IntoOwned, Segment, SegmentReply, Transaction, TransactionReply};
use megaphone_wheel::Tick;

/// What a segment's re-sends run on. A single shot is repeated for as long as the reply would be kept: it is a re-send timer after all.
pub(super) fn resend_timer(timer: Timer, reply_timer: Timer) -> Timer {
    match timer {
        Timer::Once(ms) => {
            let kept = reply_timer.period_ms().unwrap_or(u32::MAX);
            Timer::incremental(
                ms.max(1),
                1,
                0,
                Retries::Count((kept / ms.max(1)).saturating_sub(1)),
            )
        }
        other => other,
    }
}

impl Engine {
    // Sending.

    /// Sends segments, each in a message of its own.
    pub(super) fn send_segments(
        &mut self,
        now: Tick,
        place: u32,
        at: u32,
        handle: SendHandle,
        parts: &[Box<[u8]>],
        resend: bool,
    ) {
        let row = self.replies.get(at);
        let Some((id, version, binary)) = row.map(|reply| (reply.id, reply.version, reply.binary))
        else {
            return;
        };
        for bytes in parts {
            let carrier = Carrier {
                reply: Some(id),
                resend,
                ..Carrier::new(handle, Some(version), bytes, binary)
            };
            self.carry(now, place, carrier);
        }
    }

    pub(super) fn arm_segments(&mut self, at: u32) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let due = reply
            .rare
            .as_ref()
            .and_then(|rare| rare.segments.as_ref()?.deadline());
        let armed = due.map(|due| self.wheel.insert(due, TimerKey::Reply(at)));
        let old = std::mem::replace(&mut reply.armed, armed);
        self.disarm(old);
    }

    /// A segment of ours was acknowledged.
    pub(super) fn segment_reply_received(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        acked: &SegmentReply,
        transaction: &Transaction<'_>,
    ) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let (tell, version) = (row.config.segment_reply_ind, row.config.protocol_version);
        let found = row
            .replies
            .get(acked.transaction_id)
            .and_then(|at| Some((at, self.replies.get_mut(at)?)));
        let Some((at, reply)) = found.filter(|(_, reply)| reply.state != ReplyState::Done) else {
            return self.unexpected(now, place, source, version, transaction);
        };
        let handle = reply.send_handle;
        let segments = reply.rare.as_mut().and_then(|rare| rare.segments.as_mut());
        let Some(segments) = segments.filter(|_| reply.state == ReplyState::Segmenting) else {
            if reply.state.on(ReplyEvent::SegmentAck).1 == ReplyAction::Violation {
                self.totals.ack_violations += 1;
            }
            return;
        };
        if !segments.is_outstanding(acked.segment.number) {
            return;
        }
        segments.acknowledge(acked.segment.number);
        let next = segments.send(now);
        let event = match segments.state() {
            SendState::Complete => ReplyEvent::LastSegmentAck,
            SendState::Open | SendState::Flushed => ReplyEvent::SegmentAck,
        };
        let (state, action) = reply.state.on(event);
        reply.state = state;
        let timer = reply
            .rare
            .as_ref()
            .and_then(|rare| rare.reply_timer)
            .unwrap_or(reply.timer);
        if tell {
            let callee = self.callee(place, Some(source));
            let (id, segment) = (acked.transaction_id, acked.segment);
            self.call_user(now, place, callee, "handle_segment_reply", |user, cx| {
                user.handle_segment_reply(cx, id, segment.number, segment.complete);
            });
        }
        if action == ReplyAction::KeepSegments {
            self.keep_reply(now, at, Box::default(), timer);
        } else {
            self.send_segments(now, place, at, handle, &next, false);
            self.arm_segments(at);
        }
    }

    pub(super) fn segments_expired(&mut self, now: Tick, at: u32) {
        let Some(reply) = self.replies.get_mut(at) else {
            return;
        };
        let (place, handle) = (reply.connection, reply.send_handle);
        let segments = reply.rare.as_mut().and_then(|rare| rare.segments.as_mut());
        let again = segments.map(|segments| segments.expire(now));
        self.count_expiry(place);
        match again.flatten() {
            Some(again) => {
                self.send_segments(now, place, at, handle, &again, true);
                self.arm_segments(at);
            }
            None => self.segments_missing(now, at, None),
        }
    }

    /// Segments were never acknowledged.
    pub(super) fn segments_missing(&mut self, now: Tick, at: u32, extra: Option<u64>) {
        let Some(reply) = self.replies.get(at) else {
            return;
        };
        let place = reply.connection;
        let segments = reply.rare.as_ref().and_then(|rare| rare.segments.as_ref());
        let missing = segments
            .map(|segments| segments.missing())
            .unwrap_or_default();
        self.count_error(Some(place));
        let status = AckStatus::SegmentFailure(missing);
        self.end_reply(now, at, Some(status), extra);
    }

    // Receiving.

    /// A segment of a reply to one of our requests.
    #[expect(clippy::too_many_arguments, reason = "the parts of one received reply")]
    pub(super) fn segment_received(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        at: u32,
        segment: Segment,
        reply: &TransactionReply<'_>,
        transaction: &Transaction<'_>,
    ) {
        let Some(request) = self.requests.get_mut(at) else {
            return;
        };
        if request.state.on(RequestEvent::Segment).1 == RequestAction::Unexpected {
            return self.unexpected(now, place, source, version, transaction);
        }
        let cast = matches!(request.origin, Origin::Cast { .. });
        let held = (!cast).then(|| reply.result.clone().into_owned());
        let collected = request
            .rare
            .get_or_insert_default()
            .segments
            .get_or_insert_default();
        let before = collected.state();
        let accepted = collected.accept(segment.number, segment.complete, held);
        let collect = collected.state();
        match accepted {
            Accepted::Impossible => {
                self.count_error(Some(place));
                return self.unexpected(now, place, source, version, transaction);
            }
            Accepted::Duplicate => {
                return self.acknowledge_segment(
                    now,
                    place,
                    source,
                    version,
                    reply.transaction_id,
                    segment,
                );
            }
            Accepted::New => {
                self.acknowledge_segment(now, place, source, version, reply.transaction_id, segment)
            }
        }
        self.segment_accepted(now, place, source, at, segment, reply, (before, collect));
    }

    /// A new segment: delivered at once if the request is a cast, kept if it is a call.
    #[expect(clippy::too_many_arguments, reason = "the parts of one received reply")]
    fn segment_accepted(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        at: u32,
        segment: Segment,
        reply: &TransactionReply<'_>,
        (before, after): (CollectState, CollectState),
    ) {
        let complete = after == CollectState::Complete;
        let event = if complete {
            RequestEvent::FinalSegment
        } else {
            RequestEvent::Segment
        };
        let Some(request) = self.requests.get_mut(at) else {
            return;
        };
        let (state, action) = request.state.on(event);
        request.state = state;
        let origin = request.origin;
        if matches!(origin, Origin::Cast { .. }) {
            let result = UserReply::Segment {
                segment: SegmentResult {
                    number: segment.number,
                    result: &reply.result,
                },
                last: complete,
            };
            self.deliver_to(now, place, origin, Some(source), &result, None);
        }
        match action {
            // Each new segment gives the missing ones new time, until the last one was seen: then the time is fixed.
            RequestAction::FirstSegment | RequestAction::KeepSegment
                if before == CollectState::Collecting =>
            {
                let config = self.connections.get(place).map(|row| &row.config);
                let timer = config.map_or(Timer::Once(0), |config| config.segment_recv_timer);
                self.rearm_request(now, at, timer);
            }
            RequestAction::DeliverSegments => self.segments_complete(now, place, source, at, reply),
            _ => {}
        }
    }

    fn segments_complete(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        at: u32,
        reply: &TransactionReply<'_>,
    ) {
        let Some(mut request) = self.remove_request(at) else {
            return;
        };
        self.answered(now, place, &request, reply);
        // A segmented reply is always acknowledged.
        self.acknowledge_now(now, place, source, reply.transaction_id);
        let segments = request
            .rare
            .as_mut()
            .and_then(|rare| rare.segments.as_mut());
        let segments = segments.map(|segments| segments.take()).unwrap_or_default();
        if matches!(request.origin, Origin::Call { .. }) {
            self.deliver(
                now,
                place,
                &request,
                Some(source),
                &UserReply::Segments(parts(&segments)),
                None,
            );
        }
    }

    pub(super) fn segments_timed_out(&mut self, now: Tick, at: u32) {
        let Some(mut request) = self.remove_request(at) else {
            return;
        };
        let place = request.connection;
        self.count_error(Some(place));
        let collected = request
            .rare
            .as_mut()
            .and_then(|rare| rare.segments.as_mut());
        let (missing, received) = collected
            .map(|some| (some.missing(), some.take()))
            .unwrap_or_default();
        let handle = self
            .connections
            .get(place)
            .map(|row| row.send_handle)
            .unwrap_or_default();
        let source = Source {
            send_handle: handle,
            control: None,
            extra: None,
        };
        self.send_connection_error(now, place, source, &fault::segments_missing(&missing));
        let result = UserReply::SegmentTimeout {
            missing,
            received: parts(&received),
        };
        self.deliver(now, place, &request, None, &result, None);
    }

    /// Acknowledges a segment in a message of its own: in compact text nothing ends a segment's number, and OTP reads the token that
    /// follows as a part of it.
    fn acknowledge_segment(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        id: u32,
        segment: Segment,
    ) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let bytes = codec::segment_reply(&row.config, id, segment);
        let carrier = Carrier {
            alone: true,
            ..Carrier::new(
                source.send_handle,
                Some(version),
                &bytes,
                row.config.is_binary(),
            )
        };
        self.carry(now, place, carrier);
    }
}
