//! From the backend to the client: packets for a session are checked against its state and credit, and become frames.

use super::events::Why;
use super::state::{Action, Event, State, next};
use crate::contract::{ShardId, SocketId};
use crate::credit::Account;
use crate::deadlines::Timer;
use crate::id::LinkId;
use crate::item::{Accepted, Item, Packet, Payload};
use crate::limits::ms;
use crate::shard::Shard;
use megaphone_frame::Framing;
use megaphone_frame::link::{FrameType, Head, Reason, Verdict, decode_credit};
use megaphone_frame::stanza::Condition;
use megaphone_mesh::Return;
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_pool::Returned;
use megaphone_wheel::RangeSet;

/// What became of bytes for a client.
enum Delivered {
    /// They are outgoing, or wait for the rest of their frame.
    Fine,
    /// The client's framing cannot say a frame that long: the backend's fault.
    TooLong,
    /// There is no block for the frame's header: ours.
    NoBlock,
}

impl Shard {
    /// A packet from a link, here or elsewhere. Whatever becomes of it, its item is answered and it counts as accepted: a
    /// session takes all that its credit allows, so nothing here ever waits.
    pub(crate) fn packet_for_session(&mut self, from: ShardId, packet: Packet) {
        let socket = packet.connection.socket();
        let (link, sequence) = (packet.link, packet.sequence);
        if matches!(FrameType::from_code(packet.kind), FrameType::User(_)) {
            let block = self.frame_of_controller(packet);
            let tag = Account::Inbound.tag();
            return self.accept(from, link, sequence, Return { tag, block });
        }
        let bound = self
            .table
            .session(socket)
            .is_some_and(|session| session.link == link);
        let block = if bound && packet.connection.shard() == self.me {
            self.packet_for(socket, packet)
        } else {
            self.unknown_connection(&packet);
            packet.payload.into_returned()
        };
        let back = Return {
            tag: Account::Inbound.tag(),
            block,
        };
        self.accept(from, link, sequence, back);
    }

    fn packet_for(&mut self, socket: SocketId, packet: Packet) -> Option<Returned> {
        match FrameType::from_code(packet.kind) {
            FrameType::Data => return self.data(socket, packet),
            // The link has looked at the payloads' lengths.
            FrameType::OpenOk => {
                let credit = decode_credit(FrameType::OpenOk, packet.payload.bytes()).unwrap_or(0);
                self.open_ok(socket, credit);
            }
            FrameType::Credit => {
                let credit = decode_credit(FrameType::Credit, packet.payload.bytes()).unwrap_or(0);
                self.more_credit(socket, credit);
            }
            FrameType::Reject => self.rejected(socket, &packet),
            FrameType::Close => {
                self.session_event(socket, Event::BackendClose, Metric::ClosedByBackend)
            }
            FrameType::Reset => {
                self.session_event(socket, Event::BackendReset, Metric::ClosedReset)
            }
            // Types of a later version are not for this one.
            _ => {}
        }
        packet.payload.into_returned()
    }

    /// The backend broke the protocol on one connection: that one is reset, the link lives.
    fn backend_fault(&mut self, socket: SocketId, reason: Reason) {
        if let Some(session) = self.table.session(socket) {
            self.cells
                .link_add(usize::from(session.spec), LinkMetric::Faults, 1);
        }
        self.session_event_because(
            socket,
            Event::BackendFault,
            Why::new(Metric::ClosedReset, reason),
        );
    }

    fn more_credit(&mut self, socket: SocketId, credit: u32) {
        let Some(session) = self.table.session_mut(socket) else {
            return;
        };
        match next(session.state, Event::Credit).1 {
            Action::TakeCredit => {
                session.send_credit = session.send_credit.saturating_add(credit);
                self.pump(socket);
            }
            _ => self.session_event(socket, Event::Credit, Metric::ClosedOther),
        }
    }

    /// The backend does not want this client, and says why.
    fn rejected(&mut self, socket: SocketId, packet: &Packet) {
        let Some(session) = self.table.session(socket) else {
            return;
        };
        if next(session.state, Event::Reject).1 == Action::Refuse {
            let spec = usize::from(session.spec);
            self.cells.link_add(spec, LinkMetric::OpensRejected, 1);
        }
        let verdict = Verdict::decode(FrameType::Reject, packet.payload.bytes());
        let verdict = verdict.unwrap_or_else(|_| Verdict::of(Reason::Refused));
        let text = if verdict.text.is_empty() {
            verdict.reason.text()
        } else {
            verdict.text
        };
        let why = Why {
            metric: Metric::ClosedRejected,
            reason: verdict.reason,
            text,
            condition: Condition::of(verdict.reason),
        };
        self.session_event_because(socket, Event::Reject, why);
    }

    /// Bytes for the client. A block that is not kept comes straight back; one that is kept goes home as a stray when the client
    /// has taken it, so that a slow client holds no lane credit.
    fn data(&mut self, socket: SocketId, packet: Packet) -> Option<Returned> {
        let Some(session) = self.table.session_mut(socket) else {
            return packet.payload.into_returned();
        };
        if next(session.state, Event::Data).1 != Action::Deliver {
            self.session_event(socket, Event::Data, Metric::ClosedReset);
            return packet.payload.into_returned();
        }
        let bytes = packet.payload.bytes().len();
        let (state, credited) = (session.state, session.is_credited());
        if credited {
            let Some(left) = session.receive_credit.checked_sub(bytes as u32) else {
                self.backend_fault(socket, Reason::CreditExceeded);
                return packet.payload.into_returned();
            };
            session.receive_credit = left;
        }
        if state == State::Ended {
            let linger = self.now + ms(self.config.limits.linger_ms);
            if let Some(active) = self.session_active(socket) {
                active.answer_by = linger;
            }
        }
        let more = packet.flags & Head::MORE != 0;
        let (delivered, returned) = self.deliver(socket, packet.payload, more);
        match delivered {
            Delivered::TooLong => self.backend_fault(socket, Reason::FrameTooLong),
            Delivered::NoBlock => self.session_event(socket, Event::Shed, Metric::ClosedShed),
            Delivered::Fine if !credited && self.is_behind(socket) => {
                self.session_event(socket, Event::ClientLate, Metric::ClosedSlowReader);
            }
            Delivered::Fine => {
                self.client_send(socket);
                self.release_if_idle(socket);
                self.pump(socket);
            }
        }
        returned
    }

    /// Whether a client without flow control behind it has too much outgoing.
    fn is_behind(&mut self, socket: SocketId) -> bool {
        let most = self.config.limits.outgoing_bytes_max as usize;
        self.session_active(socket)
            .is_some_and(|active| active.outgoing.len() > most)
    }

    /// Puts bytes into the client's framing. A framing with a length in its header needs the whole frame first.
    fn deliver(
        &mut self,
        socket: SocketId,
        payload: Payload,
        more: bool,
    ) -> (Delivered, Option<Returned>) {
        let Some(door) = self.door(socket) else {
            return (Delivered::Fine, payload.into_returned());
        };
        let connection = self
            .table
            .session(socket)
            .and_then(|session| session.classic_id)
            .unwrap_or(0);
        let most = door
            .limits
            .frame_bytes_max
            .min(self.config.limits.window_bytes_max) as usize;
        let pool = self.pool.clone();
        let Some(active) = self.session_active_or_new(socket) else {
            return (Delivered::Fine, payload.into_returned());
        };
        if door.framing.is_bare() {
            let bytes = payload.bytes().len();
            let returned = keep(&pool, &mut active.outgoing, payload);
            if let Some(session) = self.table.session_mut(socket) {
                session.answered |= bytes > 0;
            }
            self.count_frame_out(bytes);
            return (Delivered::Fine, returned);
        }
        if active.partial.len() + payload.bytes().len() > most {
            return (Delivered::TooLong, payload.into_returned());
        }
        let returned = keep(&pool, &mut active.partial, payload);
        if more {
            return (Delivered::Fine, returned);
        }
        let bytes = active.partial.len();
        if bytes == 0 && matches!(door.framing, Framing::ClassicFixed | Framing::ClassicVar) {
            // An empty content would be a close.
            return (Delivered::Fine, returned);
        }
        let Ok(header) = door.framing.data_header(connection, bytes as u32) else {
            return (Delivered::TooLong, returned);
        };
        if active.outgoing.push_bytes(&pool, &header).is_err() {
            return (Delivered::NoBlock, returned);
        }
        active.outgoing.append(&mut active.partial);
        self.count_frame_out(bytes);
        (Delivered::Fine, returned)
    }

    fn count_frame_out(&mut self, bytes: usize) {
        self.count(Metric::FramesOut);
        self.cells.add(Metric::FrameBytesOut, bytes as u64);
    }

    /// Says the end of a conversation to a classic client, which the close of a socket alone does not say.
    pub(crate) fn say_classic_close(&mut self, socket: SocketId) {
        let Some(door) = self.door(socket) else {
            return;
        };
        let id = self
            .table
            .session(socket)
            .and_then(|session| session.classic_id);
        let (Framing::ClassicFixed | Framing::ClassicVar, Some(id), false) =
            (door.framing, id, self.is_local(socket))
        else {
            return;
        };
        let pool = self.pool.clone();
        if let (Some(active), Ok(header)) = (
            self.session_active_or_new(socket),
            door.framing.data_header(id, 0),
        ) && active.outgoing.push_bytes(&pool, &header).is_ok()
        {
            self.client_send(socket);
        }
    }

    /// A packet for a connection that is not there, or not on this link: counted, and answered with a RESET unless it is an end
    /// itself. How many answers wait is bounded.
    fn unknown_connection(&mut self, packet: &Packet) {
        let stale = packet.connection.shard() == self.me
            && (packet.connection.socket().slot as usize) < self.table.len();
        let Some(view) = self.router.live_mut(packet.link) else {
            return;
        };
        let metric = if stale {
            LinkMetric::StaleConnection
        } else {
            LinkMetric::UnknownConnection
        };
        self.cells.link_add(usize::from(view.spec), metric, 1);
        let is_end = matches!(
            FrameType::from_code(packet.kind),
            FrameType::Close | FrameType::Reset | FrameType::Reject | FrameType::Credit
        );
        if !is_end {
            self.reset_unknown(packet.link, packet.connection, Reason::UnknownConnection);
        }
    }

    /// A packet came after its connection began to close.
    pub(crate) fn count_stale(&mut self, socket: SocketId) {
        if let Some(session) = self.table.session(socket) {
            self.cells
                .link_add(usize::from(session.spec), LinkMetric::StaleConnection, 1);
        }
    }

    /// Notes that a link's packet was accepted, and answers its item, unless too many acknowledgements wait already.
    fn accept(&mut self, from: ShardId, link: LinkId, sequence: u64, back: Return) {
        let most = self.config.limits.ack_intervals_max as usize;
        if sequence != 0
            && let Some(view) = self.router.live_mut(link)
        {
            view.accepted.insert(sequence);
            if view.accepted.intervals() > most {
                view.withheld.push_back(back);
                return self.pass_on_accepted();
            }
            if !self.acknowledging {
                self.acknowledging = true;
                let at = self.now + ms(self.config.limits.ack_ms);
                self.wheel.insert(at, Timer::Acknowledge);
            }
        }
        self.answer_in_time(from, back);
    }

    /// Passes the acknowledgements gathered here to their links, as far as the lanes' control credits go.
    pub(crate) fn pass_on_accepted(&mut self) {
        let most = self.config.limits.ack_intervals_max as usize;
        let mut items = std::mem::take(&mut self.accepted_items);
        let mut returns = std::mem::take(&mut self.withheld_returns);
        for view in self.router.views_mut() {
            let home = ShardId(view.id.home);
            while !view.accepted.is_empty() && self.lanes.spend(home, Account::Control) {
                let mut batch = Accepted::new(view.id);
                while let Some((first, last)) = front(&view.accepted) {
                    let Some(said) = batch.add(first, last) else {
                        break;
                    };
                    view.accepted.remove_range(first, said);
                }
                items.push((home, Item::Accepted(batch)));
            }
            if view.accepted.intervals() <= most {
                returns.extend(view.withheld.drain(..).map(|back| (home, back)));
            }
        }
        for (home, item) in items.drain(..) {
            self.send_item(home, item);
        }
        for (home, back) in returns.drain(..) {
            self.give_back(home, Account::from_tag(back.tag), back.block);
        }
        self.accepted_items = items;
        self.withheld_returns = returns;
    }
}

/// Appends a payload to a gather: a short one by copying it, so that its block goes home at once.
pub(crate) fn keep(
    pool: &megaphone_pool::Pool,
    into: &mut megaphone_pool::Gather,
    payload: Payload,
) -> Option<Returned> {
    match payload {
        Payload::Short { .. } => {
            // Data never travels by value: see `Shard::link_packet`.
            debug_assert!(payload.bytes().is_empty());
            None
        }
        Payload::Lent(loan) => {
            if loan.len() < pool.coalesce_bytes_max() && into.push_bytes(pool, &loan).is_ok() {
                return Some(loan.into_returned());
            }
            into.push_loan(pool, loan)
        }
    }
}

/// The first interval of a set.
fn front(set: &RangeSet<u64>) -> Option<(u64, u64)> {
    set.iter().next()
}
