//! What clients and backends do and notice: connecting, writing, ending, breaking, coming back.

use crate::backend::{Backend, BackendPlan, Noticed, Reply};
use crate::client::Client;
use crate::kernel::End;
use crate::sights::Sight;
use crate::world::World;
use megaphone_core::{
    ConnectionId, Dialect, Input, LinkSide, LinkSpec, ListenerId, NoteLevel, Peer, Route, ShardId,
    SocketId,
};
use megaphone_frame::Framing;

impl World {
    // ── clients ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// A client connects to a listener of a shard; its number.
    pub fn connect(&mut self, shard: usize, listener: usize) -> usize {
        let number = self.clients.len();
        // The number in address and port is what the backend finds in the PROXY header.
        let address = match self.one_source {
            true => [10, 1, 0, 0],
            false => [10, 0, (number >> 8) as u8, number as u8],
        };
        let remote = (address, number as u16).into();
        let peer = Peer::Tcp {
            remote,
            local: ([192, 0, 2, 1], 5222).into(),
        };
        self.connect_as(shard, listener, peer)
    }

    /// As [`World::connect`], from an address of its own.
    pub(crate) fn connect_as(&mut self, shard: usize, listener: usize, peer: Peer) -> usize {
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
            dialled: matches!(link.side, LinkSide::Connect(..)),
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

    /// Whether the appliance reads a client's socket.
    #[must_use]
    pub fn is_read(&self, client: usize) -> bool {
        let client = &self.clients[client];
        let socket = self.nodes[client.shard].socket(client.socket);
        socket.is_some_and(|socket| socket.reading)
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

    pub(crate) fn backend_disconnected(&mut self, index: usize) {
        let lost = self.backends[index].disconnected();
        self.excuse(&lost);
    }

    /// A backend gives its socket up without a word, and comes again: its appliance has not noticed.
    pub fn reconnect_backend(&mut self, index: usize, shard: usize) {
        if self.backends[index].plan.dialled {
            return;
        }
        let end = match self.backends[index].reads {
            true => End::Nobody,
            false => End::DeadPath,
        };
        if let Some((at, id)) = self.backends[index].socket
            && let Some(socket) = self.nodes[at].socket_mut(id)
        {
            socket.end = end;
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
                payload,
                message_end,
                differs,
            } => {
                self.arrived(index, client, &payload, message_end, differs);
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
        payload: &[u8],
        message_end: Option<usize>,
        differs: Option<u64>,
    ) {
        let classic = self.backends[index].plan.dialect != Dialect::V1;
        let client = &mut self.clients[number];
        let differs = match client.framing {
            Framing::Stanza => (!client.units_begin_with(payload)).then_some(client.arrived),
            _ => differs,
        };
        if let Some(at) = differs {
            self.faults.push(format!(
                "byte {at} of client {number} is wrong at its backend"
            ));
        }
        client.arrived += payload.len() as u64;
        if client.arrived > client.written {
            self.faults.push(format!(
                "client {number} wrote {} bytes, {} arrived",
                client.written, client.arrived
            ));
        }
        if let (Some(len), false, false) = (message_end, client.framing == Framing::Raw, classic) {
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
}
