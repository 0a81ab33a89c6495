//! The world: it carries out what machines ask for, tells them what happened, and keeps the books.

use crate::backend::{Backend, BackendPlan, Noticed, Reply};
use crate::client::{Client, ClientEnd};
use crate::kernel::{Completion, End, Moving, Node};
use crate::plan::Plan;
use crate::sights::{Sight, Sights};
use megaphone_core::{
    Close, ConnectionId, Dialect, Input, Item, LinkSide, LinkSpec, ListenerId, Machine, NoteLevel,
    Output, Peer, Route, Shard, ShardConfig, ShardId, SocketFault, SocketId,
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
    pub(crate) rng: Rng,
    pub(crate) nodes: Vec<Node>,
    pub(crate) moving: Vec<Moving>,
    /// Everything that happened, folded.
    pub(crate) trace: u64,
    /// What must not be and is.
    pub(crate) faults: Vec<String>,
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
            rng,
            nodes,
            moving: Vec::new(),
            trace: 0,
            faults: Vec::new(),
            chunk: usize::MAX,
            watched: None,
            ids: BTreeMap::new(),
            alive: Vec::new(),
            chaotic: false,
            dried: false,
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
            Output::Finish { socket } => self
                .faults
                .push(format!("shard {at}: Finish is not used: {socket:?}")),
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
            Output::StopListening { listener } => node.stopped.push(listener.0),
            Output::Drained => {
                if node.drained || node.slots.iter().any(Option::is_some) {
                    self.faults
                        .push(format!("shard {at}: Drained twice or with sockets"));
                }
                node.drained = true;
            }
            Output::Note(note) => self.notes.push((note.level, note.text)),
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
            End::Backend(_) | End::Nobody => {}
        }
        self.tell(
            at,
            Input::Sent {
                socket: id,
                bytes: bytes.len(),
            },
        );
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
            End::Backend(_) | End::Nobody => {}
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

    // ── clients ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// A client connects to a listener of a shard; its number.
    pub fn connect(&mut self, shard: usize, listener: usize) -> usize {
        let number = self.clients.len();
        let spec = self.plan.config.listeners[listener].clone();
        let id = self.nodes[shard].open(End::Client(number));
        let mut client = Client::new(number, shard, id, listener, spec.framing);
        client.echoes = spec.route == Route::Echo;
        client.discards = spec.route == Route::Discard;
        let old = |link: &LinkSpec| {
            link.dialect != Dialect::V1 && spec.route == Route::Link(link.name.clone())
        };
        client.uncredited = self.plan.config.links.iter().any(old);
        // A small pool, or one that was dry, may shed anybody at any time.
        client.excused = self.dried || self.plan.pool.classes[1].blocks < 100;
        self.ids
            .insert(ConnectionId::new(ShardId(shard as u16), id).bits(), number);
        self.clients.push(client);
        self.alive.push(number);
        self.sights.see(Sight::ClientAccepted);
        // The number in the address is what the backend finds in the PROXY header.
        let remote = ([10, 0, 0, number as u8], (number >> 8) as u16).into();
        let peer = Peer::Tcp {
            remote,
            local: ([192, 0, 2, 1], 5222).into(),
        };
        self.tell(
            shard,
            Input::Accepted {
                listener: ListenerId(listener as u16),
                socket: id,
                peer,
            },
        );
        let refused = self.nodes[shard]
            .socket(id)
            .is_some_and(|socket| socket.close.is_some());
        self.clients[number].excused |= refused;
        number
    }

    /// A client writes a frame of `len` content bytes.
    pub fn write(&mut self, number: usize, len: usize) {
        let client = &mut self.clients[number];
        if client.is_alive() && !client.ended {
            let bytes = client.frame(len);
            self.write_bytes(number, &bytes);
        }
    }

    /// A client writes bytes as they are.
    pub fn write_bytes(&mut self, number: usize, bytes: &[u8]) {
        let client = &self.clients[number];
        if let Some(socket) = self.nodes[client.shard].socket_mut(client.socket) {
            socket.inbound.extend(bytes);
        }
    }

    /// A client ends its side.
    pub fn end(&mut self, number: usize) {
        let client = &mut self.clients[number];
        client.ended = true;
        if let Some(socket) = self.nodes[client.shard].socket_mut(client.socket) {
            socket.fin = true;
        }
    }

    /// A client's socket breaks.
    pub fn break_client(&mut self, number: usize) {
        let client = &mut self.clients[number];
        client.broke = true;
        client.excused = true;
        if let Some(socket) = self.nodes[client.shard].socket_mut(client.socket) {
            socket.rst = true;
            socket.late = 0;
            socket.inbound.clear();
        }
    }

    // ── backends ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// A backend that behaves, for the link `spec`; its index.
    pub fn add_backend(&mut self, spec: usize, name: &str) -> usize {
        let link = &self.plan.config.links[spec];
        let plan = BackendPlan {
            name: name.to_owned(),
            spec,
            dialect: link.dialect,
            dialled: matches!(link.side, LinkSide::Connect(_)),
            numbered: link.dialect == Dialect::V1,
            token: link.token.clone(),
            max_frame: 65_536,
            credit: self.plan.credit,
            credits: true,
            acknowledges: true,
            reply: Reply::Accept,
        };
        self.backends.push(Backend::new(plan));
        self.backends.len() - 1
    }

    /// Somebody who is no backend connects to a link's listener and writes something.
    pub fn connect_stranger(&mut self, shard: usize, spec: usize, bytes: &[u8]) -> SocketId {
        let listener = ListenerId((self.plan.config.listeners.len() + spec) as u16);
        let id = self.nodes[shard].open(End::Nobody);
        if let Some(socket) = self.nodes[shard].socket_mut(id) {
            socket.inbound.extend(bytes);
        }
        self.tell(
            shard,
            Input::Accepted {
                listener,
                socket: id,
                peer: Peer::Unknown,
            },
        );
        id
    }

    /// Whether a stranger's socket is still open.
    #[must_use]
    pub fn stranger_is_there(&self, shard: usize, socket: SocketId) -> bool {
        self.nodes[shard].socket(socket).is_some()
    }

    /// A backend connects to a shard.
    pub fn connect_backend(&mut self, index: usize, shard: usize) {
        let backend = &self.backends[index];
        if backend.plan.dialled || backend.socket.is_some() || backend.moving {
            return;
        }
        let listener = self.plan.config.listeners.len() + self.backends[index].plan.spec;
        let id = self.nodes[shard].open(End::Backend(index));
        self.backends[index].connected(shard, id);
        let listener = ListenerId(listener as u16);
        self.tell(
            shard,
            Input::Accepted {
                listener,
                socket: id,
                peer: Peer::Unknown,
            },
        );
        self.flush_backend(index);
    }

    /// What a backend said goes on the wire.
    pub fn flush_backend(&mut self, index: usize) {
        let backend = &mut self.backends[index];
        let Some((shard, id)) = backend.socket else {
            return;
        };
        let bytes = std::mem::take(&mut backend.outbox);
        if let Some(socket) = self.nodes[shard].socket_mut(id) {
            socket.inbound.extend(bytes);
        }
    }

    /// A link's socket breaks; what was on the wire is lost.
    pub fn break_link(&mut self, index: usize) {
        let Some((shard, id)) = self.backends[index].socket else {
            return;
        };
        self.sights.see(Sight::LinkBroken);
        if let Some(socket) = self.nodes[shard].socket_mut(id) {
            socket.rst = true;
            socket.late = 0;
            socket.inbound.clear();
            socket.end = End::Nobody;
        }
        self.backend_disconnected(index);
    }

    fn backend_disconnected(&mut self, index: usize) {
        let lost = self.backends[index].disconnected();
        self.excuse(&lost);
    }

    /// A backend gives its socket up without a word, and comes again: its appliance has not noticed.
    pub fn reconnect_backend(&mut self, index: usize, shard: usize) {
        if self.backends[index].plan.dialled {
            return;
        }
        if let Some((at, id)) = self.backends[index].socket
            && let Some(socket) = self.nodes[at].socket_mut(id)
        {
            socket.end = End::Nobody;
            socket.inbound.clear();
            socket.late = 0;
            self.backend_disconnected(index);
            self.connect_backend(index, shard);
        }
    }

    /// A backend dies and forgets.
    pub fn restart_backend(&mut self, index: usize) {
        if self.backends[index].moving {
            // What it said is still on its way; it dies another time.
            return;
        }
        self.break_link(index);
        self.sights.see(Sight::BackendRestarted);
        let lost = self.backends[index].forget();
        self.excuse(&lost);
    }

    /// Not everything of these clients need arrive any more.
    pub(crate) fn excuse(&mut self, clients: &[usize]) {
        for &number in clients {
            self.clients[number].excused = true;
        }
    }

    /// All clients that are there now are excused.
    pub(crate) fn excuse_all(&mut self) {
        let alive = self.alive.clone();
        self.excuse(&alive);
    }

    /// A backend understands one frame, if a whole one has come.
    pub fn backend_step(&mut self, index: usize) -> bool {
        let Some(noticed) = self.backends[index].hear(&self.ids) else {
            return false;
        };
        for what in noticed {
            self.notice(index, what);
        }
        self.flush_backend(index);
        true
    }

    fn notice(&mut self, index: usize, what: Noticed) {
        if self.watched.is_some() {
            self.notes.push((
                NoteLevel::Info,
                format!("{}: backend {index} notices {what:?}", self.now),
            ));
        }
        if self.backends[index].doomed
            && !matches!(what, Noticed::Opened { .. } | Noticed::Rejected { .. })
        {
            return;
        }
        match what {
            Noticed::Up { resumed } => {
                self.sights.see(if resumed {
                    Sight::LinkResumed
                } else {
                    Sight::LinkUp
                });
                if self.backends[index].plan.dialled {
                    self.sights.see(Sight::Dialled);
                }
            }
            Noticed::Opened { client } => {
                self.clients[client].opened = true;
                self.clients[client].excused |= self.backends[index].doomed;
                let home = self.backends[index].socket.map(|(shard, _)| shard);
                let same = home == Some(self.clients[client].shard);
                self.sights.see(if same {
                    Sight::OpenedAtHome
                } else {
                    Sight::OpenedAcrossShards
                });
                if self.backends[index].plan.dialect != Dialect::V1 {
                    self.sights.see(Sight::ClassicLink);
                }
            }
            Noticed::Rejected { client } => {
                self.sights.see(Sight::Rejected);
                self.clients[client].excused = true;
            }
            Noticed::Arrived {
                client,
                bytes,
                message_end,
                differs,
            } => {
                self.arrived(index, client, bytes, message_end, differs);
            }
            Noticed::Ended { client, came } => self.ended_upward(index, client, came),
            Noticed::Reset { client } => {
                self.sights.see(Sight::ShardReset);
                self.backends[index].resets += 1;
                if let Some(client) = client
                    && !self.clients[client].excused
                {
                    self.faults.push(format!(
                        "client {client} was reset by the shard without cause"
                    ));
                }
            }
            Noticed::Overrun { client } => self
                .faults
                .push(format!("more than its credit was sent for client {client}")),
            Noticed::More => self.sights.see(Sight::MoreFlag),
            Noticed::Ponged => self.sights.see(Sight::Ponged),
            Noticed::Forgot { clients } => self.excuse(&clients),
            Noticed::Drain => self.backends[index].drain_heard = true,
            Noticed::Over { reason } => {
                self.fold(&[u64::from(reason)]);
                self.backends[index].dismissed = Some(reason);
            }
            Noticed::Broken(what) => {
                let name = &self.backends[index].plan.name;
                self.faults.push(format!("backend {name}: {what}"));
            }
        }
    }

    fn arrived(
        &mut self,
        index: usize,
        number: usize,
        bytes: usize,
        message_end: Option<usize>,
        differs: Option<u64>,
    ) {
        let classic = self.backends[index].plan.dialect != Dialect::V1;
        let client = &mut self.clients[number];
        if let Some(at) = differs {
            self.faults.push(format!(
                "byte {at} of client {number} is wrong at its backend"
            ));
        }
        client.arrived += bytes as u64;
        if client.arrived > client.written {
            self.faults.push(format!(
                "client {number} wrote {} bytes, {} arrived",
                client.written, client.arrived
            ));
        }
        if let (Some(len), false, false) = (
            message_end,
            client.framing == megaphone_frame::Framing::Raw,
            classic,
        ) {
            let expected = client.frames.pop_front();
            if expected != Some(len) {
                self.faults.push(format!(
                    "client {number} wrote a frame of {expected:?}, {len} arrived"
                ));
            }
        }
    }

    /// The appliance's CLOSE came: everything before it must have.
    fn ended_upward(&mut self, index: usize, number: usize, came: u64) {
        let client = &self.clients[number];
        if client.uncredited {
            // A client that is too slow for its link is closed, and may be so at any time.
            return;
        }
        if client.ended && !client.excused && !client.dismissed && came != client.written {
            self.faults.push(format!(
                "client {number} ended after {} bytes, CLOSE came after {came}",
                client.written
            ));
        }
        if !client.ended
            && !client.excused
            && !client.dismissed
            && client.is_alive()
            && !self.draining()
        {
            self.faults.push(format!(
                "CLOSE for client {number}, which has not ended (backend {index})"
            ));
        }
    }

    /// Whether the shards are told to end.
    pub(crate) fn draining(&self) -> bool {
        self.nodes.iter().any(|node| !node.stopped.is_empty())
    }

    // ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

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
    }
}
