//! Where the sockets of gateways lead, for whoever traces them: the shard that has a socket knows, the association's home does not.
//!
//! ```text
//!  home ── Errand::Introduce ──► shard of the socket       what was traced comes by a socket that home knows nothing of
//!  home ◄── Item::Introduction ── shard of the socket      also unasked, before a message that is traced there
//! ```

use super::H248;
use super::channel::{Channel, Endpoint};
use crate::command::{Ends, Transport};
use crate::contract::{ListenerId, ShardId, SocketId};
use crate::credit::Account;
use crate::item::{Departure, Errand, Introduction, Item};
use crate::shard::Shard;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Sockets that are known, or were told of, at a time; more than associations are traced.
const KNOWN_MAX: usize = 64;

/// What a shard knows of its own sockets and, while somebody traces, of others'.
#[derive(Debug, Default)]
pub(super) struct Whereabouts {
    /// The far end of this shard's sockets, by slot, with the generation of its socket.
    own: Vec<Option<(u32, Endpoint)>>,
    /// Of other shards' sockets.
    others: VecDeque<(ShardId, Introduction)>,
    /// Own sockets whose homes were told of them.
    told: VecDeque<SocketId>,
}

impl Whereabouts {
    /// A gateway's socket is there.
    pub(super) fn enter(&mut self, socket: SocketId, theirs: SocketAddr) {
        let at = socket.slot as usize;
        if at >= self.own.len() {
            self.own.resize(at + 1, None);
        }
        self.own[at] = Some((socket.generation, theirs.into()));
    }

    fn own(&self, socket: SocketId) -> Option<Endpoint> {
        let (generation, theirs) = (*self.own.get(socket.slot as usize)?)?;
        (generation == socket.generation).then_some(theirs)
    }

    fn other(&self, shard: ShardId, socket: SocketId) -> Option<Introduction> {
        let same = |it: &&(ShardId, Introduction)| it.0 == shard && it.1.socket == socket;
        self.others.iter().find(same).map(|it| it.1)
    }

    fn learn(&mut self, shard: ShardId, introduction: Introduction) {
        let same =
            |it: &(ShardId, Introduction)| it.0 == shard && it.1.socket == introduction.socket;
        self.others.retain(|it| !same(it));
        keep(&mut self.others, (shard, introduction));
    }

    /// Traces changed: whoever traces now was told of nothing.
    pub(super) fn forget(&mut self) {
        self.others.clear();
        self.told.clear();
    }
}

/// Puts one more in line; the oldest leaves if there are too many.
fn keep<T>(line: &mut VecDeque<T>, one: T) {
    if line.len() >= KNOWN_MAX {
        line.pop_front();
    }
    line.push_back(one);
}

impl Shard {
    /// How a channel's messages travel, and between which addresses as far as that is known here.
    pub(super) fn ends_of(&self, h248: &H248, channel: Channel) -> (Transport, Ends) {
        let ours = |listener: ListenerId| self.listens_at(listener.0);
        let (theirs, ours) = match channel {
            Channel::Ip4(listener, to) => (Some(to.into()), ours(listener)),
            Channel::Ip6(at, life) => {
                let way = h248.book.borrow().peers.way(at, life);
                let theirs = way.map(|(_, to)| to.address());
                (theirs, way.and_then(|(listener, _)| ours(listener)))
            }
            Channel::Socket(shard, socket) => {
                let introduction = match shard == self.me {
                    true => self.introduction(h248, socket),
                    false => h248.whereabouts.other(shard, socket),
                };
                let theirs = introduction.map(|it| it.theirs.address());
                (
                    theirs,
                    introduction.and_then(|it| self.listens_at(it.listener)),
                )
            }
        };
        let over = match channel {
            Channel::Socket(..) => Transport::Tcp,
            Channel::Ip4(..) | Channel::Ip6(..) => Transport::Udp,
        };
        (over, Ends { theirs, ours })
    }

    /// The address that a listener of gateways is bound to.
    fn listens_at(&self, listener: u16) -> Option<SocketAddr> {
        let listener = self.config.listeners.get(usize::from(listener))?;
        match &listener.route {
            crate::Route::H248(door) => door.at,
            _ => None,
        }
    }

    fn introduction(&self, h248: &H248, socket: SocketId) -> Option<Introduction> {
        Some(Introduction {
            socket,
            listener: self.table.session(socket)?.listener,
            theirs: h248.whereabouts.own(socket)?,
        })
    }

    /// Asks where a socket of another shard leads, if that is not known.
    pub(super) fn inquire(&mut self, h248: &mut H248, channel: Channel) {
        if let Channel::Socket(shard, socket) = channel
            && shard != self.me
            && h248.whereabouts.other(shard, socket).is_none()
        {
            let what = Errand::Introduce(self.me);
            self.run_errand(h248, shard, Departure { socket, what });
        }
    }

    /// Tells the home of a traced message where its socket leads, before the message itself; once for each socket. Without credit it
    /// is not told: home asks.
    pub(super) fn introduce_traced(&mut self, socket: SocketId, home: ShardId, message: &[u8]) {
        let Some(h248) = self.h248.as_mut() else {
            return;
        };
        if h248.whereabouts.told.contains(&socket) || !h248.is_watched(message) {
            return;
        }
        keep(&mut h248.whereabouts.told, socket);
        self.introduce(socket, home);
    }

    /// Tells another shard where a socket leads.
    pub(super) fn introduce(&mut self, socket: SocketId, to: ShardId) {
        let known = self.h248.as_ref();
        let introduction = known.and_then(|h248| self.introduction(h248, socket));
        if let Some(introduction) = introduction
            && self.lanes.spend(to, Account::ToHome)
        {
            self.send_item(to, Item::Introduction(introduction));
        }
    }

    /// Another shard says where a socket of its own leads.
    pub(crate) fn introduced(&mut self, from: ShardId, introduction: Introduction) {
        if let Some(h248) = self.h248.as_mut()
            && !h248.watches.is_empty()
        {
            h248.whereabouts.learn(from, introduction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(slot: u32, generation: u32) -> SocketId {
        SocketId { slot, generation }
    }

    #[test]
    fn a_socket_s_far_end_is_known_while_its_generation_lives() {
        let mut known = Whereabouts::default();
        let at: SocketAddr = "192.0.2.1:2944".parse().expect("an address");
        known.enter(socket(3, 7), at);
        assert_eq!(known.own(socket(3, 7)).map(|it| it.address()), Some(at));
        assert_eq!(known.own(socket(3, 8)), None);
        assert_eq!(known.own(socket(9, 7)), None);
    }

    #[test]
    fn of_others_sockets_so_many_are_known_the_newest() {
        let mut known = Whereabouts::default();
        let theirs = Endpoint::from(SocketAddr::from(([192, 0, 2, 1], 1)));
        for slot in 0..=KNOWN_MAX as u32 {
            let introduction = Introduction {
                socket: socket(slot, 1),
                listener: 0,
                theirs,
            };
            known.learn(ShardId(1), introduction);
            known.learn(ShardId(1), introduction);
        }
        assert_eq!(known.others.len(), KNOWN_MAX);
        assert!(known.other(ShardId(1), socket(0, 1)).is_none());
        assert!(known.other(ShardId(1), socket(1, 1)).is_some());
        assert!(known.other(ShardId(2), socket(1, 1)).is_none());
    }
}
