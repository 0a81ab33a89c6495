//! The scripted kernel of one shard: its sockets, what has arrived on them, and what it was told to do with them.

use megaphone_core::{
    Close, ConnectToken, Input, Item, Machine, Shard, ShardId, SocketFault, SocketId, Target,
};
use megaphone_mesh::Port;
use megaphone_pool::{Class, Pool};
use std::collections::VecDeque;

/// Who is at the other end of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Client(usize),
    Backend(usize),
    /// The other end is gone.
    Nobody,
    /// The other end is gone and nothing says so: the kernel takes no byte.
    DeadPath,
}

/// One socket.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) id: SocketId,
    pub(crate) end: End,
    /// Bytes that arrived and were not received.
    pub(crate) inbound: VecDeque<u8>,
    /// The other end sent FIN, RST.
    pub(crate) fin: bool,
    pub(crate) rst: bool,
    /// The machine was told of that.
    pub(crate) ended_told: bool,
    pub(crate) failed_told: bool,
    pub(crate) reading: bool,
    /// Bytes that the kernel had taken before it was told not to read: they arrive all the same.
    pub(crate) late: usize,
    pub(crate) sending: bool,
    /// The machine ended its side: FIN follows what is outgoing.
    pub(crate) finish: bool,
    pub(crate) close: Option<Close>,
    pub(crate) handing: Option<(ShardId, u64)>,
}

/// A socket on its way from one shard to another.
#[derive(Debug)]
pub(crate) struct Moving {
    pub(crate) to: usize,
    pub(crate) token: u64,
    pub(crate) end: End,
    pub(crate) inbound: VecDeque<u8>,
    pub(crate) fin: bool,
    pub(crate) rst: bool,
}

/// One shard with everything it owns.
pub(crate) struct Node {
    pub(crate) shard: Shard,
    pub(crate) pool: Pool,
    pub(crate) port: Port<Item>,
    pub(crate) slots: Vec<Option<Socket>>,
    generations: Vec<u32>,
    free: Vec<u32>,
    pub(crate) connects: Vec<(ConnectToken, Target)>,
    pub(crate) stopped: Vec<u16>,
    pub(crate) drained: bool,
    pub(crate) dry: bool,
}

/// What can be completed on a socket now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    Receive,
    Ended,
    Failed,
    Send,
    Closed,
    HandedOver,
}

impl Node {
    pub(crate) fn new(shard: Shard, pool: Pool, port: Port<Item>) -> Node {
        Node {
            shard,
            pool,
            port,
            slots: Vec::new(),
            generations: Vec::new(),
            free: Vec::new(),
            connects: Vec::new(),
            stopped: Vec::new(),
            drained: false,
            dry: false,
        }
    }

    /// A new socket: the slot freed last, with its next generation.
    pub(crate) fn open(&mut self, end: End) -> SocketId {
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        let at = slot as usize;
        if at == self.slots.len() {
            self.slots.push(None);
            self.generations.push(0);
        }
        self.generations[at] = self.generations[at] % SocketId::GENERATION_MAX + 1;
        let id = SocketId {
            slot,
            generation: self.generations[at],
        };
        self.slots[at] = Some(Socket {
            id,
            end,
            inbound: VecDeque::new(),
            fin: false,
            rst: false,
            ended_told: false,
            failed_told: false,
            reading: false,
            late: 0,
            sending: false,
            finish: false,
            close: None,
            handing: None,
        });
        id
    }

    pub(crate) fn socket(&self, id: SocketId) -> Option<&Socket> {
        self.slots
            .get(id.slot as usize)?
            .as_ref()
            .filter(|socket| socket.id == id)
    }

    pub(crate) fn socket_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.slots
            .get_mut(id.slot as usize)?
            .as_mut()
            .filter(|socket| socket.id == id)
    }

    /// Frees the slot.
    pub(crate) fn remove(&mut self, id: SocketId) -> Option<Socket> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        if slot.as_ref().is_some_and(|socket| socket.id == id) {
            self.free.push(id.slot);
            return slot.take();
        }
        None
    }

    /// Bytes that the machine wants to send on a socket.
    pub(crate) fn outgoing(&self, id: SocketId) -> usize {
        self.shard
            .outgoing(id)
            .map_or(0, megaphone_pool::Gather::len)
    }

    /// The first `most` of them.
    pub(crate) fn outgoing_bytes(&self, id: SocketId, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most.min(self.outgoing(id))];
        if let Some(gather) = self.shard.outgoing(id) {
            gather.peek(&mut bytes);
        }
        bytes
    }

    /// What can be completed now, for all sockets; `takes` says whether the other end takes bytes.
    pub(crate) fn completions(&self, takes: impl Fn(End) -> bool) -> Vec<(SocketId, Completion)> {
        let mut all = Vec::new();
        for socket in self.slots.iter().flatten() {
            let mut can = |what| all.push((socket.id, what));
            if socket.failed_told {
                can(Completion::Closed);
                continue;
            }
            if socket.late > 0 && socket.close.is_none() {
                can(Completion::Receive);
                continue;
            }
            if socket.handing.is_some() {
                can(Completion::HandedOver);
                continue;
            }
            if socket.rst {
                can(Completion::Failed);
            }
            let graceful = socket.close == Some(Close::Gracefully);
            if socket.close.is_some() && !(graceful && self.outgoing(socket.id) > 0) {
                can(Completion::Closed);
                continue;
            }
            if socket.sending && takes(socket.end) && self.outgoing(socket.id) > 0 {
                can(Completion::Send);
            }
            if socket.reading && socket.close.is_none() {
                if !socket.inbound.is_empty() {
                    can(Completion::Receive);
                } else if socket.fin && !socket.ended_told && !socket.rst {
                    can(Completion::Ended);
                }
            }
        }
        all
    }

    /// Receives up to `most` bytes into a block; `None` if there is no block.
    pub(crate) fn receive(&mut self, id: SocketId, most: usize) -> Option<Input<Item>> {
        let mut block = self.pool.writable(Class::Receive)?;
        let socket = self.socket_mut(id)?;
        let n = most.min(socket.inbound.len()).min(block.room());
        let n = if socket.late > 0 {
            n.min(socket.late)
        } else {
            n
        };
        socket.late = socket.late.saturating_sub(n);
        let bytes: Vec<u8> = socket.inbound.drain(..n).collect();
        block.put(&bytes);
        Some(Input::Received {
            socket: id,
            data: block.freeze(),
        })
    }

    /// The last word about a socket.
    pub(crate) fn failed(&mut self, id: SocketId) -> Input<Item> {
        if let Some(socket) = self.socket_mut(id) {
            socket.failed_told = true;
        }
        Input::Failed {
            socket: id,
            fault: SocketFault::Reset,
        }
    }
}
