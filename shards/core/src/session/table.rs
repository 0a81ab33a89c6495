//! The session table: what a shard keeps per socket, idle or not. 64 bytes a slot at most; everything else is in [`super::active`].

use super::state::State;
use crate::contract::SocketId;
use crate::id::LinkId;
use megaphone_frame::stanza::Phase;

/// "No active record."
pub(crate) const NONE: u32 = u32::MAX;

/// One client's session, without what only a busy one needs.
#[derive(Debug)]
pub(crate) struct Session {
    /// The generation of its socket.
    pub(crate) generation: u32,
    /// Its listener's index.
    pub(crate) listener: u16,
    /// Where it stands.
    pub(crate) state: State,
    /// Whether its socket is being read.
    pub(crate) reading: bool,
    /// Whether it stands in its link's queue of sessions that wait for quota, or in that of a home shard.
    pub(crate) queued: bool,
    /// Whether its association's user wants it not to be read.
    pub(crate) blocked: bool,
    /// Whether it is not read because too much waits for its link.
    pub(crate) held: bool,
    /// Whether it is of an H.248 gateway that has said nothing yet.
    pub(crate) silent: bool,
    /// An H.248 gateway's address, as it is compared; 0 for others.
    pub(crate) host: u64,
    /// The link it is bound to; serial 0 for routes without one.
    pub(crate) link: LinkId,
    /// The specification of that link, for its figures.
    pub(crate) spec: u16,
    /// Which part of its life an XMPP client's stream is in, while the session is idle.
    pub(crate) phase: Phase,
    /// Whether the backend has answered the header of an XMPP client's stream.
    pub(crate) answered: bool,
    /// The id of a classic client's first packet.
    pub(crate) classic_id: Option<u64>,
    /// Bytes that we may still send to the backend.
    pub(crate) send_credit: u32,
    /// Bytes that the backend may still send to us.
    pub(crate) receive_credit: u32,
    /// Its active record, or [`NONE`].
    pub(crate) active: u32,
    /// The source that it counts for, or [`super::sources::NONE`].
    pub(crate) source: u32,
}

impl Session {
    /// A client that has just come in by `listener`.
    pub(crate) fn new(generation: u32, listener: u16, state: State) -> Session {
        Session {
            generation,
            listener,
            state,
            reading: false,
            queued: false,
            blocked: false,
            held: false,
            silent: false,
            host: 0,
            link: LinkId::default(),
            spec: 0,
            phase: Phase::Before,
            answered: false,
            classic_id: None,
            send_credit: 0,
            receive_credit: 0,
            active: NONE,
            source: super::sources::NONE,
        }
    }

    /// In place of credit: the link's dialect knows none.
    pub(crate) const NO_CREDIT: u32 = u32::MAX;

    /// Whether both sides count credit.
    pub(crate) fn is_credited(&self) -> bool {
        self.receive_credit != Self::NO_CREDIT
    }
}

/// A slot of the table, by what its socket is.
#[derive(Debug)]
pub(crate) enum Slot {
    /// No socket, or one of a generation that is gone.
    Vacant,
    /// A client.
    Session(Session),
    /// The socket of the link at this place.
    Link {
        /// The generation of its socket.
        generation: u32,
        /// Its place.
        place: u16,
    },
    /// A link's socket that has not said HELLO, or that we dialled and that has not answered.
    Greeting {
        /// The generation of its socket.
        generation: u32,
        /// Its record's index.
        index: u32,
    },
    /// A socket that belongs to nobody any more: its `Closed` is awaited.
    Closing {
        /// The generation of its socket.
        generation: u32,
        /// What was outgoing, which the driver may still read: an index, or [`NONE`].
        remains: u32,
    },
}

const _: () = assert!(size_of::<Slot>() <= 64);

impl Slot {
    fn generation(&self) -> Option<u32> {
        match self {
            Slot::Vacant => None,
            Slot::Session(session) => Some(session.generation),
            Slot::Link { generation, .. }
            | Slot::Greeting { generation, .. }
            | Slot::Closing { generation, .. } => Some(*generation),
        }
    }
}

/// All sockets of a shard by slot. It grows with the driver's slots, never with a number from the network.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    sessions: u32,
    used: u32,
}

impl Table {
    /// The slot of this socket, if this generation of it lives.
    pub(crate) fn get(&self, socket: SocketId) -> Option<&Slot> {
        let slot = self.slots.get(socket.slot as usize)?;
        (slot.generation() == Some(socket.generation)).then_some(slot)
    }

    /// The client session on this socket, if there is one.
    pub(crate) fn session(&self, socket: SocketId) -> Option<&Session> {
        match self.get(socket)? {
            Slot::Session(session) => Some(session),
            _ => None,
        }
    }

    /// As [`Table::session`], to change it.
    pub(crate) fn session_mut(&mut self, socket: SocketId) -> Option<&mut Session> {
        match self.slots.get_mut(socket.slot as usize)? {
            Slot::Session(session) if session.generation == socket.generation => Some(session),
            _ => None,
        }
    }

    /// Puts something into a slot, whatever was there.
    pub(crate) fn put(&mut self, socket: SocketId, new: Slot) {
        let index = socket.slot as usize;
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, || Slot::Vacant);
        }
        self.sessions += u32::from(matches!(new, Slot::Session(_)));
        self.used += 1;
        let old = std::mem::replace(&mut self.slots[index], new);
        self.sessions -= u32::from(matches!(old, Slot::Session(_)));
        self.used -= u32::from(!matches!(old, Slot::Vacant));
    }

    /// Empties a slot; what was there.
    pub(crate) fn vacate(&mut self, socket: SocketId) -> Slot {
        match self.slots.get_mut(socket.slot as usize) {
            Some(slot) if slot.generation() == Some(socket.generation) => {
                let old = std::mem::replace(slot, Slot::Vacant);
                self.sessions -= u32::from(matches!(old, Slot::Session(_)));
                self.used -= 1;
                old
            }
            _ => Slot::Vacant,
        }
    }

    /// Client sessions, those that are closing included.
    pub(crate) fn sessions(&self) -> u32 {
        self.sessions
    }

    /// Sockets of any kind.
    pub(crate) fn used(&self) -> u32 {
        self.used
    }

    /// Slots, used or not.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The client session in slot `index`, with its socket.
    pub(crate) fn at(&self, index: usize) -> Option<(SocketId, &Session)> {
        match self.slots.get(index)? {
            Slot::Session(session) => {
                let socket = SocketId {
                    slot: index as u32,
                    generation: session.generation,
                };
                Some((socket, session))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(generation: u32) -> Slot {
        Slot::Session(Session::new(generation, 0, State::Local))
    }

    #[test]
    fn an_idle_session_takes_64_bytes_at_most() {
        assert!(size_of::<Slot>() <= 64, "{} bytes", size_of::<Slot>());
    }

    #[test]
    fn a_former_generation_is_not_found() {
        let mut table = Table::default();
        let old = SocketId {
            slot: 3,
            generation: 1,
        };
        let new = SocketId {
            slot: 3,
            generation: 2,
        };
        table.put(old, session(1));
        assert_eq!((table.sessions(), table.len()), (1, 4));
        assert!(table.session(old).is_some() && table.session(new).is_none());
        assert!(
            matches!(table.vacate(new), Slot::Vacant),
            "not the one that is there"
        );
        assert!(matches!(table.vacate(old), Slot::Session(_)));
        table.put(new, session(2));
        assert!(table.session_mut(old).is_none() && table.session_mut(new).is_some());
        table.put(
            new,
            Slot::Closing {
                generation: 2,
                remains: NONE,
            },
        );
        assert_eq!(table.sessions(), 0);
    }
}
