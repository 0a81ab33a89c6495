//! The sockets of a shard: one small record per direct descriptor. It submits nothing.

use megaphone_core::SocketId;

/// Where a socket is in its life. Only `Open` sockets are the machine's to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Life {
    /// No socket.
    #[default]
    Free,
    /// Accepted, its peer's address is being asked for: `extra` is the room for the answer, `touched_ms` the listener.
    Introducing,
    /// Being bound and connected.
    Connecting,
    /// In use.
    Open,
    /// To be closed when what is outgoing is sent.
    Emptying,
    /// To be closed when nothing is in flight any more; `extra` says whether the machine is to hear of it.
    Closing,
    /// To be sent to another shard when nothing is in flight any more.
    Leaving,
    /// The close is in flight: the last completion.
    Closed,
}

/// How a socket is being read. At most one receiving operation is in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Reading {
    /// Nothing is armed: not wanted, ended, or not yet.
    #[default]
    Still,
    /// Parked: a one-shot poll is armed.
    Parked,
    /// Parked, and the poll said that there is something: a one-shot receive is in flight.
    Fetching,
    /// Active: a multishot receive is armed.
    Streaming,
    /// Poll or receive is being cancelled; its last completion is to come.
    Cancelling,
    /// In the queue for a free buffer.
    Starved,
}

/// What else is true of a socket; bits of [`Slot::flags`].
pub(crate) mod flag {
    /// The machine wants to read it.
    pub(crate) const WANTED: u8 = 1;
    /// The peer's FIN was seen, or an error: nothing more to read.
    pub(crate) const ENDED: u8 = 1 << 1;
    /// A send is in flight.
    pub(crate) const SENDING: u8 = 1 << 2;
    /// In the list of sockets to send on.
    pub(crate) const SEND_QUEUED: u8 = 1 << 3;
    /// FIN is to follow what is outgoing.
    pub(crate) const FINISH: u8 = 1 << 4;
    /// In the queue of active sockets that may have become quiet.
    pub(crate) const WATCHED: u8 = 1 << 5;
    /// The send in flight reports only what went wrong.
    pub(crate) const SILENT: u8 = 1 << 6;
    /// The last silent send did not take everything: the next one waits for room.
    pub(crate) const FULL: u8 = 1 << 7;
}

/// A direct descriptor's record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    /// Of the present use, or of the last one.
    pub(crate) generation: u32,
    /// When it was read last, in the engine's milliseconds.
    pub(crate) touched_ms: u32,
    /// Open: the bytes of the send in flight. Otherwise what the life says.
    pub(crate) extra: u32,
    pub(crate) life: Life,
    pub(crate) reading: Reading,
    pub(crate) flags: u8,
    /// Operations whose last completion is to come.
    pub(crate) in_flight: u8,
}

impl Slot {
    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn set(&mut self, flag: u8) {
        self.flags |= flag;
    }

    pub(crate) fn clear(&mut self, flag: u8) {
        self.flags &= !flag;
    }
}

/// All records. Grows with the slots that the kernel hands out, lowest first.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: Vec<Slot>,
    live: usize,
}

impl Slots {
    /// A socket appeared in `index`: the next generation begins. `None` if the slot is in use, which is a bug.
    pub(crate) fn open(&mut self, index: u32, life: Life) -> Option<SocketId> {
        let at = index as usize;
        if at >= self.slots.len() {
            self.slots.resize(at + 1, Slot::default());
        }
        let slot = &mut self.slots[at];
        if slot.life != Life::Free {
            return None;
        }
        let generation = if slot.generation >= SocketId::GENERATION_MAX {
            1
        } else {
            slot.generation + 1
        };
        *slot = Slot {
            generation,
            life,
            ..Slot::default()
        };
        self.live += 1;
        Some(SocketId {
            slot: index,
            generation,
        })
    }

    /// The socket's last completion was taken.
    pub(crate) fn free(&mut self, index: u32) {
        if let Some(slot) = self.slots.get_mut(index as usize)
            && slot.life != Life::Free
        {
            slot.life = Life::Free;
            slot.reading = Reading::Still;
            slot.flags = 0;
            slot.in_flight = 0;
            self.live -= 1;
        }
    }

    /// The record of a slot in its present use.
    pub(crate) fn get(&mut self, socket: SocketId) -> Option<&mut Slot> {
        self.slots
            .get_mut(socket.slot as usize)
            .filter(|slot| slot.life != Life::Free && slot.generation == socket.generation)
    }

    /// The socket in a slot, if there is one.
    pub(crate) fn socket(&self, index: u32) -> Option<SocketId> {
        let slot = self
            .slots
            .get(index as usize)
            .filter(|slot| slot.life != Life::Free)?;
        Some(SocketId {
            slot: index,
            generation: slot.generation,
        })
    }

    /// Sockets that are not free.
    pub(crate) fn live(&self) -> usize {
        self.live
    }
}

#[cfg(test)]
mod tests {
    use super::{Life, Slot, Slots};
    use megaphone_core::SocketId;

    #[test]
    fn an_idle_connection_costs_the_engine_16_bytes() {
        assert_eq!(size_of::<Slot>(), 16);
    }

    #[test]
    fn generations_run_from_1_and_wrap_at_20_bits() {
        let mut slots = Slots::default();
        let mut last = 0;
        for _ in 0..=SocketId::GENERATION_MAX {
            let socket = slots.open(3, Life::Open).unwrap();
            assert_eq!(
                socket.generation,
                if last == SocketId::GENERATION_MAX {
                    1
                } else {
                    last + 1
                }
            );
            last = socket.generation;
            slots.free(3);
        }
        assert_eq!(last, 1);
    }

    #[test]
    fn a_stale_name_finds_nothing() {
        let mut slots = Slots::default();
        let old = slots.open(0, Life::Open).unwrap();
        assert!(slots.open(0, Life::Open).is_none(), "in use");
        slots.free(0);
        assert!(slots.get(old).is_none());
        let new = slots.open(0, Life::Open).unwrap();
        assert!(slots.get(old).is_none());
        assert!(slots.get(new).is_some());
        assert_eq!(
            (slots.live(), slots.socket(0), slots.socket(1)),
            (1, Some(new), None)
        );
    }
}
