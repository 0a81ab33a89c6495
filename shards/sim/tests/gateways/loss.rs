//! Gateways whose datagrams are lost, doubled and mixed up, and whose sockets break, at shards with one credit per account:
//! each request is executed once and answered, and in the end nothing is left over.

use crate::stage::{TCP, UDP, address, executions, finish, ms, notify, plan, replies_to};
use megaphone_core::{LaneBudget, SourceCheck};
use megaphone_metrics::Metric;
use megaphone_sim::{Action, World};
use megaphone_wheel::Rng;
use std::net::SocketAddr;

const SEEDS: u64 = 128;
const REQUESTS: u32 = 12;
/// Far more rounds than any seed needs.
const ROUNDS_MAX: u32 = 3_000;

struct Gateway {
    mid: String,
    from: SocketAddr,
    /// Its socket, if it uses one.
    client: Option<usize>,
    by_tcp: bool,
    /// The request it waits for.
    request: u32,
}

/// A network of datagrams towards the shards.
#[derive(Default)]
struct Relay(Vec<(SocketAddr, Vec<u8>)>);

impl Relay {
    /// Loses one of four, doubles one of eight, and delivers in any order, to any shard.
    fn send(&mut self, rng: &mut Rng, from: SocketAddr, bytes: Vec<u8>) {
        if rng.chance(1, 4) {
            return;
        }
        if rng.chance(1, 8) {
            self.0.push((from, bytes.clone()));
        }
        let at = rng.below(self.0.len() as u64 + 1) as usize;
        self.0.insert(at, (from, bytes));
    }

    fn deliver(&mut self, world: &mut World, rng: &mut Rng) {
        let shards = u64::from(world.plan.config.shards);
        let some = rng.below(self.0.len() as u64 + 1) as usize;
        for (from, bytes) in self.0.drain(..some) {
            let shard = rng.below(shards) as usize;
            world.datagram(shard, UDP, from, &bytes);
        }
    }
}

impl Gateway {
    fn act(&mut self, world: &mut World, relay: &mut Relay, rng: &mut Rng) {
        if self.request > REQUESTS || rng.chance(1, 3) {
            return;
        }
        let message = notify(&self.mid, self.request, 0);
        if !self.by_tcp {
            return relay.send(rng, self.from, message);
        }
        if let Some(client) = self.client
            && rng.chance(1, 10)
        {
            world.break_client(client);
            self.client = None;
        }
        let shard = rng.below(u64::from(world.plan.config.shards)) as usize;
        let client = *self
            .client
            .get_or_insert_with(|| world.connect_gateway(shard, TCP, self.from));
        world.write_message(client, &message);
    }

    fn hears(&mut self, message: &[u8]) {
        if replies_to(message) == Some(self.request) {
            self.request += 1;
        }
    }
}

/// What must have happened in some seed, or the seeds show nothing.
const MET: [Metric; 6] = [
    Metric::H248Hops,
    Metric::H248Duplicates,
    Metric::H248Moves,
    Metric::H248DroppedCredit,
    Metric::H248DroppedGone,
    Metric::MeshCreditStarved,
];

fn run(seed: u64) -> [u64; MET.len()] {
    let mut rng = Rng::new(seed);
    let shards = rng.range(1, 5) as u16;
    let (mut plan, executed) = plan(shards, SourceCheck::Address);
    plan.config.lanes = LaneBudget::uniform(1);
    plan.config.limits.h248_outbox_max = rng.range(1, 4) as u32;
    plan.config.limits.datagrams_waiting_max = rng.range(0, 3) as u32;
    plan.config.limits.datagrams_per_sender_max = 1;
    plan.chunk_max = rng.range(1, 200) as usize;
    plan.actions = vec![
        (Action::Kernel, 300),
        (Action::Mesh, 160),
        (Action::Clock, 90),
    ];
    let mut world = World::new(plan, rng.fork());
    let mut relay = Relay::default();
    let mut gateways: Vec<Gateway> = (0..rng.range(1, 10))
        .map(|number| Gateway {
            mid: format!("gw{number}"),
            from: address(&match number % 3 {
                0 => format!("[2001:db8::{number}]:2944"),
                _ => format!("10.0.0.{number}:2944"),
            }),
            client: None,
            by_tcp: rng.chance(1, 2),
            request: 1,
        })
        .collect();
    for round in 0.. {
        assert!(
            round < ROUNDS_MAX,
            "seed {seed}: a request is never answered"
        );
        for gateway in &mut gateways {
            gateway.act(&mut world, &mut relay, &mut rng);
        }
        relay.deliver(&mut world, &mut rng);
        (0..40).for_each(|_| world.step());
        for datagram in world.sent_datagrams() {
            let lost = rng.chance(1, 4);
            let to = gateways.iter_mut().find(|it| it.from == datagram.to);
            if let Some(gateway) = to.filter(|_| !lost) {
                gateway.hears(&datagram.bytes);
            }
        }
        for gateway in &mut gateways {
            for message in gateway
                .client
                .map(|it| world.messages(it))
                .unwrap_or_default()
            {
                gateway.hears(&message);
            }
        }
        assert_eq!(world.faults(), Vec::<String>::new(), "seed {seed}");
        if gateways.iter().all(|gateway| gateway.request > REQUESTS) {
            break;
        }
    }
    for gateway in &gateways {
        for request in 1..=REQUESTS {
            let times = executions(&executed, &gateway.mid, request);
            assert_eq!(times, 1, "seed {seed}: {} {request}", gateway.mid);
        }
    }
    world.settle(ms(1_000));
    world.publish();
    let met = MET.map(|metric| world.metric(metric));
    finish(world);
    met
}

#[test]
fn every_request_is_executed_once_and_answered() {
    let mut met = [0; MET.len()];
    for seed in 0..SEEDS {
        for (sum, count) in met.iter_mut().zip(run(seed)) {
            *sum += count;
        }
    }
    for (metric, count) in MET.iter().zip(met) {
        assert!(count > 0, "no seed met {metric:?}");
    }
}
