//! Sending to a link: within the lane's quota for it, in turn with all others who wait, farewells first.

use super::state::Event;
use crate::config::Dialect;
use crate::contract::{ShardId, SocketId};
use crate::credit::Account;
use crate::id::{ConnectionId, LinkId};
use crate::item::{Item, Packet, Payload};
use crate::link::router::Farewell;
use crate::shard::Shard;
use megaphone_frame::link::{FrameType, Reason};
use megaphone_metrics::{LinkMetric, Metric};

impl Shard {
    /// The session's link, or the end of the session if that is gone.
    pub(super) fn live_link(&mut self, socket: SocketId) -> Option<LinkId> {
        let link = self.table.session(socket)?.link;
        if self.router.live_mut(link).is_none() {
            self.session_event(socket, Event::LinkLost, Metric::ClosedLinkLost);
            return None;
        }
        Some(link)
    }

    /// Spends one item of the link's quota, or queues the session for it. Who waits already comes first.
    pub(super) fn spend_quota(&mut self, socket: SocketId, link: LinkId) -> bool {
        let (home, account) = (ShardId(link.home), Account::Link(link.place));
        let Some(view) = self.router.view_mut(link.home, link.place) else {
            return false;
        };
        let Some(session) = self.table.session_mut(socket) else {
            return false;
        };
        if session.queued {
            return false;
        }
        // A session whose turn it is sends one item, then stands at the end again if others wait.
        let in_turn = self.waking.take() == Some(socket);
        let nobody_waits = view.waiting.is_empty() && view.owed.is_empty();
        if (in_turn || nobody_waits) && self.lanes.spend(home, account) {
            return true;
        }
        session.queued = true;
        view.waiting.push_back((socket, self.now));
        self.count(Metric::MeshCreditStarved);
        false
    }

    /// Sends a packet to its link; its quota is spent.
    pub(super) fn send_packet(&mut self, packet: Packet) {
        self.send_item(ShardId(packet.link.home), Item::ToLink(packet));
    }

    /// Sends the farewells that are owed, as far as the link's quota goes.
    pub(crate) fn send_owed(&mut self, home: ShardId, place: u16) {
        loop {
            let Some(view) = self.router.view_mut(home.0, place) else {
                return;
            };
            let Some(&owed) = view.owed.front() else {
                return;
            };
            let link = view.id;
            if !self.lanes.spend(home, Account::Link(place)) {
                return;
            }
            if let Some(view) = self.router.view_mut(home.0, place) {
                view.owed.pop_front();
            }
            self.farewell(link, owed.connection, owed.what);
        }
    }

    /// Sends the end of a connection; its quota is spent.
    pub(super) fn farewell(&mut self, link: LinkId, connection: ConnectionId, what: Farewell) {
        let (kind, reason) = match what {
            Farewell::Close(reason) => (FrameType::Close, reason),
            Farewell::Reset(reason) => (FrameType::Reset, reason),
        };
        let payload = Payload::short(&reason.to_be_bytes());
        let packet = Packet {
            kind: kind.code(),
            payload,
            ..blank(link, connection)
        };
        self.send_item(ShardId(link.home), Item::ToLink(packet));
    }

    /// The dialect of a link.
    pub(crate) fn dialect(&mut self, link: LinkId) -> Dialect {
        let spec = self
            .router
            .view_mut(link.home, link.place)
            .map_or(0, |view| usize::from(view.spec));
        self.config
            .links
            .get(spec)
            .map_or(Dialect::V1, |spec| spec.dialect)
    }

    /// Answers a packet for a connection that is not there, at a bounded rate.
    pub(crate) fn reset_unknown(&mut self, link: LinkId, connection: ConnectionId, reason: Reason) {
        if self.dialect(link) != Dialect::V1 {
            return;
        }
        let (now, per_second) = (self.now, self.config.limits.resets_per_second);
        let Some(view) = self.router.live_mut(link) else {
            return;
        };
        let spec = usize::from(view.spec);
        if view.owe_reset(connection, reason.code(), now, per_second) {
            self.send_owed(ShardId(link.home), link.place);
        } else {
            self.cells.link_add(spec, LinkMetric::ResetsSuppressed, 1);
        }
    }
}

/// A packet of this connection, to be completed.
pub(super) fn blank(link: LinkId, connection: ConnectionId) -> Packet {
    Packet {
        link,
        connection,
        sequence: 0,
        kind: 0,
        flags: 0,
        aux: 0,
        payload: Payload::EMPTY,
    }
}
