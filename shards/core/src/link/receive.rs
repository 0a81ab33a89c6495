//! From the backend to sessions: the link's stream is cut into packets, and each goes to the shard that its connection id names. A
//! packet that finds no lane credit waits, and the link is not read meanwhile. Nor is a link whose backend writes and takes none of
//! our answers, and one whose packets find the pool low is read at a pace ([`crate::overload`]).

use super::Held;
use crate::contract::Output;
use crate::credit::Account;
use crate::id::ConnectionId;
use crate::item::{Item, Packet, Payload};
use crate::shard::Shard;
use megaphone_frame::link::{FrameType, Head, Reason, TEXT_BYTES_MAX, decode_ping};
use megaphone_frame::{FrameFault, FrameHead, Label, Limits, flat};
use megaphone_metrics::LinkMetric;
use megaphone_pool::{Gather, Lease, Piece};

impl Shard {
    /// Bytes came from a backend.
    pub(crate) fn link_bytes(&mut self, place: u16, data: Lease) {
        let now = self.now;
        if let Some(link) = self.links.link_mut(place) {
            link.heard = now;
            link.input.push_lease(data);
            if std::mem::take(&mut link.pinged) {
                self.arm_link(place);
            }
        }
        self.read_link(place);
    }

    /// Links that were not read for want of blocks, or for their backend's sake, go on if they may.
    pub(crate) fn links_read_on(&mut self) {
        for place in 0..self.config.limits.links_max as u16 {
            if self
                .links
                .link(place)
                .is_some_and(|link| !link.reading && link.held.is_none())
            {
                self.read_link(place);
            }
        }
    }

    /// A lane's credit for packets to sessions came back: links that wait for one go on.
    pub(crate) fn inbound_ready(&mut self) {
        for place in 0..self.config.limits.links_max as u16 {
            if self
                .links
                .link(place)
                .is_some_and(|link| link.held.is_some())
            {
                self.read_link(place);
            }
        }
    }

    /// Passes on all packets that have arrived, as far as lane credits go.
    pub(super) fn read_link(&mut self, place: u16) {
        loop {
            if !self.pass_on(place) {
                return self.read_from_link(place, false);
            }
            let most = self.config.limits.packet_bytes_max;
            let Some(link) = self.links.link(place) else {
                return;
            };
            if link.socket.is_none() {
                return;
            }
            if link.is_crowded(&self.config.limits) || !self.may_pass() {
                return self.read_from_link(place, false);
            }
            let Some(link) = self.links.link_mut(place) else {
                return;
            };
            let limits = Limits {
                frame_bytes_max: most,
            };
            let cut = link.dialect.framing().next(
                &mut link.expect,
                &mut link.input,
                &mut link.body,
                limits,
            );
            match cut {
                Ok(Some(head)) => {
                    if let Err(reason) = self.packet_from_backend(place, head) {
                        return self.end_link(place, reason);
                    }
                }
                Ok(None) => return self.read_from_link(place, true),
                Err(FrameFault::TooLong { .. }) => {
                    return self.end_link(place, Reason::FrameTooLong);
                }
                Err(_) => return self.end_link(place, Reason::FrameFault),
            }
        }
    }

    fn read_from_link(&mut self, place: u16, on: bool) {
        if let Some(link) = self.links.link_mut(place)
            && let Some(socket) = link.socket
            && link.reading != on
        {
            link.reading = on;
            self.outputs.push_back(Output::Read { socket, on });
            if on {
                // Its silence counts from when it could be heard.
                link.heard = self.now;
                self.arm_link(place);
            }
        }
    }

    /// One packet of the backend; its payload is in the link's `body`.
    fn packet_from_backend(&mut self, place: u16, frame: FrameHead) -> Result<(), Reason> {
        let Some(link) = self.links.link_mut(place) else {
            return Ok(());
        };
        let head = match frame.label {
            Label::Link(head) => head,
            Label::Classic { connection } if frame.body_bytes == 0 => {
                Head::new(FrameType::Close, connection)
            }
            Label::Classic { connection } => Head::data(connection),
            Label::None | Label::Unit(_) => return Err(Reason::Internal),
        };
        let mut sequence = 0;
        if link.numbered && head.kind.is_numbered() {
            link.received += 1;
            sequence = link.received;
        }
        let link_serves = link.serves.users != 0;
        let spec = usize::from(link.spec);
        self.cells.link_add(spec, LinkMetric::PacketsIn, 1);
        self.cells
            .link_add(spec, LinkMetric::BytesIn, u64::from(frame.body_bytes));
        match head.kind {
            FrameType::Data
            | FrameType::OpenOk
            | FrameType::Credit
            | FrameType::Reject
            | FrameType::Close
            | FrameType::Reset
            | FrameType::User(_)
                if head.connection != 0 && may_say(link_serves, head.kind) =>
            {
                check_payload(head.kind, frame.body_bytes)?;
                if let Some(link) = self.links.link_mut(place) {
                    link.held = Some(Held { head, sequence });
                }
                if head.kind == FrameType::Data {
                    self.has_passed();
                }
                Ok(())
            }
            _ => self.packet_for_the_link(place, head, sequence),
        }
    }

    /// A packet that no session gets.
    fn packet_for_the_link(&mut self, place: u16, head: Head, sequence: u64) -> Result<(), Reason> {
        let Some(link) = self.links.link_mut(place) else {
            return Ok(());
        };
        let mut body = std::mem::take(&mut link.body);
        let mut room = [0; 1_024];
        let payload = flat(&body, &mut room).unwrap_or(&[]);
        let result = match head.kind {
            FrameType::Ping => match decode_ping(FrameType::Ping, payload) {
                Ok(bytes) => {
                    self.link_says(place, FrameType::Pong, &bytes);
                    Ok(())
                }
                Err(_) => Err(Reason::Protocol),
            },
            FrameType::Pong => decode_ping(FrameType::Pong, payload)
                .map(drop)
                .map_err(|_| Reason::Protocol),
            FrameType::Ack => self.acknowledged(place, payload),
            FrameType::Drain => {
                check_payload(FrameType::Drain, body.len() as u32).map(|()| self.link_drains(place))
            }
            FrameType::Hello | FrameType::HelloOk => Err(Reason::Protocol),
            FrameType::Close => {
                // The whole link: its state is not kept.
                self.link_is_over(place, None);
                Ok(())
            }
            FrameType::Open => {
                self.owe_reset(place, head.connection, Reason::Protocol);
                Ok(())
            }
            FrameType::Data | FrameType::OpenOk => {
                self.owe_reset(place, head.connection, Reason::UnknownConnection);
                Ok(())
            }
            FrameType::User(kind) => {
                let (id, serves) = (link.id, link.serves);
                if serves.users != 0 {
                    self.configure_users(id, serves, kind, payload);
                }
                Ok(())
            }
            // CREDIT on connection 0 takes the number of a packet that is no longer kept; other types are a later version's.
            _ => Ok(()),
        };
        body.clear();
        if let Some(link) = self.links.link_mut(place) {
            link.body = body;
        }
        if result.is_ok() {
            self.accept_here(place, sequence);
        }
        result
    }

    /// Passes the held packet on, if there is one; false if it has to wait for credit.
    fn pass_on(&mut self, place: u16) -> bool {
        let (me, shards) = (self.me, self.config.shards);
        while let Some(link) = self.links.link_mut(place) {
            let Some(Held { head, sequence }) = link.held else {
                return true;
            };
            let to = ConnectionId::from_bits(head.connection).shard();
            if to.0 >= shards {
                link.held = None;
                link.body.clear();
                self.unknown_shard(place, head, sequence);
                continue;
            }
            if !self.lanes.spend(to, Account::Inbound) {
                return false;
            }
            let id = link.id;
            let in_parts = matches!(head.kind, FrameType::Data | FrameType::User(_));
            let payload = match in_parts {
                true => next_part(&mut link.body),
                false => whole(&self.pool, &mut link.body, &mut self.bytes),
            };
            let last = link.body.is_empty();
            if last {
                link.held = None;
            }
            let more = head.more() || !last;
            let packet = Packet {
                link: id,
                connection: ConnectionId::from_bits(head.connection),
                sequence: if last { sequence } else { 0 },
                kind: head.kind.code(),
                flags: if in_parts {
                    head.with_more(more).flags
                } else {
                    head.flags
                },
                aux: head.aux,
                payload,
            };
            self.send_item(to, Item::ToSession(packet));
            if to == me {
                // Its answer is on the way by the local queue, within this very input.
                debug_assert!(!self.local.is_empty());
            }
        }
        true
    }

    /// A packet for a shard that is not there.
    fn unknown_shard(&mut self, place: u16, head: Head, sequence: u64) {
        if let Some(link) = self.links.link(place) {
            self.cells
                .link_add(usize::from(link.spec), LinkMetric::UnknownConnection, 1);
        }
        if matches!(head.kind, FrameType::Data | FrameType::OpenOk) {
            self.owe_reset(place, head.connection, Reason::UnknownConnection);
        }
        self.accept_here(place, sequence);
    }

    /// Owes the backend a RESET, unless too many are owed already.
    fn owe_reset(&mut self, place: u16, connection: u64, reason: Reason) {
        if let Some(id) = self.links.link(place).map(|link| link.id) {
            self.reset_unknown(id, ConnectionId::from_bits(connection), reason);
        }
    }
}

/// Whether a frame's type is one for this part: controllers serve associations, backends serve clients.
fn may_say(is_controller: bool, kind: FrameType) -> bool {
    matches!(kind, FrameType::User(_)) == is_controller
}

/// Whether a payload is long enough for its type's fields.
fn check_payload(kind: FrameType, bytes: u32) -> Result<(), Reason> {
    let fine = match kind {
        FrameType::OpenOk | FrameType::Credit | FrameType::Drain => bytes >= 4,
        FrameType::Reject | FrameType::Close | FrameType::Reset => bytes != 1,
        _ => true,
    };
    if fine { Ok(()) } else { Err(Reason::Protocol) }
}

/// The first piece of a body, lent.
fn next_part(body: &mut Gather) -> Payload {
    match body.pop_piece() {
        Some(Piece::Lease(lease)) => Payload::lend(lease),
        Some(Piece::Loan(loan)) => Payload::Lent(loan),
        None => Payload::EMPTY,
    }
}

/// A short body as one payload: by value if it fits, else in a block. Without a block, its text is cut.
fn whole(pool: &megaphone_pool::Pool, body: &mut Gather, bytes: &mut Vec<u8>) -> Payload {
    bytes.clear();
    bytes.resize(body.len().min(2 + TEXT_BYTES_MAX), 0);
    body.peek(bytes);
    body.clear();
    if bytes.len() <= Payload::SHORT_MAX {
        return Payload::short(bytes);
    }
    pool.copy_in(bytes)
        .map_or_else(|_| Payload::short(&bytes[..2]), Payload::lend)
}
