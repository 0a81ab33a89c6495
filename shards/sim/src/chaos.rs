//! One drawn action after the other: what clients, backends, the kernel and the clock do to the shards.

use crate::backend::Reply;
use crate::content::{DOWN, stretch};
use crate::plan::Action;
use crate::sights::Sight;
use crate::world::World;
use megaphone_core::{Dialect, Input, ListenerId, SocketFault};
use megaphone_frame::Framing;
use std::time::Duration;

impl World {
    /// Does one drawn action and checks what must hold.
    pub fn step(&mut self) {
        let total: u32 = self.plan.actions.iter().map(|(_, weight)| weight).sum();
        let mut drawn = self.rng.below(u64::from(total.max(1))) as u32;
        let chosen = self.plan.actions.iter().find(|(_, weight)| {
            let hit = drawn < *weight;
            drawn = drawn.saturating_sub(*weight);
            hit
        });
        let Some(&(action, _)) = chosen else { return };
        self.fold(&[action as u64]);
        self.act(action);
        let thorough = self.rng.chance(1, 64);
        self.check_step(thorough);
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Kernel => self.some_completions(),
            Action::Mesh => self.some_mesh(),
            Action::Clock => {
                let time = *self.rng.pick(&[100, 1_000, 7_000]).unwrap_or(&100);
                self.pass(Duration::from_micros(time));
            }
            Action::ClockJumps => {
                self.sights.see(Sight::ClockJump);
                self.excuse_all();
                self.pass(Duration::from_secs(31));
            }
            Action::Connect => self.some_client_connects(),
            Action::ClientWrites
            | Action::ClientEnds
            | Action::ClientBreaks
            | Action::ClientStalls
            | Action::ClientGarbage => self.client_acts(action),
            Action::AcceptFails => {
                let at = self.any_shard();
                self.sights.see(Sight::AcceptFailed);
                self.tell(
                    at,
                    Input::AcceptFailed {
                        listener: ListenerId(0),
                        fault: SocketFault::Descriptors,
                    },
                );
            }
            Action::PoolDry => self.pool_dries(),
            _ => self.backend_acts(action),
        }
    }

    fn any_shard(&mut self) -> usize {
        self.rng.below(self.nodes.len() as u64) as usize
    }

    /// A few completions on one shard, in any order between sockets.
    fn some_completions(&mut self) {
        let at = self.any_shard();
        for _ in 0..self.rng.range(1, 6) {
            let possible = self.completions(at);
            let Some(&(id, what)) = self.rng.pick(&possible) else {
                return;
            };
            let most = self.rng.range(1, self.plan.chunk_max as u64) as usize;
            self.complete(at, id, what, most);
        }
    }

    /// A shard takes a few items; sockets on their way and connections asked for move on.
    fn some_mesh(&mut self) {
        let at = self.any_shard();
        for _ in 0..self.rng.range(1, 8) {
            if !self.mesh_step(at) {
                break;
            }
        }
        if self.rng.chance(1, 2) {
            self.adopt();
        }
        self.connect_step(at);
    }

    fn some_client_connects(&mut self) {
        if self.alive.len() >= self.plan.clients_max {
            return;
        }
        let (at, listeners) = (self.any_shard(), self.plan.config.listeners.len() as u64);
        // Mostly to the good backend: by each of the first listeners, and by the last, which speaks XMPP.
        let listener = if self.rng.chance(1, 2) {
            match self.rng.below(5) {
                4 => listeners - 1,
                first => first,
            }
        } else {
            self.rng.below(listeners)
        };
        let number = self.connect(at, listener as usize);
        if !self.clients[number].is_alive() {
            self.clients[number].excused = true;
        }
    }

    fn client_acts(&mut self, action: Action) {
        let Some(&number) = self.rng.pick(&self.alive) else {
            return;
        };
        if !self.clients[number].is_alive() {
            return;
        }
        match action {
            Action::ClientWrites => {
                // Half-hearted clients write before they are read; what they write then is read later or never.
                let least = u64::from(self.clients[number].framing != Framing::Tpkt);
                let len = self.rng.range(least, self.plan.message_max as u64) as usize;
                let backlog = self.clients[number]
                    .written
                    .saturating_sub(self.clients[number].arrived);
                if backlog < 100_000 {
                    self.write(number, len.min(self.frame_bytes_max()));
                }
            }
            Action::ClientEnds => {
                self.sights.see(Sight::HalfClose);
                self.end(number);
            }
            Action::ClientBreaks => {
                self.sights.see(Sight::ClientReset);
                self.break_client(number);
            }
            Action::ClientStalls => {
                self.sights.see(Sight::ClientStalled);
                self.clients[number].reads = !self.clients[number].reads;
            }
            _ => self.client_garbles(number),
        }
    }

    fn client_garbles(&mut self, number: usize) {
        if self.clients[number].framing == Framing::Raw || self.clients[number].ended {
            return;
        }
        self.sights.see(Sight::ClientGarbage);
        self.clients[number].excused = true;
        self.clients[number].ended = true;
        self.write_bytes(number, b"GET / HTTP/1.1\r\nHost: megaphone.example\r\n\r\n");
    }

    /// The longest frame that may go both ways.
    fn frame_bytes_max(&self) -> usize {
        (self.plan.config.limits.frame_bytes_max as usize).min(65_000)
    }

    /// A pool refuses blocks after a few more, or gives them again.
    fn pool_dries(&mut self) {
        let at = self.any_shard();
        let dry = !self.nodes[at].dry;
        self.nodes[at].dry = dry;
        let takes = self.rng.below(4);
        self.nodes[at].pool.refuse_after(dry.then_some(takes));
        if dry {
            self.sights.see(Sight::PoolDry);
            // From now on any session may meet a pool that gives nothing.
            self.dried = true;
            self.excuse_all();
        }
    }

    fn backend_acts(&mut self, action: Action) {
        if self.backends.is_empty() {
            return;
        }
        let index = self.rng.below(self.backends.len() as u64) as usize;
        match action {
            Action::BackendConnects => {
                let at = self.any_shard();
                if self.backends[index].up && self.is_v1(index) && self.rng.chance(1, 20) {
                    self.sights.see(Sight::Replaced);
                    self.reconnect_backend(index, at);
                } else {
                    self.connect_backend(index, at);
                }
            }
            Action::BackendReads => self.backend_reads(index),
            Action::BackendAcks => {
                let ranges = self.rng.range(1, 2) as usize;
                if self.backends[index].acknowledge(ranges) > 1 {
                    self.sights.see(Sight::AckRanges);
                }
                self.flush_backend(index);
            }
            Action::LinkBreaks => self.break_link(index),
            Action::BackendRestarts => self.restart_backend(index),
            Action::BackendStalls => {
                self.sights.see(Sight::BackendStalled);
                self.backends[index].reads = !self.backends[index].reads;
            }
            Action::LinkGarbage => self.link_garbles(index),
            Action::BackendDrains if self.is_v1(index) && self.backends[index].up => {
                self.sights.see(Sight::BackendDrains);
                self.backends[index].say(0x60, 0, 0, &[0; 4]);
                self.flush_backend(index);
            }
            _ => self.conversation_acts(index, action),
        }
    }

    fn is_v1(&self, index: usize) -> bool {
        self.backends[index].plan.dialect == Dialect::V1
    }

    fn backend_reads(&mut self, index: usize) {
        let draw = self.rng.below(20);
        self.backends[index].plan.reply = match draw {
            0 => Reply::Reject,
            _ => Reply::Accept,
        };
        for _ in 0..self.rng.range(1, 10) {
            if !self.backends[index].reads || !self.backend_step(index) {
                break;
            }
        }
        let connections: Vec<u64> = self.backends[index].conversations.keys().copied().collect();
        if let Some(&connection) = self.rng.pick(&connections) {
            self.backends[index].give_credit(connection);
        }
        self.flush_backend(index);
    }

    fn link_garbles(&mut self, index: usize) {
        if self.backends[index].socket.is_none() {
            return;
        }
        self.sights.see(Sight::LinkGarbage);
        let lost = self.backends[index].forget();
        self.excuse(&lost);
        self.backends[index].doomed = true;
        self.backends[index]
            .outbox
            .extend(b"\x00\x00\x00\x00 is no length of anything");
        self.flush_backend(index);
    }

    /// Something a backend does on one of its connections.
    fn conversation_acts(&mut self, index: usize, action: Action) {
        if !self.backends[index].up {
            return;
        }
        if action == Action::BackendErrs && self.rng.chance(1, 2) {
            return self.backend_names_nobody(index);
        }
        let connections: Vec<u64> = self.backends[index].conversations.keys().copied().collect();
        let Some(&connection) = self.rng.pick(&connections) else {
            return;
        };
        match action {
            Action::BackendWrites => {
                let client = self.backends[index].conversations[&connection].client;
                let least = u64::from(self.clients[client].framing != Framing::Tpkt);
                let len = self.rng.range(least, self.plan.message_max as u64) as usize;
                self.backend_message(index, connection, len);
            }
            Action::BackendCloses => {
                if self.backends[index].is_inside_message(connection) {
                    self.backend_writes(index, connection, 0, true);
                }
                if let Some(client) = self.backends[index].close(connection) {
                    self.clients[client].dismissed = true;
                }
                self.flush_backend(index);
            }
            Action::BackendResets if self.is_v1(index) => {
                if let Some(client) = self.backends[index].reset(connection) {
                    self.sights.see(Sight::BackendReset);
                    self.excuse(&[client]);
                }
                self.flush_backend(index);
            }
            Action::BackendErrs if self.is_v1(index) => self.backend_overruns(index, connection),
            _ => {}
        }
    }

    /// A message of at most what one frame may be, in one or more parts.
    fn backend_message(&mut self, index: usize, connection: u64, len: usize) {
        let most = self.frame_bytes_max();
        let inside = self.backends[index].message_bytes(connection);
        let len = len.min(most.saturating_sub(inside));
        let end = self.rng.chance(2, 3) || inside + len >= most;
        self.backend_writes(index, connection, len, end);
    }

    /// A backend sends more than it may.
    fn backend_overruns(&mut self, index: usize, connection: u64) {
        let Some(talk) = self.backends[index]
            .conversations
            .get(&connection)
            .filter(|talk| talk.open && !talk.closed)
        else {
            return;
        };
        let (client, sent, bytes) = (talk.client, talk.sent, talk.may_send as usize + 1);
        if bytes > self.backends[index].max_frame as usize {
            return;
        }
        self.sights.see(Sight::Overrun);
        let too_much = stretch(client, DOWN, sent, bytes);
        // Credit may be on its way: then it is not too much after all.
        let message = self.backends[index].message_bytes(connection);
        self.clients[client].expected.push_back(message + bytes);
        self.excuse(&[client]);
        self.backends[index].say(0x20, 0, connection, &too_much);
        self.flush_backend(index);
        self.backends[index].conversations.remove(&connection);
    }

    /// A backend names connections that are not there.
    fn backend_names_nobody(&mut self, index: usize) {
        if !self.is_v1(index) {
            return;
        }
        self.sights.see(Sight::UnknownConnection);
        let shard = self.rng.below(self.nodes.len() as u64 + 1);
        let kind = *self
            .rng
            .pick(&[0x11, 0x12, 0x20, 0x30, 0x31, 0x40])
            .unwrap_or(&0x20);
        // No such generation, or no such slot, or no such shard.
        let connection = shard << 52 | 0xf_ffff << 32 | self.rng.below(4);
        self.backends[index].say(kind, 0, connection, &[0, 0, 0, 1]);
        self.flush_backend(index);
    }
}
