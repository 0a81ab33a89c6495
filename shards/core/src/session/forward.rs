//! From the client to its route: frames are echoed, dropped, or sent to the link as DATA within credit and quota.

use super::events::Why;
use super::quota::blank;
use super::state::{Event, State};
use crate::config::Dialect;
use crate::contract::SocketId;
use crate::id::{ConnectionId, LinkId};
use crate::item::{Packet, Payload};
use crate::limits::ms;
use crate::link::router::Farewell;
use crate::shard::{Door, Shard, Way};
use megaphone_frame::link::{
    FrameType, Head, Reason, encode_credit, open_credit_aux, open_credit_bytes,
};
use megaphone_frame::stanza::UnitKind;
use megaphone_frame::{Framing, Label};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_pool::Piece;

/// What came of trying to cut the client's next frame.
pub(crate) enum Cut {
    /// It is in hand.
    Frame,
    /// More bytes are needed.
    Partial,
    /// The session is over, or its client is.
    Over,
}

/// What came of trying to send the next part of a frame.
enum Step {
    Sent,
    /// The backend's credit is used up: its CREDIT goes on.
    NoCredit,
    /// The lane's quota is used up: the link's queue goes on.
    NoQuota,
    /// The link is gone, and the session with it.
    Over,
}

impl Shard {
    /// Does all that a session can do now: opens it, credits its backend, passes its client's frames on.
    pub(crate) fn pump(&mut self, socket: SocketId) {
        let (Some(session), Some(door)) = (self.table.session(socket), self.door(socket)) else {
            return;
        };
        match (session.state, door.way) {
            (State::Local | State::LocalEnding, Way::Echo) => self.echo(socket, door),
            (State::Local | State::LocalEnding, Way::H248(user, speech)) => {
                self.gateway_messages(socket, door, user, speech);
            }
            (State::Local | State::LocalEnding, _) => self.discard(socket, door),
            (State::Open | State::Ending, _) => {
                self.grant(socket);
                self.forward(socket, door);
            }
            (State::Ended, _) => self.grant(socket),
            _ => {}
        }
    }

    /// Whether bytes of the client wait although frames are complete.
    pub(crate) fn is_stuck(&mut self, socket: SocketId) -> bool {
        let Some(session) = self.table.session(socket) else {
            return false;
        };
        let (reading, state) = (session.reading, session.state);
        let Some(active) = self.session_active(socket) else {
            return false;
        };
        active.in_frame
            || (!reading
                && matches!(state, State::Local | State::LocalEnding | State::Open)
                && !active.input.is_empty())
    }

    fn echo(&mut self, socket: SocketId, door: Door) {
        let most = self.config.limits.outgoing_bytes_max as usize;
        while let Some(active) = self.session_active(socket) {
            if active.outgoing.len() >= most {
                self.set_reading(socket, false);
                return self.client_send(socket);
            }
            match self.cut(socket, door) {
                Cut::Frame => self.echo_frame(socket, door.framing),
                Cut::Partial => break,
                Cut::Over => return,
            }
        }
        self.client_send(socket);
        self.go_on_reading(socket);
    }

    /// All complete frames are dealt with: more may come, or the client has ended and this was the rest.
    pub(crate) fn go_on_reading(&mut self, socket: SocketId) {
        if self
            .table
            .session(socket)
            .is_some_and(|session| session.state == State::LocalEnding)
        {
            return self.session_event(socket, Event::CloseSent, Metric::ClosedByPeer);
        }
        self.waits_no_more(socket);
        self.read_unless_held(socket);
        if self
            .table
            .session(socket)
            .is_some_and(|session| !session.held)
        {
            self.watch_partial(socket);
        }
        self.release_if_idle(socket);
    }

    fn echo_frame(&mut self, socket: SocketId, framing: Framing) {
        let connection = self
            .table
            .session(socket)
            .and_then(|session| session.classic_id)
            .unwrap_or(0);
        let pool = self.pool.clone();
        let Some(active) = self.session_active(socket) else {
            return;
        };
        active.in_frame = false;
        let bytes = active.frame.len();
        let header = framing.data_header(connection, bytes as u32);
        if header.is_ok_and(|header| active.outgoing.push_bytes(&pool, &header).is_ok()) {
            active.outgoing.append(&mut active.frame);
            self.count(Metric::FramesOut);
            self.cells.add(Metric::FrameBytesOut, bytes as u64);
        } else {
            self.session_event(socket, Event::Shed, Metric::ClosedShed);
        }
    }

    fn discard(&mut self, socket: SocketId, door: Door) {
        while let Cut::Frame = self.cut(socket, door) {
            if let Some(active) = self.session_active(socket) {
                active.in_frame = false;
                active.frame.clear();
            }
        }
        self.go_on_reading(socket);
    }

    /// Cuts the client's next frame, and holds a classic client to the id of its first.
    pub(crate) fn cut(&mut self, socket: SocketId, door: Door) -> Cut {
        let Some(active) = self.session_active(socket) else {
            return Cut::Partial;
        };
        let head = match active.cut(door.framing, door.limits) {
            Ok(Some(head)) => head,
            Ok(None) => return Cut::Partial,
            Err(fault) => {
                self.client_fault(socket, fault);
                return Cut::Over;
            }
        };
        match head.label {
            Label::Unit(UnitKind::Keepalive) => return self.absorb_keepalive(socket, door),
            Label::Unit(UnitKind::Header) => self.stream_begins(socket),
            _ => {}
        }
        self.count(Metric::FramesIn);
        self.cells
            .add(Metric::FrameBytesIn, u64::from(head.body_bytes));
        let Label::Classic { connection } = head.label else {
            return Cut::Frame;
        };
        let Some(session) = self.table.session_mut(socket) else {
            return Cut::Over;
        };
        if *session.classic_id.get_or_insert(connection) != connection {
            self.count(Metric::FrameFaultMalformed);
            self.session_event(socket, Event::ClientFault, Metric::ClosedFrameFault);
            return Cut::Over;
        }
        if head.body_bytes == 0 {
            // The classic formats' end of a conversation.
            if let Some(active) = self.session_active(socket) {
                active.drop_input();
            }
            self.session_event(socket, Event::ClientEnded, Metric::ClosedByPeer);
            return Cut::Over;
        }
        Cut::Frame
    }

    /// The backend takes the connection, and may be sent `credit` bytes.
    pub(crate) fn open_ok(&mut self, socket: SocketId, credit: u32) {
        if let Some(session) = self.table.session_mut(socket) {
            session.send_credit = credit;
            let spec = usize::from(session.spec);
            self.cells.link_add(spec, LinkMetric::OpensAccepted, 1);
        }
        self.session_event_because(
            socket,
            Event::OpenOk,
            Why::new(Metric::ClosedReset, Reason::Protocol),
        );
    }

    /// The session is open: its client is read from now on, unless it has ended.
    pub(crate) fn begin(&mut self, socket: SocketId) {
        if let Some(active) = self.session_active(socket) {
            active.answer_by = megaphone_wheel::Tick::MAX;
        }
        if self
            .table
            .session(socket)
            .is_some_and(|session| session.state == State::Open)
        {
            self.read_unless_held(socket);
        }
        self.pump(socket);
        self.release_if_idle(socket);
    }

    /// Sends the client's frames as DATA, and behind the last our CLOSE if the client has ended.
    fn forward(&mut self, socket: SocketId, door: Door) {
        let Some(link) = self.live_link(socket) else {
            return;
        };
        let whole = self.dialect(link) != Dialect::V1;
        while let Some(active) = self.session_active(socket) {
            if !active.in_frame {
                match self.cut(socket, door) {
                    Cut::Frame => {}
                    Cut::Partial => break,
                    Cut::Over => return,
                }
            }
            match self.forward_part(socket, link, whole) {
                Step::Sent => {}
                Step::NoQuota => return self.await_turn(socket),
                Step::NoCredit => return self.await_link(socket),
                Step::Over => return,
            }
        }
        let ending = self
            .table
            .session(socket)
            .is_some_and(|session| session.state == State::Ending);
        if ending {
            return self.forward_close(socket, link);
        }
        self.go_on_reading(socket);
    }

    /// Others are sent first. A client of whom no more than a short frame waits stays read: most say nothing before they are answered,
    /// and to stop reading and begin again costs more than their packet. If it does say more, it stands here again, with more.
    fn await_turn(&mut self, socket: SocketId) {
        let pool = self.pool.clone();
        let is_short = self
            .session_active(socket)
            .is_some_and(|active| active.shorten(&pool));
        if is_short {
            self.wait_for_link(socket);
        } else {
            self.await_link(socket);
        }
    }

    /// The link takes no more for now: the client is not read, and what came of it moves to small blocks if this takes long.
    fn await_link(&mut self, socket: SocketId) {
        let settle_at = self.now + ms(self.config.limits.settle_ms);
        if let Some(active) = self.session_active(socket)
            && active.settle_at == megaphone_wheel::Tick::MAX
        {
            active.settle_at = settle_at;
            self.arm_session(socket);
        }
        self.set_reading(socket, false);
        self.wait_for_link(socket);
    }

    /// Sends one DATA with as much of the frame in front as one lease, the credit and the backend's limit allow.
    fn forward_part(&mut self, socket: SocketId, link: LinkId, whole: bool) -> Step {
        let Some(session) = self.table.session(socket) else {
            return Step::Over;
        };
        let (credit, spec) = (session.send_credit, usize::from(session.spec));
        let most = self
            .router
            .live_mut(link)
            .map_or(0, |view| view.payload_max);
        let pool = self.pool.clone();
        let Some(active) = self.session_active(socket) else {
            return Step::Over;
        };
        if whole && active.frame.piece_count() > 1 {
            // These dialects cannot say that more follows. A frame that no block can hold goes out in parts all the same.
            active.frame.settle(&pool);
        }
        let most = credit.min(most) as usize;
        if most == 0 && !active.frame.is_empty() {
            self.cells.link_add(spec, LinkMetric::CreditStarved, 1);
            return Step::NoCredit;
        }
        if !self.spend_quota(socket, link) {
            return Step::NoQuota;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let Some(active) = self.session_active(socket) else {
            return Step::Over;
        };
        let part = active.frame.front().len().min(most);
        let payload = take_part(&mut active.frame, part, &mut scratch);
        active.in_frame = !active.frame.is_empty();
        let flags = if active.in_frame { Head::MORE } else { 0 };
        self.scratch = scratch;
        if let Some(session) = self.table.session_mut(socket)
            && session.is_credited()
        {
            session.send_credit -= part as u32;
        }
        let kind = FrameType::Data.code();
        self.send_packet(Packet {
            kind,
            flags,
            payload,
            ..blank(link, ConnectionId::new(self.me, socket))
        });
        Step::Sent
    }

    /// Sends our CLOSE behind the client's data.
    fn forward_close(&mut self, socket: SocketId, link: LinkId) {
        if !self.spend_quota(socket, link) {
            return;
        }
        self.farewell(link, ConnectionId::new(self.me, socket), Farewell::Close(0));
        let linger = self.now + ms(self.config.limits.linger_ms);
        self.waits_no_more(socket);
        if let Some(active) = self.session_active_or_new(socket) {
            // A rest that is no frame is dropped: the client ended inside it while its frames before were waiting.
            active.drop_input();
            active.answer_by = linger;
        }
        self.arm_session(socket);
        self.session_event(socket, Event::CloseSent, Metric::ClosedOther);
    }

    /// Gives the backend credit for what the client has taken.
    fn grant(&mut self, socket: SocketId) {
        let window = open_credit_bytes(open_credit_aux(self.config.limits.window_bytes_max));
        let Some(session) = self
            .table
            .session(socket)
            .filter(|session| session.is_credited())
        else {
            return;
        };
        let credit = session.receive_credit;
        let Some(active) = self.session_active(socket) else {
            return;
        };
        let queued = (active.outgoing.len() + active.partial.len()) as u64;
        let idle = active.outgoing.is_empty();
        let due = u64::from(window).saturating_sub(u64::from(credit) + queued) as u32;
        let worth = due >= window / 2 || (idle && due > 0 && credit < window / 2);
        if !worth {
            return;
        }
        let Some(link) = self.live_link(socket) else {
            return;
        };
        if !self.spend_quota(socket, link) {
            return;
        }
        if let Some(session) = self.table.session_mut(socket) {
            session.receive_credit += due;
        }
        let kind = FrameType::Credit.code();
        let payload = Payload::short(&encode_credit(due));
        self.send_packet(Packet {
            kind,
            payload,
            ..blank(link, ConnectionId::new(self.me, socket))
        });
    }

    /// Tells a client why it is not served, as one frame of its framing; a raw client gets a line.
    pub(crate) fn tell_client(&mut self, socket: SocketId, why: Why<'_>) {
        let Some(door) = self.door(socket) else {
            return;
        };
        if door.framing == Framing::Stanza {
            return self.tell_stream_error(socket, why);
        }
        let connection = self
            .table
            .session(socket)
            .and_then(|session| session.classic_id)
            .unwrap_or(0);
        let mut line = why.text.as_bytes().to_vec();
        if door.framing == Framing::Raw {
            line.push(b'\n');
        }
        let Ok(header) = door.framing.data_header(connection, line.len() as u32) else {
            return;
        };
        let pool = self.pool.clone();
        let Some(active) = self.session_active_or_new(socket) else {
            return;
        };
        let mut frame = header.to_vec();
        frame.extend(line);
        // Without a block the client gets the close alone.
        if active.outgoing.push_bytes(&pool, &frame).is_ok() {
            self.count(Metric::FramesOut);
            self.client_send(socket);
        }
    }
}

/// The first `bytes` of a frame, which lie in its first piece, as a payload.
fn take_part(
    frame: &mut megaphone_pool::Gather,
    bytes: usize,
    scratch: &mut megaphone_pool::Gather,
) -> Payload {
    if bytes == 0 {
        return Payload::EMPTY;
    }
    frame.take_front(bytes, scratch);
    match scratch.pop_piece() {
        Some(Piece::Lease(lease)) => Payload::lend(lease),
        Some(Piece::Loan(loan)) => Payload::Lent(loan),
        None => Payload::EMPTY,
    }
}
