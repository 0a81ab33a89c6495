//! The world: it carries out what machines ask for, tells them what happened, and keeps the books.

use crate::backend::Backend;
use crate::client::{Client, ClientEnd};
use crate::gateway::SentDatagram;
use crate::kernel::{Completion, End, Moving, Node};
use crate::plan::Plan;
use crate::sights::{Sight, Sights};
use megaphone_core::{
    Answer, Close, Command, ConnectionId, Input, Item, ListenerId, Machine, NoteLevel, Output,
    QuestionId, Shard, ShardConfig, ShardId, SocketFault, SocketId,
};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_pool::Pool;
use megaphone_wheel::{Rng, Tick};
use std::collections::BTreeMap;
use std::time::Duration;

/// Shards, clients and backends under one virtual clock.
pub struct World {
    /// What was drawn.
    pub plan: Plan,
    /// The clock.
    pub now: Tick,
    /// All clients that ever connected.
    pub clients: Vec<Client>,
    /// All backends.
    pub backends: Vec<Backend>,
    /// What was seen.
    pub sights: Sights,
    /// Log lines of the machines.
    pub notes: Vec<(NoteLevel, String)>,
    /// Answers to [`World::ask`], with the shard that gave them.
    pub answers: Vec<(usize, QuestionId, Answer)>,
    pub(crate) rng: Rng,
    pub(crate) nodes: Vec<Node>,
    pub(crate) moving: Vec<Moving>,
    /// Everything that happened, folded.
    pub(crate) trace: u64,
    /// What must not be and is.
    pub(crate) faults: Vec<String>,
    /// Datagrams that shards sent and nobody has looked at.
    pub(crate) datagrams: Vec<SentDatagram>,
    /// Bytes that one completion moves at most, when the world settles.
    pub chunk: usize,
    /// The client whose story goes into the notes.
    pub watched: Option<usize>,
    /// Whose connection an id names, or named.
    pub(crate) ids: BTreeMap<u64, usize>,
    /// Clients whose connection is not over.
    pub(crate) alive: Vec<usize>,
    /// Whether actions are drawn.
    pub(crate) chaotic: bool,
    /// Whether a pool was ever dry: from then on any session may be shed.
    pub(crate) dried: bool,
    /// Whether clients that come from now on have the same address.
    pub one_source: bool,
}

impl World {
    /// A world as planned, in which nothing has happened.
    ///
    /// # Panics
    ///
    /// If the plan's configuration cannot be served.
    #[must_use]
    pub fn new(plan: Plan, rng: Rng) -> World {
        let shards = plan.config.shards;
        let ports = megaphone_mesh::mesh::<Item>(shards, plan.config.lane_capacity());
        let node = |(number, port): (usize, _)| {
            let mut pool = plan.pool.clone();
            pool.owner = number as u16;
            let pool = Pool::new(&pool).expect("the planned pool can be mapped");
            let config = ShardConfig {
                shard: ShardId(number as u16),
                ..plan.config.clone()
            };
            let shard = Shard::new(config, pool.clone(), None)
                .expect("the planned configuration can be served");
            Node::new(shard, pool, port)
        };
        let nodes = ports.into_iter().enumerate().map(node).collect();
        World {
            plan,
            now: Tick(1_000_000),
            clients: Vec::new(),
            backends: Vec::new(),
            sights: Sights::default(),
            notes: Vec::new(),
            answers: Vec::new(),
            rng,
            nodes,
            moving: Vec::new(),
            trace: 0,
            faults: Vec::new(),
            datagrams: Vec::new(),
            chunk: usize::MAX,
            watched: None,
            ids: BTreeMap::new(),
            alive: Vec::new(),
            chaotic: false,
            dried: false,
            one_source: false,
        }
    }

    // ── the machines ─────────────────────────────────────────────────────────────────────────────────────────────

    /// Tells a shard something and carries out what it asks for.
    pub(crate) fn tell(&mut self, at: usize, input: Input<Item>) {
        self.fold(&[at as u64, kind_of(&input)]);
        self.story(at, "told", &input);
        self.nodes[at].shard.handle(self.now, input);
        while let Some(output) = self.nodes[at].shard.poll() {
            self.carry_out(at, output);
        }
        self.nodes[at].port.flush(|_| {});
    }

    /// An operator asks a shard; what it says is in [`World::answers`].
    pub fn ask(&mut self, at: usize, question: QuestionId, command: Command) {
        let command = Box::new(command);
        self.tell(at, Input::Asked { question, command });
    }

    /// Folds numbers into the trace.
    pub(crate) fn fold(&mut self, numbers: &[u64]) {
        for &number in numbers {
            self.trace = (self.trace.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    /// Writes down what happens to the watched client.
    fn story(&mut self, at: usize, verb: &str, what: &dyn std::fmt::Debug) {
        let Some(client) = self.watched.and_then(|number| self.clients.get(number)) else {
            return;
        };
        let id = ConnectionId::new(ShardId(client.shard as u16), client.socket);
        let text = format!("{what:?}");
        let names_socket = at == client.shard && text.contains(&format!("{:?}", client.socket));
        if names_socket || text.contains(&format!("connection: {id:?}")) {
            self.notes.push((
                NoteLevel::Info,
                format!("{}: shard {at} {verb} {text}", self.now),
            ));
        }
    }

    fn carry_out(&mut self, at: usize, output: Output<Item>) {
        self.story(at, "says", &output);
        let late = self.chaotic && self.rng.chance(1, 3);
        let node = &mut self.nodes[at];
        match output {
            Output::Send { socket } => match node.socket_mut(socket) {
                Some(it) if !it.sending => it.sending = true,
                _ => self.faults.push(format!(
                    "shard {at}: Send twice or for no socket: {socket:?}"
                )),
            },
            Output::Read { socket, on } => match node.socket_mut(socket) {
                Some(it) => {
                    it.reading = on;
                    it.late = 0;
                    if !on && late && !it.inbound.is_empty() {
                        it.late = it.inbound.len().min(self.plan.chunk_max);
                        self.sights.see(Sight::LateBytes);
                    }
                }
                None => self
                    .faults
                    .push(format!("shard {at}: Read for no socket: {socket:?}")),
            },
            Output::Finish { socket } => {
                match node.socket_mut(socket) {
                    Some(it) if !it.finish => it.finish = true,
                    _ => self.faults.push(format!(
                        "shard {at}: Finish twice or for no socket: {socket:?}"
                    )),
                }
                self.finish_if_sent(at, socket);
            }
            Output::Close { socket, how } => match node.socket_mut(socket) {
                Some(it) => it.close = Some(how),
                None => self
                    .faults
                    .push(format!("shard {at}: Close for no socket: {socket:?}")),
            },
            Output::Connect { token, target } => node.connects.push((token, target)),
            Output::HandOver { socket, to, token } => match node.socket_mut(socket) {
                Some(it) if !it.reading => it.handing = Some((to, token)),
                _ => self.faults.push(format!(
                    "shard {at}: HandOver of a socket that is read: {socket:?}"
                )),
            },
            Output::Item { to, item } => {
                if let Err(refused) = node.port.send(to.0, item) {
                    self.faults
                        .push(format!("shard {at}: the mesh refuses an item: {refused:?}"));
                }
            }
            Output::Return { to, back } => {
                if let Err(refused) = node.port.give_back(to.0, back) {
                    self.faults.push(format!(
                        "shard {at}: the mesh refuses a return: {refused:?}"
                    ));
                }
            }
            Output::Datagram { listener, to, data } => {
                let datagram = SentDatagram {
                    shard: at,
                    listener: usize::from(listener.0),
                    to,
                    bytes: data.to_vec(),
                };
                self.datagram_sent(datagram);
            }
            Output::StopListening { listener } => node.stopped.push(listener.0),
            Output::Drained => {
                if node.drained || node.slots.iter().any(Option::is_some) {
                    self.faults
                        .push(format!("shard {at}: Drained twice or with sockets"));
                }
                node.drained = true;
            }
            Output::Note(note) => self.notes.push((note.level, note.text)),
            Output::Answer { question, answer } => self.answers.push((at, question, *answer)),
        }
    }

    /// A shard takes one item or return from the mesh; false if there is none.
    pub(crate) fn mesh_step(&mut self, at: usize) -> bool {
        if let Some((from, back)) = self.nodes[at].port.next_return() {
            self.tell(
                at,
                Input::Return {
                    from: ShardId(from),
                    back,
                },
            );
            return true;
        }
        if let Some((from, item)) = self.nodes[at].port.next_item() {
            self.tell(
                at,
                Input::Item {
                    from: ShardId(from),
                    item,
                },
            );
            return true;
        }
        false
    }

    /// The clock moves, and every shard whose deadline passed is told.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        for at in 0..self.nodes.len() {
            if self.nodes[at]
                .shard
                .deadline()
                .is_some_and(|deadline| deadline <= self.now)
            {
                self.tell(at, Input::Deadline);
            }
        }
    }

    // ── the kernel ───────────────────────────────────────────────────────────────────────────────────────────────

    fn takes(&self, end: End) -> bool {
        match end {
            End::Client(number) => self.clients[number].reads,
            End::Backend(index) => self.backends[index].reads,
            End::Nobody => true,
            End::DeadPath => false,
        }
    }

    /// What the kernel of a shard can complete now.
    pub(crate) fn completions(&self, at: usize) -> Vec<(SocketId, Completion)> {
        self.nodes[at].completions(|end| self.takes(end))
    }

    /// Completes one thing on one socket, with up to `most` bytes; false if there was no buffer for it.
    pub(crate) fn complete(
        &mut self,
        at: usize,
        id: SocketId,
        what: Completion,
        most: usize,
    ) -> bool {
        self.fold(&[u64::from(id.slot), what as u64, most as u64]);
        match what {
            Completion::Receive => match self.nodes[at].receive(id, most) {
                Some(input) => self.tell(at, input),
                None => {
                    self.sights.see(Sight::NoBuffers);
                    self.nodes[at].pool.collect_strays();
                    return false;
                }
            },
            Completion::Ended => {
                if let Some(socket) = self.nodes[at].socket_mut(id) {
                    socket.ended_told = true;
                }
                self.tell(at, Input::Ended { socket: id });
            }
            Completion::Failed => {
                let input = self.nodes[at].failed(id);
                self.tell(at, input);
            }
            Completion::Send => self.complete_send(at, id, most),
            Completion::Closed => self.complete_close(at, id),
            Completion::HandedOver => self.complete_hand_over(at, id),
        }
        true
    }

    fn complete_send(&mut self, at: usize, id: SocketId, most: usize) {
        let waiting = self.nodes[at].outgoing(id);
        let bytes = self.nodes[at].outgoing_bytes(id, most);
        let Some(end) = self.nodes[at].socket(id).map(|socket| socket.end) else {
            return;
        };
        if bytes.len() < waiting {
            self.sights.see(Sight::ShortSend);
        } else if let Some(socket) = self.nodes[at].socket_mut(id) {
            socket.sending = false;
        }
        match end {
            End::Client(number) => self.clients[number].take(&bytes),
            End::Backend(index) if self.backends[index].socket == Some((at, id)) => {
                self.backends[index].inbox.extend(&bytes)
            }
            End::Backend(_) | End::Nobody | End::DeadPath => {}
        }
        self.tell(
            at,
            Input::Sent {
                socket: id,
                bytes: bytes.len(),
            },
        );
        self.finish_if_sent(at, id);
    }

    /// The machine's FIN goes out behind what was outgoing; a client that is as it should be ends its side too.
    fn finish_if_sent(&mut self, at: usize, id: SocketId) {
        let waiting = self.nodes[at].outgoing(id);
        let Some(socket) = self.nodes[at].socket_mut(id) else {
            return;
        };
        let End::Client(number) = socket.end else {
            return;
        };
        if socket.finish && waiting == 0 && !self.clients[number].parted {
            self.sights.see(Sight::Parted);
            self.clients[number].parted = true;
            socket.fin |= self.clients[number].answers_end;
        }
    }

    fn complete_close(&mut self, at: usize, id: SocketId) {
        let Some(socket) = self.nodes[at].remove(id) else {
            return;
        };
        // What was not read when a socket is closed resets it; so does closing without sending what was outgoing.
        let reset = socket.close == Some(Close::Reset) || socket.rst;
        match socket.end {
            End::Client(number) => {
                let client = &mut self.clients[number];
                // A dialect without flow control leaves a slow client no other end than this.
                client.excused |= client.uncredited && socket.close == Some(Close::Now);
                client.end = Some(if reset {
                    ClientEnd::Reset
                } else {
                    ClientEnd::Closed
                });
                self.alive.retain(|&other| other != number);
            }
            End::Backend(index) if self.backends[index].socket == Some((at, id)) => {
                self.backend_disconnected(index)
            }
            End::Backend(_) | End::Nobody | End::DeadPath => {}
        }
        self.tell(at, Input::Closed { socket: id });
    }

    fn complete_hand_over(&mut self, at: usize, id: SocketId) {
        let Some(socket) = self.nodes[at].remove(id) else {
            return;
        };
        let Some((to, token)) = socket.handing else {
            return;
        };
        self.sights.see(Sight::HandedOver);
        self.moving.push(Moving {
            to: usize::from(to.0),
            token,
            end: socket.end,
            inbound: socket.inbound,
            fin: socket.fin,
            rst: socket.rst,
        });
        if let End::Backend(index) = socket.end {
            self.backends[index].socket = None;
            self.backends[index].moving = true;
        }
        self.tell(at, Input::HandedOver { socket: id });
    }

    /// The first socket on its way arrives; false if there is none.
    pub(crate) fn adopt(&mut self) -> bool {
        if self.moving.is_empty() {
            return false;
        }
        let Moving {
            to,
            token,
            end,
            inbound,
            fin,
            rst,
        } = self.moving.remove(0);
        let id = self.nodes[to].open(end);
        if let Some(socket) = self.nodes[to].socket_mut(id) {
            (socket.inbound, socket.fin, socket.rst) = (inbound, fin, rst);
        }
        if let End::Backend(index) = end {
            self.backends[index].socket = Some((to, id));
            self.backends[index].moving = false;
        }
        self.tell(to, Input::Adopted { socket: id, token });
        true
    }

    /// A connection that a shard asked for is made, or fails; false if none was asked for.
    pub(crate) fn connect_step(&mut self, at: usize) -> bool {
        if self.nodes[at].connects.is_empty() {
            return false;
        }
        let (token, _) = self.nodes[at].connects.remove(0);
        let ready = |backend: &Backend| backend.plan.dialled && backend.socket.is_none();
        match self.backends.iter().position(ready) {
            Some(index) => {
                let id = self.nodes[at].open(End::Backend(index));
                self.backends[index].connected(at, id);
                self.tell(at, Input::Connected { token, socket: id });
            }
            None => {
                self.sights.see(Sight::ConnectFailed);
                self.tell(
                    at,
                    Input::ConnectFailed {
                        token,
                        fault: SocketFault::Refused,
                    },
                );
            }
        }
        true
    }

    /// A listener of a shard cannot accept.
    pub fn accept_fails(&mut self, shard: usize, listener: ListenerId, fault: SocketFault) {
        self.tell(shard, Input::AcceptFailed { listener, fault });
    }

    // ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Lets all shards gather the figures that are counted elsewhere.
    pub fn publish(&mut self) {
        for node in &mut self.nodes {
            node.shard.publish(self.now);
        }
    }

    /// A figure, over all shards.
    #[must_use]
    pub fn metric(&self, metric: Metric) -> u64 {
        self.nodes
            .iter()
            .map(|node| node.shard.cells().get(metric))
            .sum()
    }

    /// A figure of a link, over all shards.
    #[must_use]
    pub fn link_metric(&self, spec: usize, metric: LinkMetric) -> u64 {
        self.nodes
            .iter()
            .map(|node| node.shard.cells().link_get(spec, metric))
            .sum()
    }

    /// What is wrong, if anything.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let theirs = self
            .clients
            .iter()
            .filter_map(|client| client.fault.clone());
        self.faults.iter().cloned().chain(theirs).collect()
    }

    /// The shard's gauges.
    #[must_use]
    pub fn gauges(&self, shard: usize) -> megaphone_core::ShardGauges {
        self.nodes[shard].shard.gauges()
    }

    /// Sockets of a shard that the machine has not closed.
    #[must_use]
    pub fn open_sockets(&self, shard: usize) -> usize {
        let sockets = self.nodes[shard].slots.iter().flatten();
        sockets.filter(|socket| socket.close.is_none()).count()
    }

    /// Bytes that wait for a backend at its shard.
    #[must_use]
    pub fn waiting_for(&self, backend: usize) -> usize {
        self.backends[backend]
            .socket
            .map_or(0, |(shard, id)| self.nodes[shard].outgoing(id))
    }

    /// The pool of a shard.
    #[must_use]
    pub fn pool(&self, shard: usize) -> &Pool {
        &self.nodes[shard].pool
    }

    /// The trace so far: equal for equal seeds.
    #[must_use]
    pub fn trace(&self) -> u64 {
        self.trace
    }
}

/// A number for each kind of input.
fn kind_of(input: &Input<Item>) -> u64 {
    match input {
        Input::Accepted { socket, .. } => 1 | u64::from(socket.slot) << 8,
        Input::AcceptFailed { .. } => 2,
        Input::Connected { .. } => 3,
        Input::ConnectFailed { .. } => 4,
        Input::Adopted { .. } => 5,
        Input::HandedOver { .. } => 6,
        Input::Received { data, .. } => 7 | (data.len() as u64) << 8,
        Input::Ended { .. } => 8,
        Input::Sent { bytes, .. } => 9 | (*bytes as u64) << 8,
        Input::Failed { .. } => 10,
        Input::Closed { .. } => 11,
        Input::Item { from, .. } => 12 | u64::from(from.0) << 8,
        Input::Return { from, .. } => 13 | u64::from(from.0) << 8,
        Input::Deadline => 14,
        Input::Drain { .. } => 15,
        Input::Datagram { data, .. } => 16 | (data.len() as u64) << 8,
        Input::Asked { .. } => 17,
    }
}
