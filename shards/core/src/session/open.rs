//! OPEN: clients wait for theirs in turn, unread and without a block, and are then offered to the backend with their address.

use super::events::Why;
use super::quota::blank;
use super::state::{Event, State};
use super::table::Session;
use crate::config::Dialect;
use crate::contract::{Peer, ShardId, SocketId};
use crate::credit::Account;
use crate::id::ConnectionId;
use crate::item::{Packet, Payload};
use crate::limits::ms;
use crate::shard::Shard;
use megaphone_frame::link::{FrameType, Reason, open_credit_aux, open_credit_bytes};
use megaphone_frame::proxy;
use megaphone_metrics::Metric;
use std::time::Duration;

impl Shard {
    /// A session that is bound to a link sends its OPEN, or stands at the end of those who wait.
    pub(super) fn queue_open(&mut self, socket: SocketId, peer: Peer) {
        let Some(link) = self.live_link(socket) else {
            return;
        };
        let most = self.config.limits.opens_waiting_max as usize;
        let has_credit = self
            .lanes
            .has(ShardId(link.home), Account::Open(link.place));
        let Some(view) = self.router.live_mut(link) else {
            return;
        };
        if view.opening.is_empty() && has_credit {
            return self.send_open(socket, peer);
        }
        if view.opening.len() >= most {
            let why = Why::new(Metric::RefusedQueue, Reason::Overload);
            return self.session_event_because(socket, Event::Reject, why);
        }
        view.opening.push_back((socket, peer));
    }

    /// Credit for OPENs came back: those who wait go on, in turn.
    pub(crate) fn wake_opens(&mut self, home: ShardId, place: u16) {
        while self.lanes.has(home, Account::Open(place)) {
            let next = self
                .router
                .view_mut(home.0, place)
                .and_then(|view| view.opening.pop_front());
            let Some((socket, peer)) = next else {
                return;
            };
            // Who has gone meanwhile is passed over.
            if self
                .table
                .session(socket)
                .is_some_and(|session| session.state == State::Waiting)
            {
                self.send_open(socket, peer);
            }
        }
    }

    /// Offers a client to the backend. There is credit for it.
    fn send_open(&mut self, socket: SocketId, peer: Peer) {
        let Some(link) = self.live_link(socket) else {
            return;
        };
        self.bytes.clear();
        encode_proxy(peer, &mut self.bytes);
        let Ok(header) = self.pool.copy_in(&self.bytes) else {
            let why = Why::new(Metric::RefusedOverload, Reason::Exhausted);
            return self.session_event_because(socket, Event::Reject, why);
        };
        if !self
            .lanes
            .spend(ShardId(link.home), Account::Open(link.place))
        {
            return self.bug("OPEN without credit");
        }
        let aux = open_credit_aux(self.config.limits.window_bytes_max);
        let classic = self.dialect(link) != Dialect::V1;
        if let Some(session) = self.table.session_mut(socket) {
            session.receive_credit = if classic {
                Session::NO_CREDIT
            } else {
                open_credit_bytes(aux)
            };
        }
        self.send_packet(Packet {
            kind: FrameType::Open.code(),
            aux,
            payload: Payload::lend(header),
            ..blank(link, ConnectionId::new(self.me, socket))
        });
        let answer_by = self.now + self.open_patience();
        if let Some(active) = self.session_active_or_new(socket) {
            active.answer_by = answer_by;
        }
        self.arm_session(socket);
        self.session_event(socket, Event::OpenSent, Metric::ClosedOther);
        if classic {
            self.open_ok(socket, u32::MAX);
        }
    }

    /// How long the answer to an OPEN may take: the backend's time, and that of the OPENs of all shards that may be sent before.
    fn open_patience(&self) -> Duration {
        let limits = &self.config.limits;
        let before = u64::from(self.config.lanes.opens) * u64::from(self.config.shards);
        let rate = u64::from(limits.open_rate);
        let pace = (before * 1_000).checked_div(rate).unwrap_or(0);
        ms(limits.open_ms) + Duration::from_millis(pace)
    }
}

/// The PROXY v2 header that tells a backend who the client is.
fn encode_proxy(peer: Peer, out: &mut Vec<u8>) {
    let endpoints = match peer {
        Peer::Tcp { remote, local } => proxy::Endpoints::Ip {
            source: remote,
            destination: local,
            datagram: false,
        },
        Peer::Unix | Peer::Unknown => proxy::Endpoints::Local,
    };
    proxy::encode(&endpoints, [], out);
}
