//! Shards with their real pools and mesh, driven by hand, without a kernel. What drives them allocates nothing once it is warm.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use megaphone_core::{
    Input, Item, ListenerId, Machine, Output, Peer, Shard, ShardConfig, ShardId, SocketId,
};
use megaphone_frame::link::Head;
use megaphone_mesh::Port;
use megaphone_pool::{Class, Pool, PoolConfig};
use megaphone_wheel::Tick;
use std::time::Duration;

/// One shard with what its driver has.
pub struct Node {
    pub shard: Shard,
    pub pool: Pool,
    pub port: Port<Item>,
    pub sockets: u32,
}

/// Two shards, and a clock.
pub struct World {
    pub nodes: Vec<Node>,
    pub now: Tick,
    /// What was sent last, for whoever reads it.
    pub sent: Vec<u8>,
    /// Sockets that were closed, with what was outgoing then.
    pub closed: Vec<(usize, SocketId, Vec<u8>)>,
}

impl World {
    pub fn new(config: &ShardConfig) -> World {
        let node = |(number, port)| {
            let pool = Pool::new(&PoolConfig::new(number as u16)).expect("a pool");
            let config = ShardConfig {
                shard: ShardId(number as u16),
                ..config.clone()
            };
            Node {
                shard: Shard::new(config, pool.clone(), None).expect("a configuration"),
                pool,
                port,
                sockets: 0,
            }
        };
        let ports = megaphone_mesh::mesh(config.shards, config.lane_capacity());
        World {
            nodes: ports.into_iter().enumerate().map(node).collect(),
            now: Tick(1),
            sent: Vec::with_capacity(1 << 20),
            closed: Vec::new(),
        }
    }

    pub fn tell(&mut self, at: usize, input: Input<Item>) {
        let node = &mut self.nodes[at];
        let closed = self.closed.len();
        node.shard.handle(self.now, input);
        while let Some(output) = node.shard.poll() {
            match output {
                Output::Item { to, item } => node.port.send(to.0, item).expect("a credit"),
                Output::Return { to, back } => {
                    node.port.give_back(to.0, back).expect("an answer per item");
                }
                Output::Send { .. } | Output::Read { .. } | Output::Note(_) => {}
                Output::Close { socket, .. } => {
                    let outgoing = node.shard.outgoing(socket);
                    let words = outgoing
                        .map(|outgoing| outgoing.to_vec())
                        .unwrap_or_default();
                    self.closed.push((at, socket, words));
                }
                other => panic!("nobody asked for {other:?}"),
            }
        }
        node.port.flush(|_| {});
        for index in closed..self.closed.len() {
            let (at, socket, _) = self.closed[index];
            self.tell(at, Input::Closed { socket });
        }
    }

    pub fn accept(&mut self, at: usize, listener: ListenerId) -> SocketId {
        let slot = self.nodes[at].sockets;
        self.nodes[at].sockets += 1;
        let socket = SocketId {
            slot,
            generation: 1,
        };
        let peer = Peer::Unknown;
        self.tell(
            at,
            Input::Accepted {
                listener,
                socket,
                peer,
            },
        );
        self.settle();
        socket
    }

    /// Bytes arrive on a socket, in as many blocks as they need.
    pub fn receive(&mut self, at: usize, socket: SocketId, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let block = self.nodes[at].pool.writable(Class::Receive);
            let mut block = block.expect("a block");
            let n = block.put(bytes);
            bytes = &bytes[n..];
            let data = block.freeze();
            self.tell(at, Input::Received { socket, data });
        }
    }

    /// Items and returns arrive, until there are none.
    pub fn settle(&mut self) {
        let mut busy = true;
        while busy {
            busy = false;
            for at in 0..self.nodes.len() {
                if let Some((from, item)) = self.nodes[at].port.next_item() {
                    let from = ShardId(from);
                    self.tell(at, Input::Item { from, item });
                    busy = true;
                }
                if let Some((from, back)) = self.nodes[at].port.next_return() {
                    let from = ShardId(from);
                    self.tell(at, Input::Return { from, back });
                    busy = true;
                }
            }
        }
    }

    /// All that is outgoing on a socket is sent; it is in [`World::sent`].
    pub fn send(&mut self, at: usize, socket: SocketId) {
        self.sent.clear();
        while let Some(outgoing) = self.nodes[at].shard.outgoing(socket)
            && !outgoing.is_empty()
        {
            let (from, bytes) = (self.sent.len(), outgoing.len());
            self.sent.resize(from + bytes, 0);
            outgoing.peek(&mut self.sent[from..]);
            self.tell(at, Input::Sent { socket, bytes });
            self.settle();
        }
    }

    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        for at in 0..self.nodes.len() {
            self.tell(at, Input::Deadline);
        }
        self.settle();
    }
}

/// One frame of the link protocol behind what is there.
pub fn push_frame(out: &mut Vec<u8>, head: Head, payload: &[u8]) {
    let header = head.header(payload.len() as u32).expect("short enough");
    out.extend_from_slice(&header);
    out.extend_from_slice(payload);
}
