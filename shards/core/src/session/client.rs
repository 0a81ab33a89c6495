//! The client's side of a session: accepting it, what it sends until it is a frame, its end, and its deadlines.

use super::events::Why;
use super::state::{Event, State};
use super::table::{NONE, Session, Slot};
use crate::contract::{Close, Output, Peer, SocketId};
use crate::limits::ms;
use crate::shard::{Shard, Way};
use megaphone_frame::link::Reason;
use megaphone_frame::stanza::{Condition, Phase, StanzaFault};
use megaphone_frame::{FrameFault, Framing};
use megaphone_metrics::{Histogram, LinkMetric, Metric};
use megaphone_pool::Lease;
use megaphone_wheel::Tick;

impl Shard {
    /// A client connected.
    pub(crate) fn client_accepted(&mut self, listener: usize, socket: SocketId, peer: Peer) {
        if let Some((metric, reason)) = self.refusal() {
            return self.refuse_client(listener, socket, Why::new(metric, reason));
        }
        let Some(source) = self.sources.admit(self.now, peer, &self.config.limits) else {
            let why = Why {
                text: "too many connections from this address",
                condition: Condition::PolicyViolation,
                ..Why::new(Metric::RefusedSource, Reason::Overload)
            };
            return self.refuse_client(listener, socket, why);
        };
        let state = match self.doors[listener].way {
            Way::Link(_) => State::Waiting,
            Way::Echo | Way::Discard | Way::H248(..) => State::Local,
        };
        let mut session = Session::new(socket.generation, listener as u16, state);
        session.source = source;
        self.table.put(socket, Slot::Session(session));
        match self.doors[listener].way {
            Way::Link(name) => self.bind(socket, name, peer),
            Way::Echo | Way::Discard => self.set_reading(socket, true),
            Way::H248(..) => self.gateway_accepted(socket, peer),
        }
    }

    /// Why a client is not taken now, if so.
    fn refusal(&mut self) -> Option<(Metric, Reason)> {
        if self.drain.is_draining() {
            Some((Metric::RefusedDraining, Reason::Drain))
        } else if self.table.sessions() >= self.config.limits.sessions_max {
            Some((Metric::RefusedLimit, Reason::Exhausted))
        } else if !self.overload.admit(self.now, &self.config.limits) {
            self.count_kept_out();
            Some((Metric::RefusedOverload, Reason::Overload))
        } else {
            None
        }
    }

    /// Closes a client that is not taken: one that speaks XMPP is told why, others could not be told before they have said anything.
    fn refuse_client(&mut self, listener: usize, socket: SocketId, why: Why<'_>) {
        if self.doors[listener].framing == Framing::Stanza && self.may_tell_refusal() {
            let session = Session::new(socket.generation, listener as u16, State::Waiting);
            self.table.put(socket, Slot::Session(session));
            return self.session_event_because(socket, Event::Reject, why);
        }
        self.count(why.metric);
        self.refuse_socket(socket);
    }

    /// Closes a socket that becomes nothing.
    pub(crate) fn refuse_socket(&mut self, socket: SocketId) {
        self.table.put(
            socket,
            Slot::Closing {
                generation: socket.generation,
                remains: NONE,
            },
        );
        self.close_socket(socket, Close::Now);
    }

    /// Binds a new session to a live link of that name, or tells the client that there is none.
    fn bind(&mut self, socket: SocketId, name: u16, peer: Peer) {
        let seed = u64::from(socket.slot) << 20 ^ u64::from(socket.generation);
        let link = self.router.choose(name, self.me, seed);
        let spec = link
            .and_then(|link| self.router.live_mut(link))
            .map(|view| view.spec);
        let (Some(link), Some(spec)) = (link, spec) else {
            let why = Why::new(Metric::RefusedNoLink, Reason::NoBackend);
            return self.session_event_because(socket, Event::Reject, why);
        };
        if let Some(session) = self.table.session_mut(socket) {
            (session.link, session.spec) = (link, spec);
        }
        self.cells
            .link_add(usize::from(spec), LinkMetric::Sessions, 1);
        self.queue_open(socket, peer);
    }

    /// Bytes came from a client.
    pub(crate) fn client_bytes(&mut self, socket: SocketId, data: Lease) {
        let Some(session) = self.table.session(socket) else {
            return;
        };
        let (_, action) = super::state::next(session.state, Event::Bytes);
        if action != super::state::Action::Forward {
            return;
        }
        if session.silent {
            self.gateway_speaks(socket);
        }
        if let Some(active) = self.session_active_or_new(socket) {
            active.input.push_lease(data);
        }
        self.pump(socket);
    }

    /// The client will send no more. A frame that it did not finish is a fault.
    pub(crate) fn client_ended(&mut self, socket: SocketId) {
        let Some(door) = self.door(socket) else {
            return;
        };
        if let Some(active) = self.session_active(socket)
            && active.has_partial()
            && !self.is_stuck(socket)
        {
            if door.framing == Framing::Stanza {
                // Nobody is left who could be told: the backend learns that its client has gone, as at any other time.
                self.count(Metric::FrameFaultEnded);
                return self.session_event(socket, Event::ClientEnded, Metric::ClosedByPeer);
            }
            let fault = self.session_active(socket).map(|active| {
                door.framing
                    .at_end(&active.expect, &active.input, door.limits)
            });
            if let Some(Err(fault)) = fault {
                return self.client_fault(socket, fault);
            }
        }
        self.session_event(socket, Event::ClientEnded, Metric::ClosedByPeer);
    }

    /// The client broke its framing.
    pub(crate) fn client_fault(&mut self, socket: SocketId, fault: FrameFault) {
        self.count(match fault {
            FrameFault::TooLong { .. } | FrameFault::Stanza(StanzaFault::TooLong { .. }) => {
                Metric::FrameFaultTooLong
            }
            FrameFault::LengthBelowHeader { .. } => Metric::FrameFaultTooShort,
            FrameFault::EofInHeader { .. } | FrameFault::EofInBody { .. } => {
                Metric::FrameFaultEnded
            }
            _ => Metric::FrameFaultMalformed,
        });
        let text = fault.to_string();
        let condition = match fault {
            FrameFault::Stanza(fault) => fault.condition(),
            _ => Condition::NotWellFormed,
        };
        let why = Why {
            metric: Metric::ClosedFrameFault,
            reason: Reason::FrameFault,
            text: &text,
            condition,
        };
        self.session_event_because(socket, Event::ClientFault, why);
    }

    /// Looks after the deadlines of a partial frame, now that the client's bytes were cut as far as they go.
    pub(crate) fn watch_partial(&mut self, socket: SocketId) {
        let is_stream = self.is_stream(socket);
        let limits = &self.config.limits;
        let header = ms(if is_stream {
            limits.stream_ms
        } else {
            limits.header_ms
        });
        let (body, settle) = (ms(limits.body_ms), ms(limits.settle_ms));
        let rate = u64::from(limits.body_rate_min.max(1));
        let now = self.now;
        let Some(active) = self.session_active(socket) else {
            return;
        };
        let is_silent = is_stream && active.expect.phase() == Phase::Before;
        if !active.has_partial() {
            active.settle_at = Tick::MAX;
            if !is_silent {
                active.frame_by = Tick::MAX;
                return;
            }
        } else {
            active.settle_at = now + settle;
        }
        // A stanza's length is known when it has ended: every byte of it buys time, as a known length does at once.
        let in_body = if is_stream {
            !is_silent
        } else {
            active.expect.in_body()
        };
        if active.frame_by == Tick::MAX || active.frame_in_body != in_body {
            active.frame_begun = now;
            active.frame_in_body = in_body;
        }
        active.frame_by = if in_body {
            let transfer = u64::from(active.expect.bytes()) * 1_000 / rate;
            active.frame_begun + body + std::time::Duration::from_millis(transfer)
        } else {
            active.frame_begun + header
        };
        self.arm_session(socket);
    }

    /// The client took bytes.
    pub(crate) fn client_took(&mut self, socket: SocketId, bytes: usize) {
        let stall_by = self.now + ms(self.config.limits.stall_ms);
        let now = self.now;
        let Some(active) = self.session_active(socket) else {
            return;
        };
        // Loans that are used up go to their owner's strays: their credit went home when the session took them.
        active.outgoing.advance(bytes, drop);
        active.sending = !active.outgoing.is_empty();
        active.stall_by = if active.sending { stall_by } else { Tick::MAX };
        let (sending, since) = (active.sending, active.sending_since);
        let waits = active.in_frame || !active.input.is_empty();
        if !sending {
            let waited = u64::try_from(now.since(since).as_nanos()).unwrap_or(u64::MAX);
            self.cells.record(Histogram::FrameLatency, waited);
        }
        // An echo that is read and has nothing in hand needs no second look.
        let reading = self
            .table
            .session(socket)
            .is_some_and(|session| session.reading);
        if waits || !reading || !self.is_local(socket) {
            self.pump(socket);
        }
        self.release_if_idle(socket);
    }

    /// Whether nothing is to be done when the client has taken what is outgoing: no frame waits for room, and its backend has
    /// credit enough to go on.
    pub(crate) fn is_carefree(&self, socket: SocketId) -> bool {
        let Some(session) = self.table.session(socket) else {
            return false;
        };
        let at_ease = match session.state {
            State::Local => true,
            State::Open => session.receive_credit > self.config.limits.window_bytes_max / 2,
            _ => false,
        };
        at_ease
            && session.reading
            && self
                .actives
                .get(session.active)
                .is_some_and(|active| !active.in_frame && active.input.is_empty())
    }

    /// Tells the driver that something is outgoing, once, and starts the client's clock.
    pub(crate) fn client_send(&mut self, socket: SocketId) {
        let now = self.now;
        let stall_by = now + ms(self.config.limits.stall_ms);
        let Some(active) = self.session_active(socket) else {
            return;
        };
        if active.outgoing.is_empty() || active.sending {
            return;
        }
        active.sending = true;
        active.sending_since = now;
        active.stall_by = stall_by;
        self.outputs.push_back(Output::Send { socket });
        self.arm_session(socket);
    }

    /// A deadline of a busy session passed, or was moved meanwhile.
    pub(crate) fn session_timer(&mut self, socket: SocketId) {
        let (now, pool) = (self.now, self.pool.clone());
        let Some(active) = self.session_active(socket) else {
            return;
        };
        active.timer = None;
        if active.settle_at <= now {
            active.settle_at = Tick::MAX;
            if active.settle(&pool) {
                self.count(Metric::OverloadDemoteFrame);
            }
        }
        let Some(active) = self.session_active(socket) else {
            return;
        };
        let (stall, frame, answer) = (
            active.stall_by <= now,
            active.frame_by <= now,
            active.answer_by <= now,
        );
        let in_body = active.frame_in_body;
        if stall {
            self.session_event(socket, Event::ClientLate, Metric::ClosedSlowReader);
        } else if frame {
            self.count(if in_body {
                Metric::FrameFaultBodyDeadline
            } else {
                Metric::FrameFaultHeaderDeadline
            });
            self.frame_late(socket);
        } else if answer {
            self.answer_late(socket);
        }
        self.arm_session(socket);
    }

    /// A frame, or the header of a stream, did not come in time.
    fn frame_late(&mut self, socket: SocketId) {
        if self.is_stream(socket) {
            // A fault of the client, who is told.
            let why = Why::new(Metric::ClosedDeadline, Reason::Timeout);
            self.session_event_because(socket, Event::ClientFault, why);
        } else {
            self.session_event(socket, Event::ClientLate, Metric::ClosedDeadline);
        }
    }

    /// The backend did not answer OPEN, or did not send its CLOSE, in time; or a gateway has said nothing.
    fn answer_late(&mut self, socket: SocketId) {
        let session = self.table.session(socket);
        if session.is_some_and(|session| session.silent) {
            self.count(Metric::H248Silent);
        }
        let state = self.table.session(socket).map(|session| session.state);
        let event = match state {
            Some(State::Waiting | State::Opening | State::OpeningEnded) => Event::OpenLate,
            _ => Event::ClientLate,
        };
        self.session_event(socket, event, Metric::ClosedDeadline);
    }
}
