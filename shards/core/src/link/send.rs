//! From sessions to the backend: packets are put on the stream, kept for replay where numbers are counted, and their items'
//! credits go home when their bytes are sent and the replay buffer has room.

use super::outlet::Queued;
use super::state::LinkState;
use super::{Link, LinkId, Remains};
use crate::config::Dialect;
use crate::contract::{Output, ShardId, SocketId};
use crate::credit::Account;
use crate::item::{Packet, Payload};
use crate::session::table::{NONE, Slot};
use crate::shard::Shard;
use megaphone_frame::HeaderBytes;
use megaphone_frame::link::{FrameType, HEADER_BYTES, Head};
use megaphone_metrics::LinkMetric;
use megaphone_pool::{Pool, Returned};

/// Bytes that a replay puts on the stream ahead of the driver.
const REPLAY_AHEAD_BYTES_MAX: usize = 64 << 10;

/// What became of an item given to a link.
enum Fate {
    /// Its credit stays with the stream until it is sent.
    Marked,
    /// Nothing of it is needed any more.
    Done(Option<Returned>),
    /// There is no block for its header.
    NoBlock(Packet),
}

impl Link {
    /// The header of a packet in the link's dialect; `None` if the dialect does not know it.
    pub(super) fn header(&self, packet: &Packet, bytes: u32) -> Option<HeaderBytes> {
        let kind = FrameType::from_code(packet.kind);
        let connection = packet.connection.bits();
        match (self.dialect, kind) {
            (Dialect::V1, _) => Head {
                kind,
                flags: packet.flags,
                aux: packet.aux,
                connection,
            }
            .header(bytes)
            .ok(),
            (_, FrameType::Data) if bytes > 0 => {
                self.dialect.framing().data_header(connection, bytes).ok()
            }
            (_, FrameType::Close | FrameType::Reset) => {
                self.dialect.framing().data_header(connection, 0).ok()
            }
            _ => None,
        }
    }

    /// Puts a packet on the stream, or into the replay buffer if the stream is not there or behind.
    fn queue(&mut self, pool: &Pool, from: ShardId, mut packet: Packet, most: usize) -> Fate {
        if self.dialect != Dialect::V1 && packet.kind != FrameType::Data.code() {
            // An end of a classic conversation has no reason in it.
            packet.payload = match packet.payload {
                Payload::Short { .. } => Payload::EMPTY,
                lent => return Fate::Done(lent.into_returned()),
            };
        }
        let Some(header) = self.header(&packet, packet.payload.bytes().len() as u32) else {
            return Fate::Done(packet.payload.into_returned());
        };
        if self.socket.is_none() || !self.replay.is_caught_up() {
            self.replay.record(&header, packet.payload.bytes());
            return Fate::Done(packet.payload.into_returned());
        }
        let mut front = [0; HEADER_BYTES * 2 + Payload::SHORT_MAX];
        let short = match &packet.payload {
            Payload::Short { .. } => packet.payload.bytes(),
            Payload::Lent(_) => &[],
        };
        let n = header.len() + short.len();
        front[..header.len()].copy_from_slice(&header);
        front[header.len()..n].copy_from_slice(short);
        if self.outlet.push_bytes(pool, &front[..n]).is_err() {
            return Fate::NoBlock(packet);
        }
        if self.numbered && FrameType::from_code(packet.kind).is_numbered() {
            self.replay.record(&header, packet.payload.bytes());
            self.replay.skip_last();
        }
        let queued = match packet.payload {
            Payload::Short { .. } => Queued::Copied(None),
            lent => self.outlet.push_payload(pool, lent),
        };
        match queued {
            Queued::Copied(returned) if self.outlet.len() <= most => Fate::Done(returned),
            queued => {
                self.outlet.mark(from, queued);
                Fate::Marked
            }
        }
    }
}

impl Shard {
    /// A session's packet for a link at home here. Its item is answered when the packet is sent.
    pub(crate) fn packet_for_link(&mut self, from: ShardId, packet: Packet) {
        let place = packet.link.place;
        let account = packet.account();
        let Some(link) = self
            .links
            .live_mut(packet.link)
            .filter(|link| link.state != LinkState::Gone)
        else {
            let block = packet.payload.into_returned();
            return self.give_back(from, account, block);
        };
        if account == Account::Open(place) {
            link.opens.push_back((from, packet));
            return self.send_opens(place);
        }
        if !link.opens.is_empty() && self.forget_open(place, &packet) {
            return self.give_back(from, account, packet.payload.into_returned());
        }
        let Some(link) = self.links.link_mut(place) else {
            return;
        };
        link.backlog.push_back((from, packet));
        self.work_off(place);
    }

    /// Puts the packets that wait on the stream, as far as there are blocks.
    pub(crate) fn work_off(&mut self, place: u16) {
        let most = self.config.limits.link_outgoing_bytes_max as usize;
        let pool = self.pool.clone();
        while let Some(link) = self.links.link_mut(place) {
            let Some((from, packet)) = link.backlog.pop_front() else {
                break;
            };
            let (spec, bytes) = (usize::from(link.spec), packet.payload.bytes().len() as u64);
            match link.queue(&pool, from, packet, most) {
                Fate::NoBlock(packet) => {
                    link.backlog.push_front((from, packet));
                    self.wait_for_pool();
                    break;
                }
                Fate::Marked => {}
                Fate::Done(block) => self.settle_item(place, from, block),
            }
            self.cells.link_add(spec, LinkMetric::PacketsOut, 1);
            self.cells.link_add(spec, LinkMetric::BytesOut, bytes);
        }
        self.pump_replay(place);
    }

    /// An item is dealt with: its credit goes home, unless the replay buffer is full.
    fn settle_item(&mut self, place: u16, from: ShardId, block: Option<Returned>) {
        let most = self.config.limits.replay_bytes_max as usize;
        if let Some(link) = self.links.link_mut(place)
            && link.replay.len() > most
        {
            link.withheld.push_back((from, block));
            let spec = usize::from(link.spec);
            return self.cells.link_add(spec, LinkMetric::QuotaWithheld, 1);
        }
        self.give_back(from, Account::Link(place), block);
    }

    /// Lets the credits go that were withheld, if the replay buffer has room again.
    pub(super) fn release_withheld(&mut self, place: u16) {
        let most = self.config.limits.replay_bytes_max as usize;
        while let Some(link) = self.links.link_mut(place) {
            if link.replay.len() > most {
                return;
            }
            let Some((from, block)) = link.withheld.pop_front() else {
                break;
            };
            self.give_back(from, Account::Link(place), block);
        }
        self.send_opens(place);
    }

    /// Sends what was recorded and not sent on this socket, a stretch at a time.
    pub(super) fn pump_replay(&mut self, place: u16) {
        let pool = self.pool.clone();
        let Some(link) = self.links.link_mut(place) else {
            return;
        };
        let mut starved = false;
        while link.socket.is_some() && link.outlet.len() < REPLAY_AHEAD_BYTES_MAX {
            let Some((front, back)) = link.replay.unsent() else {
                break;
            };
            // Both parts or none: a packet is never torn.
            self.bytes.clear();
            self.bytes.extend_from_slice(front);
            self.bytes.extend_from_slice(back);
            if link.outlet.push_bytes(&pool, &self.bytes).is_err() {
                starved = true;
                break;
            }
            link.replay.advance();
        }
        if starved {
            self.wait_for_pool();
        }
        self.tell_link(place);
    }

    /// Tells the driver, once, that a link has something to send.
    pub(super) fn tell_link(&mut self, place: u16) {
        if let Some(link) = self.links.link_mut(place)
            && let Some(socket) = link.socket
            && link.outlet.must_tell()
        {
            self.outputs.push_back(Output::Send { socket });
            self.await_progress(place);
        }
    }

    /// Sends a packet of the link itself, which has no number; false if there is no block for it.
    pub(super) fn link_says(&mut self, place: u16, kind: FrameType, payload: &[u8]) -> bool {
        let pool = self.pool.clone();
        let Some(link) = self.links.link_mut(place) else {
            return false;
        };
        let Ok(header) = Head::new(kind, 0).header(payload.len() as u32) else {
            return false;
        };
        if link.socket.is_none() || link.dialect != Dialect::V1 {
            return false;
        }
        self.frame.clear();
        self.frame.extend_from_slice(&header);
        self.frame.extend_from_slice(payload);
        let said = link.outlet.push_own(&pool, &self.frame).is_ok();
        self.tell_link(place);
        said
    }

    /// The driver sent bytes of a link.
    pub(crate) fn link_sent(&mut self, place: u16, bytes: usize) {
        let mut done = std::mem::take(&mut self.links.done);
        if let Some(link) = self.links.link_mut(place) {
            link.outlet.advance(bytes, &mut done);
        }
        for (from, block) in done.drain(..) {
            self.settle_item(place, from, block);
        }
        self.links.done = done;
        self.await_progress(place);
        self.pump_replay(place);
        // Its backend reads what it was told, so it may speak again.
        if self
            .links
            .link(place)
            .is_some_and(|link| !link.reading && link.held.is_none())
        {
            self.read_link(place);
        }
    }

    /// The driver sent bytes of a socket that belongs to nobody any more.
    pub(crate) fn remains_sent(&mut self, socket: SocketId, bytes: usize) {
        if let Some(&Slot::Closing { remains, .. }) = self.table.get(socket)
            && remains != NONE
        {
            self.finish_remains(remains, Some(bytes));
        }
    }

    /// The socket is closed: what it carried goes home.
    pub(crate) fn dispose_of_remains(&mut self, index: u32) {
        self.finish_remains(index, None);
    }

    fn finish_remains(&mut self, index: u32, sent: Option<usize>) {
        let mut done = std::mem::take(&mut self.links.done);
        let mut at = 0;
        if let Some(remains) = self.links.remains.get_mut(index as usize)
            && let Some(Remains {
                place,
                outlet,
                timer,
            }) = remains
        {
            at = *place;
            match sent {
                Some(bytes) => outlet.advance(bytes, &mut done),
                None => {
                    outlet.clear(&mut done);
                    if let Some(timer) = timer {
                        self.wheel.cancel(*timer);
                    }
                    *remains = None;
                }
            }
        }
        for (from, block) in done.drain(..) {
            self.give_back(from, Account::Link(at), block);
        }
        self.links.done = done;
    }

    /// Whoever waited for a block asks again.
    pub(crate) fn pool_retry(&mut self) {
        for place in 0..self.config.limits.links_max as u16 {
            self.work_off(place);
            self.send_opens(place);
        }
    }

    /// A link that is no more: all its items go home.
    pub(super) fn dissolve(&mut self, link: Link) {
        let LinkId { place, .. } = link.id;
        for (from, packet) in link.opens {
            self.give_back(from, Account::Open(place), packet.payload.into_returned());
        }
        for (from, packet) in link.backlog {
            self.give_back(from, Account::Link(place), packet.payload.into_returned());
        }
        for (from, block) in link.withheld {
            self.give_back(from, Account::Link(place), block);
        }
    }
}
