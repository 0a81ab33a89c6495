//! What must hold: after every step, when everything has healed, and when the shards have drained.

use crate::backend::Backend;
use crate::client::ClientEnd;
use crate::sights::Sight;
use crate::world::World;
use megaphone_core::{Dialect, Input, Machine};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_pool::Class;
use std::time::Duration;

/// Rounds without time passing, after which something runs in a circle.
const ROUNDS_MAX: usize = 100_000;

impl World {
    /// What must hold after every step.
    pub(crate) fn check_step(&mut self, thorough: bool) {
        for at in 0..self.nodes.len() {
            let node = &self.nodes[at];
            for class in Class::ALL {
                let counts = node.pool.counts(class);
                if counts.free + counts.kernel + counts.leased != counts.total {
                    self.faults
                        .push(format!("shard {at}: blocks are not conserved: {counts:?}"));
                }
            }
            let unanswered: u32 = (0..self.nodes.len() as u16)
                .map(|to| node.port.outstanding(to))
                .sum();
            let gauges = node.shard.gauges();
            if gauges.items != unanswered {
                let items = gauges.items;
                self.faults.push(format!(
                    "shard {at}: {items} items under way, the mesh has {unanswered}"
                ));
            }
            if thorough && !node.pool.audit() {
                self.faults
                    .push(format!("shard {at}: the blocks do not add up"));
            }
            if gauges.overload_level > 0 {
                self.sights.see(Sight::Overload);
            }
        }
        let window = u64::from(self.plan.config.limits.window_bytes_max);
        for backend in &self.backends {
            let credited = |backend: &Backend| backend.plan.dialect == Dialect::V1;
            if let Some(talk) = backend
                .conversations
                .values()
                .find(|talk| credited(backend) && talk.may_send > window)
            {
                self.faults.push(format!(
                    "client {}: more credit than the window: {}",
                    talk.client, talk.may_send
                ));
            }
        }
    }

    /// Lets everything happen that can, in a fair order, until nothing can; then time passes to the next deadline, until it has
    /// passed by `time`.
    pub fn settle(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let mut rounds = 0;
            while self.round() {
                rounds += 1;
                if rounds > ROUNDS_MAX {
                    return self.faults.push(String::from("something runs in a circle"));
                }
            }
            let next = self
                .nodes
                .iter()
                .filter_map(|node| node.shard.deadline())
                .min();
            match next {
                Some(next) if next <= end => {
                    self.pass(next.since(self.now).max(Duration::from_nanos(1)))
                }
                _ => break,
            }
            if self.now > end {
                break;
            }
        }
        self.pass(end.since(self.now));
        while self.round() {}
        self.check_step(true);
    }

    /// Everything that can happen now, once; false if there was nothing.
    fn round(&mut self) -> bool {
        let mut busy = false;
        for at in 0..self.nodes.len() {
            while self.mesh_step(at) {
                busy = true;
            }
            for (id, what) in self.completions(at) {
                busy |= self.complete(at, id, what, self.chunk);
            }
            busy |= self.connect_step(at);
        }
        busy |= self.adopt();
        for index in 0..self.backends.len() {
            while self.backends[index].reads && self.backend_step(index) {
                busy = true;
            }
            let connections: Vec<u64> =
                self.backends[index].conversations.keys().copied().collect();
            if self.backends[index].plan.credits {
                for connection in connections {
                    self.backends[index].give_credit(connection);
                }
            }
            if self.backends[index].plan.acknowledges {
                self.backends[index].acknowledge(1);
            }
            if self.backends[index].socket.is_some() && !self.backends[index].outbox.is_empty() {
                self.flush_backend(index);
                busy = true;
            }
        }
        busy
    }

    /// Ends all faults: everybody reads, pools give blocks, backends are there, messages are finished.
    pub fn heal(&mut self) {
        self.chaotic = false;
        for at in 0..self.nodes.len() {
            self.nodes[at].pool.refuse_after(None);
            self.nodes[at].dry = false;
        }
        for client in &mut self.clients {
            client.reads = true;
        }
        for index in 0..self.backends.len() {
            self.backends[index].reads = true;
            for talk in self.backends[index].conversations.values_mut() {
                // Byte by byte takes for ever.
                talk.owed += 1 << 20;
            }
            self.connect_backend(index, index % self.nodes.len());
        }
    }

    /// Finishes the messages that backends have begun, so that every byte can arrive.
    pub(crate) fn finish_messages(&mut self) {
        for index in 0..self.backends.len() {
            let connections: Vec<u64> =
                self.backends[index].conversations.keys().copied().collect();
            for connection in connections {
                if self.backends[index].is_inside_message(connection) {
                    self.backend_writes(index, connection, 0, true);
                }
            }
            self.flush_backend(index);
        }
    }

    /// A backend sends to one of its clients.
    pub fn backend_writes(&mut self, index: usize, connection: u64, len: usize, end: bool) {
        if let Some((client, length)) = self.backends[index].send(connection, len, end) {
            self.clients[client].expected.push_back(length);
        }
        self.flush_backend(index);
    }

    /// What must hold when everything has healed and nothing moves: every byte of a conversation that nobody disturbed is there.
    pub fn check_healed(&mut self) {
        for at in 0..self.clients.len() {
            let client = &self.clients[at];
            if client.excused || client.discards || client.broke {
                continue;
            }
            if client.opened && client.written > 0 {
                self.sights.see(Sight::Undisturbed);
            }
            let client = &self.clients[at];
            let number = client.number;
            let due = if client.echoes || client.opened {
                client.written
            } else {
                0
            };
            let there = if client.echoes {
                client.got
            } else {
                client.arrived
            };
            if there != due && !client.dismissed {
                let state = format!(
                    "listener {}, end {:?}, ended {}",
                    client.listener, client.end, client.ended
                );
                self.faults.push(format!(
                    "client {number} wrote {due} bytes, {there} are there ({state})"
                ));
            }
            if client.end == Some(ClientEnd::Reset) {
                self.faults
                    .push(format!("client {number} was reset without cause"));
            }
            if client.end.is_some() && !client.ended && !client.dismissed && client.opened {
                self.faults
                    .push(format!("client {number} was closed without cause"));
            }
        }
        self.check_downward();
    }

    fn check_downward(&mut self) {
        let talks = self
            .backends
            .iter()
            .flat_map(|backend| backend.conversations.values());
        let sent: Vec<_> = talks.map(|talk| (talk.client, talk.sent)).collect();
        for (number, sent) in sent {
            let client = &self.clients[number];
            if !client.excused && client.end.is_none() && client.got != sent {
                let got = client.got;
                self.faults.push(format!(
                    "client {number} got {got} of {sent} bytes from its backend"
                ));
            }
        }
    }

    /// Ends all shards and checks that nothing is left over.
    pub fn drain(&mut self, patience: Duration) {
        self.begin_drain(patience);
        for _ in 0..20 {
            self.settle(patience);
            // Backends answer the CLOSEs that the drain sent.
            self.answer_closes();
        }
        self.settle(patience);
        self.check_drained();
    }

    /// Tells all shards to end.
    pub fn begin_drain(&mut self, patience: Duration) {
        let by = self.now + patience;
        for at in 0..self.nodes.len() {
            self.tell(at, Input::Drain { by });
        }
    }

    /// Backends close what the appliance has closed.
    pub(crate) fn answer_closes(&mut self) {
        for index in 0..self.backends.len() {
            let open = |backend: &Backend| {
                let closed = backend
                    .conversations
                    .iter()
                    .filter(|(_, talk)| talk.appliance_closed && !talk.closed);
                closed
                    .map(|(&connection, _)| connection)
                    .collect::<Vec<_>>()
            };
            for connection in open(&self.backends[index]) {
                if let Some(client) = self.backends[index].close(connection) {
                    self.clients[client].dismissed = true;
                }
            }
            self.flush_backend(index);
        }
    }

    fn check_drained(&mut self) {
        for at in 0..self.nodes.len() {
            self.nodes[at].pool.collect_strays();
        }
        for at in 0..self.nodes.len() {
            let node = &self.nodes[at];
            let gauges = node.shard.gauges();
            let left = megaphone_core::ShardGauges::default();
            if !node.drained || gauges != left {
                let drained = node.drained;
                self.faults.push(format!(
                    "shard {at}: drained {drained}, left over: {gauges:?}"
                ));
            }
            if !node.pool.is_whole() {
                let counts = Class::ALL.map(|class| node.pool.counts(class));
                self.faults
                    .push(format!("shard {at}: blocks are missing: {counts:?}"));
            }
            if node.shard.cells().get(Metric::Bugs) > 0 {
                self.faults.push(format!("shard {at}: bugs were counted"));
            }
            for spec in 0..self.plan.config.links.len() {
                let sessions = node.shard.cells().link_get(spec, LinkMetric::Sessions);
                if sessions != 0 {
                    self.faults.push(format!(
                        "shard {at}: {sessions} sessions of link {spec} are left over"
                    ));
                }
            }
        }
    }
}
