//! The side of the sockets: messages are cut out of TPKT, their sender is read, and they go to their home shard; what comes back
//! is sent.

use super::channel::{Endpoint, Source, host_of};
use super::{Form, H248, Speech};
use crate::contract::{ListenerId, Peer, ShardId, SocketId};
use crate::credit::Account;
use crate::item::{Arrival, Body, Departure, Errand, Item, Payload};
use crate::session::deliver::keep;
use crate::session::forward::Cut;
use crate::session::state::State;
use crate::shard::{Door, Shard, Way};
use megaphone_h248::mini;
use megaphone_megaco::canonical;
use megaphone_metrics::Metric;
use megaphone_pool::{Gather, Lease, Piece, Returned};
use std::hash::BuildHasher;
use std::net::SocketAddr;

/// A datagram that waits for credit to its home.
pub(super) struct Datagram {
    user: u16,
    form: Form,
    source: Source,
    data: Lease,
}

/// A message in one piece.
pub(super) enum Whole {
    /// In the block it arrived in.
    Lease(Lease),
    /// Put together from several.
    Copy(Box<[u8]>),
}

impl Whole {
    /// Takes all of `frame`.
    fn take(frame: &mut Gather) -> Whole {
        if frame.piece_count() == 1
            && let Some(Piece::Lease(lease)) = frame.pop_piece()
        {
            return Whole::Lease(lease);
        }
        let copy = frame.to_vec().into();
        frame.clear();
        Whole::Copy(copy)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Whole::Lease(lease) => lease,
            Whole::Copy(bytes) => bytes,
        }
    }

    fn lend(self) -> Body {
        match self {
            Whole::Lease(lease) => Body::Lent(lease.lend()),
            Whole::Copy(bytes) => Body::Owned(bytes),
        }
    }
}

impl H248 {
    /// The home shard of a message. One whose sender cannot be read is answered where it came in.
    fn home_of_message(&self, me: ShardId, user: u16, message: &[u8]) -> ShardId {
        if self.shards == 1 {
            return me;
        }
        mini::decode(message).map_or(me, |mini| self.home_of(user, &canonical(&mini.mid)))
    }
}

impl Shard {
    /// Remembers where a gateway connected from.
    pub(crate) fn gateway_accepted(&mut self, socket: SocketId, peer: Peer) {
        let seed = self.config.h248.seed;
        if let (Some(session), Peer::Tcp { remote, .. }) = (self.table.session_mut(socket), peer) {
            session.host = host_of(remote.ip(), seed);
            if let Some(h248) = self.h248.as_mut() {
                h248.whereabouts.enter(socket, remote);
            }
        }
        self.welcome(socket);
    }

    /// Passes a gateway's messages on, as far as the credit to their homes goes and the gateway takes its answers.
    pub(crate) fn gateway_messages(
        &mut self,
        socket: SocketId,
        door: Door,
        user: u16,
        speech: Speech,
    ) {
        let most = self.config.limits.outgoing_bytes_max as usize;
        while let Some(active) = self.session_active(socket) {
            if active.outgoing.len() >= most {
                return self.set_reading(socket, false);
            }
            if !active.in_frame {
                match self.cut(socket, door) {
                    Cut::Frame => {}
                    Cut::Partial => break,
                    Cut::Over => return,
                }
            }
            if !self.pass_message(socket, user, speech) {
                self.count(Metric::MeshCreditStarved);
                return self.set_reading(socket, false);
            }
        }
        self.go_on_reading(socket);
    }

    /// Passes the message in hand on; false if its home has no credit, and then the session waits for some.
    fn pass_message(&mut self, socket: SocketId, user: u16, speech: Speech) -> bool {
        let me = self.me;
        let Some(session) = self.table.session(socket) else {
            return true;
        };
        let (host, queued) = (session.host, session.queued);
        let Some(h248) = self.h248.as_mut() else {
            return true;
        };
        let in_turn = h248.turn.take() == Some(socket);
        let Some(active) = self.actives.get_mut(session.active) else {
            return true;
        };
        if active.frame.piece_count() > 1 {
            active.frame.settle(&self.pool);
        }
        let form = speech.form(active.frame.front());
        let home = match active.frame.piece_count() {
            1 => h248.home_of_message(me, user, active.frame.front()),
            _ => h248.home_of_message(me, user, &active.frame.to_vec()),
        };
        if home != me {
            if queued {
                return false;
            }
            let turn = in_turn || h248.waiting[usize::from(home.0)].is_empty();
            if !turn || !self.lanes.spend(home, Account::ToHome) {
                h248.waiting[usize::from(home.0)].push_back(socket);
                if let Some(session) = self.table.session_mut(socket) {
                    session.queued = true;
                }
                return false;
            }
        }
        active.in_frame = false;
        let message = Whole::take(&mut active.frame);
        let source = Source::Socket {
            shard: me,
            socket,
            host,
        };
        if home == me {
            self.message_at_home(user, form, source, message.bytes());
        } else {
            self.introduce_traced(socket, home, message.bytes());
            self.message_abroad(home, user, form, source, message);
        }
        true
    }

    /// Sends a message to its home on another shard; the credit is spent.
    fn message_abroad(
        &mut self,
        home: ShardId,
        user: u16,
        form: Form,
        source: Source,
        message: Whole,
    ) {
        self.count(Metric::H248Hops);
        let body = message.lend();
        self.send_item(
            home,
            Item::ToHome(Arrival {
                user,
                form,
                source,
                body,
            }),
        );
    }

    /// A datagram came. Without credit to its home it is dropped, as datagrams may be.
    pub(crate) fn datagram(&mut self, listener: ListenerId, from: SocketAddr, data: Lease) {
        let me = self.me;
        let way = self.doors.get(usize::from(listener.0)).map(|door| door.way);
        let (Some(Way::H248(user, speech)), Some(h248)) = (way, self.h248.as_ref()) else {
            return;
        };
        if data.is_empty() || self.drain.is_draining() {
            return self.count(Metric::H248DroppedDrain);
        }
        let form = speech.form(&data);
        let home = h248.home_of_message(me, user, &data);
        let source = Source::Datagram {
            listener,
            from: Endpoint::from(from),
        };
        if home == me {
            self.message_at_home(user, form, source, &data);
        } else if h248.lines.is_free(home) && self.lanes.spend(home, Account::ToHome) {
            self.message_abroad(home, user, form, source, Whole::Lease(data));
        } else {
            let datagram = Datagram {
                user,
                form,
                source,
                data,
            };
            self.wait_in_line(home, datagram);
        }
    }

    /// A datagram waits for credit to its home, if its sender has a place left.
    fn wait_in_line(&mut self, home: ShardId, datagram: Datagram) {
        let Some(h248) = self.h248.as_mut() else {
            return;
        };
        let mid = mini::decode(&datagram.data).map(|mini| canonical(&mini.mid));
        let sender = h248.hasher.hash_one((datagram.user, mid));
        if !h248.lines.join(home, sender, datagram) {
            self.count(Metric::H248DroppedCredit);
        }
    }

    /// The datagram that is next in line to a home goes, if there is one; there is credit for it.
    fn next_datagram(&mut self, home: ShardId) -> bool {
        let next = self.h248.as_mut().and_then(|h248| h248.lines.next(home));
        let Some(Datagram {
            user,
            form,
            source,
            data,
        }) = next
        else {
            return false;
        };
        if self.lanes.spend(home, Account::ToHome) {
            self.message_abroad(home, user, form, source, Whole::Lease(data));
        }
        true
    }

    /// The session that is next in line to a home goes, if there is one.
    fn next_session(&mut self, home: ShardId) -> bool {
        let Some(h248) = self.h248.as_mut() else {
            return false;
        };
        let Some(socket) = h248.waiting[usize::from(home.0)].pop_front() else {
            return false;
        };
        if let Some(session) = self.table.session_mut(socket) {
            session.queued = false;
            h248.turn = Some(socket);
            self.pump(socket);
            if let Some(h248) = self.h248.as_mut() {
                h248.turn = None;
            }
        }
        true
    }

    /// A credit for messages to `home` came back: those who wait for it send one each, in turn, datagrams and sessions alternately.
    pub(crate) fn home_ready(&mut self, home: ShardId) {
        let mut waits = true;
        while waits && self.lanes.has(home, Account::ToHome) {
            waits = self.next_datagram(home);
            if self.lanes.has(home, Account::ToHome) {
                waits |= self.next_session(home);
            }
        }
    }

    /// A home shard wants something of a socket of this shard. Never waits: a gateway that takes too little is not sent to.
    pub(crate) fn errand(&mut self, departure: Departure) -> Option<Returned> {
        let socket = departure.socket;
        match departure.what {
            Errand::Block(on) => {
                self.block_reading(socket, on);
                None
            }
            Errand::Introduce(to) => {
                self.introduce(socket, to);
                None
            }
            Errand::Send(body) => {
                if !self.takes_messages(socket) {
                    return body.into_returned();
                }
                let pool = self.pool.clone();
                let Some(active) = self.session_active_or_new(socket) else {
                    return body.into_returned();
                };
                let returned = match body {
                    Body::Lent(loan) => keep(&pool, &mut active.outgoing, Payload::Lent(loan)),
                    Body::Owned(bytes) => {
                        // Without a block the message is lost, as messages may be: its sender sends it again.
                        let _ = active.outgoing.push_bytes(&pool, &bytes);
                        None
                    }
                };
                self.message_appended(socket);
                returned
            }
        }
    }

    /// Whether a gateway's socket is there and takes a message. What does not fit any more, or is for a socket that is gone, is
    /// lost and counted: its sender sends it again.
    fn takes_messages(&mut self, socket: SocketId) -> bool {
        let most = 2 * self.config.limits.outgoing_bytes_max as usize;
        let is_gateway =
            matches!(self.door(socket), Some(door) if matches!(door.way, Way::H248(..)));
        let is_open = self
            .table
            .session(socket)
            .is_some_and(|session| matches!(session.state, State::Local | State::LocalEnding));
        if !is_open || !is_gateway {
            self.count(Metric::H248DroppedGone);
            return false;
        }
        let is_slow = self
            .session_active(socket)
            .is_some_and(|active| active.outgoing.len() > most);
        if is_slow {
            self.count(Metric::H248DroppedSlow);
        }
        !is_slow
    }

    /// Sends a message to a socket of this shard.
    pub(super) fn send_here(&mut self, socket: SocketId, header: &[u8], message: &[u8]) {
        if !self.takes_messages(socket) {
            return;
        }
        let pool = self.pool.clone();
        let Some(active) = self.session_active_or_new(socket) else {
            return;
        };
        if active
            .outgoing
            .push_parts(&pool, &[header, message])
            .is_err()
        {
            // Without a block the message is lost.
            self.count(Metric::H248DroppedPool);
        }
        self.message_appended(socket);
    }

    fn message_appended(&mut self, socket: SocketId) {
        self.count(Metric::FramesOut);
        self.client_send(socket);
        self.release_if_idle(socket);
    }

    /// Reads a gateway's socket no more, or again.
    pub(super) fn block_reading(&mut self, socket: SocketId, on: bool) {
        let Some(session) = self.table.session_mut(socket) else {
            return;
        };
        session.blocked = on;
        if on {
            self.set_reading(socket, false);
        } else {
            self.pump(socket);
        }
    }
}
