//! Carries out what the table of a session's life says.

use super::state::{Action, Event, State, next, next_of_stream};
use super::table::{NONE, Slot};
use crate::contract::{Close, Output, SocketId};
use crate::id::ConnectionId;
use crate::limits::ms;
use crate::link::router::{Farewell, Owed};
use crate::shard::{Shard, Way};
use megaphone_frame::link::Reason;
use megaphone_frame::stanza::Condition;
use megaphone_frame::{Expect, Framing};
use megaphone_metrics::{LinkMetric, Metric};

/// Why a session ends: for the figures, the backend and the client.
#[derive(Clone, Copy)]
pub(crate) struct Why<'a> {
    /// Counted when the session begins to close.
    pub(crate) metric: Metric,
    /// Told to the backend in our CLOSE or RESET.
    pub(crate) reason: Reason,
    /// Told to a client that is refused.
    pub(crate) text: &'a str,
    /// Told to an XMPP client whose stream ends.
    pub(crate) condition: Condition,
}

impl Why<'static> {
    /// A reason in its own words.
    pub(crate) fn new(metric: Metric, reason: Reason) -> Why<'static> {
        Why {
            metric,
            reason,
            text: reason.text(),
            condition: Condition::of(reason),
        }
    }
}

impl Shard {
    /// Lets `event` happen to a session. `metric` is counted if the session begins to close by it.
    pub(crate) fn session_event(&mut self, socket: SocketId, event: Event, metric: Metric) {
        self.session_event_because(socket, event, Why::new(metric, reason_of(event, metric)));
    }

    /// As [`Shard::session_event`], with a reason that does not follow from the event.
    pub(crate) fn session_event_because(&mut self, socket: SocketId, event: Event, why: Why<'_>) {
        let is_stream = self.is_stream(socket);
        let Some(session) = self.table.session_mut(socket) else {
            return;
        };
        let from = session.state;
        let (to, action) = if is_stream {
            next_of_stream(from, event)
        } else {
            next(from, event)
        };
        session.state = to;
        if to.is_over() && !from.is_over() {
            self.count(why.metric);
            self.stop_session(socket, (from, event), action, why.reason);
        }
        self.act(socket, action, why);
    }

    /// Does what every session does that begins to close.
    fn stop_session(
        &mut self,
        socket: SocketId,
        (from, event): (State, Event),
        action: Action,
        reason: Reason,
    ) {
        let Some(session) = self.table.session_mut(socket) else {
            return;
        };
        let (link, spec) = (session.link, usize::from(session.spec));
        if link.serial != 0 {
            self.cells.link_sub(spec, LinkMetric::Sessions, 1);
        }
        match action {
            Action::ResetBackend => self.owe(socket, Farewell::Reset(reason.code())),
            _ if from.owes_close(event) => self.owe(socket, Farewell::Close(reason.code())),
            _ => {}
        }
        self.waits_no_more(socket);
        if let Some(active) = self.session_active(socket) {
            active.drop_all_but_outgoing();
        }
        self.set_reading(socket, false);
    }

    fn act(&mut self, socket: SocketId, action: Action, why: Why<'_>) {
        match action {
            Action::Nothing | Action::Abandon => {}
            Action::CountLate => self.count_stale(socket),
            Action::Begin => self.begin(socket),
            Action::TakeCredit | Action::Deliver | Action::Forward | Action::Discard => {
                // Their bytes are in the hands of the caller, who has asked the table first.
            }
            Action::Flush => {
                self.set_reading(socket, false);
                self.pump(socket);
            }
            Action::Refuse => {
                self.tell_client(socket, why);
                self.close_session(socket, Close::Gracefully);
            }
            Action::Part => {
                self.tell_stream_error(socket, why);
                self.part(socket);
            }
            Action::PartInOrder => self.part(socket),
            Action::Close | Action::ResetBackend => {
                self.say_classic_close(socket);
                self.close_session(socket, Close::Gracefully);
            }
            Action::CloseNow => self.close_session(socket, Close::Now),
            Action::ResetClient => self.close_session(socket, Close::Reset),
            Action::Vacate => self.vacate_session(socket),
        }
    }

    /// Tells the driver to close, and gives a client that still has bytes to take a last deadline.
    fn close_session(&mut self, socket: SocketId, how: Close) {
        let stall_by = match how {
            Close::Gracefully => self.now + ms(self.config.limits.stall_ms),
            Close::Now | Close::Reset => megaphone_wheel::Tick::MAX,
        };
        if let Some(active) = self.session_active(socket) {
            active.stall_by = if active.outgoing.is_empty() {
                megaphone_wheel::Tick::MAX
            } else {
                stall_by
            };
        }
        self.arm_session(socket);
        self.close_socket(socket, how);
    }

    /// The socket is gone: so is the session.
    fn vacate_session(&mut self, socket: SocketId) {
        let Slot::Session(session) = self.table.vacate(socket) else {
            return;
        };
        if session.source != super::sources::NONE {
            self.sources.release(self.now, session.source);
        }
        if session.active != NONE {
            self.disarm_session(session.active);
            self.actives.give(session.active);
        }
        if session.silent {
            self.newcomer_gone();
        }
        self.dialled_gone(socket, session.listener);
    }

    /// Owes the backend the end of a connection, and pays at once if the link has quota.
    fn owe(&mut self, socket: SocketId, what: Farewell) {
        let Some(session) = self.table.session(socket) else {
            return;
        };
        let (link, connection) = (session.link, ConnectionId::new(self.me, socket));
        if let Some(view) = self.router.live_mut(link) {
            view.owed.push_back(Owed { connection, what });
            self.send_owed(crate::ShardId(link.home), link.place);
        }
    }

    /// The session's active record, if it has one.
    pub(crate) fn session_active(
        &mut self,
        socket: SocketId,
    ) -> Option<&mut super::active::Active> {
        let index = self.table.session(socket)?.active;
        self.actives.get_mut(index)
    }

    /// The session's active record, made if it has none.
    pub(crate) fn session_active_or_new(
        &mut self,
        socket: SocketId,
    ) -> Option<&mut super::active::Active> {
        let session = self.table.session_mut(socket)?;
        if session.active == NONE {
            session.active = self.actives.take();
            if let Some(active) = self.actives.get_mut(session.active) {
                active.expect = Expect::at(session.phase);
            }
        }
        self.actives.get_mut(session.active)
    }

    /// Gives the active record of a session back that has become idle.
    pub(crate) fn release_if_idle(&mut self, socket: SocketId) {
        let Some(session) = self.table.session_mut(socket) else {
            return;
        };
        if !matches!(session.state, State::Local | State::Open) {
            return;
        }
        let index = session.active;
        if let Some(active) = self.actives.get(index)
            && active.is_spent()
        {
            session.phase = active.expect.phase();
            session.active = NONE;
            self.disarm_session(index);
            self.actives.give(index);
        }
    }

    /// Says `Read` if it is not what was said last.
    pub(crate) fn set_reading(&mut self, socket: SocketId, on: bool) {
        if let Some(session) = self.table.session_mut(socket)
            && session.reading != (on && !session.blocked)
        {
            let on = on && !session.blocked;
            session.reading = on;
            if self.burying == Some(socket) {
                return;
            }
            self.outputs.push_back(Output::Read { socket, on });
        }
    }

    /// The listener's door of a session.
    pub(crate) fn door(&self, socket: SocketId) -> Option<crate::shard::Door> {
        let listener = self.table.session(socket)?.listener;
        let door = self.doors.get(usize::from(listener)).copied();
        door.or_else(|| crate::h248::dial::door(listener))
    }

    /// Whether a session's client speaks XMPP.
    pub(crate) fn is_stream(&self, socket: SocketId) -> bool {
        self.door(socket)
            .is_some_and(|door| door.framing == Framing::Stanza)
    }

    /// Whether a session echoes or discards.
    pub(crate) fn is_local(&self, socket: SocketId) -> bool {
        self.door(socket)
            .is_none_or(|door| !matches!(door.way, Way::Link(_)))
    }
}

/// What the backend is told when `event` ends a connection.
fn reason_of(event: Event, why: Metric) -> Reason {
    match event {
        Event::Failed | Event::Closed => Reason::PeerLost,
        Event::ClientLate | Event::OpenLate => Reason::Timeout,
        Event::ClientFault => Reason::FrameFault,
        Event::Drain => Reason::Drain,
        Event::Shed if why == Metric::ClosedDrained => Reason::Drain,
        Event::Shed => Reason::Overload,
        Event::LinkLost => Reason::LinkLost,
        Event::BackendFault => Reason::Protocol,
        _ => Reason::Normal,
    }
}
