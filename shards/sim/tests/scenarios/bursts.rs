//! A burst of packets on a link fills the pool of the shard that it is for: the link is read more slowly, and nobody is closed.

use crate::stage::{RAW, TPKT, counted, finish, home, ms, with_plan};
use megaphone_metrics::Metric;
use megaphone_sim::{Plan, World};

/// A world of two shards and `clients` on the one that is not the backend's home.
fn away(clients: usize, listener: usize) -> (World, usize, usize) {
    let (mut world, backend) = with_plan(Plan::calm(2));
    let shard = 1 - home(&world, "node");
    for _ in 0..clients {
        world.connect(shard, listener);
    }
    world.settle(ms(10));
    (world, backend, shard)
}

/// The backend writes `packets` of `len` bytes to each client, before anything moves.
fn burst(world: &mut World, backend: usize, packets: usize, len: usize) {
    let connections: Vec<u64> = world.backends[backend]
        .conversations
        .keys()
        .copied()
        .collect();
    for _ in 0..packets {
        for &connection in &connections {
            world.backend_writes(backend, connection, len, true);
        }
    }
}

fn clients_read(world: &mut World, reads: bool) {
    for client in &mut world.clients {
        client.reads = reads;
    }
}

#[test]
fn twenty_thousand_packets_close_nobody() {
    for (listener, len) in [(RAW, 300), (TPKT, 300), (RAW, 60)] {
        let (mut world, backend, shard) = away(100, listener);
        clients_read(&mut world, false);
        burst(&mut world, backend, 200, len);
        world.settle(ms(50));
        let level = world.gauges(shard).overload_level;
        assert!(level <= 1, "level {level} with packets of {len} bytes");
        assert!(world.metric(Metric::OverloadHoldBack) > 0, "{len} bytes");
        clients_read(&mut world, true);
        world.settle(ms(3_000));
        for client in &world.clients {
            assert_eq!((client.got, client.end), (200 * len as u64, None));
        }
        counted(&world, Metric::OverloadShedSession, 0);
        counted(&world, Metric::PoolExhausted, 0);
        finish(world);
    }
}

#[test]
fn credits_come_through_while_packets_are_held_back() {
    let mut plan = Plan::calm(1);
    plan.credit = 1_000;
    let (mut world, backend) = with_plan(plan);
    world.backends[backend].plan.credits = false;
    // Clients whose bytes wait for the backend's credit hold four fifths of the pool.
    let clients: Vec<usize> = (0..410).map(|_| world.connect(0, RAW)).collect();
    world.settle(ms(10));
    for &client in &clients {
        world.write(client, 2_500);
    }
    world.settle(ms(10));
    assert_eq!(world.gauges(0).overload_level, 1);
    world.backends[backend].plan.credits = true;
    world.settle(ms(3_000));
    for &client in &clients {
        assert_eq!(
            (world.clients[client].arrived, world.clients[client].end),
            (2_500, None)
        );
    }
    finish(world);
}

#[test]
fn what_waits_for_a_backend_moves_to_small_blocks() {
    let mut plan = Plan::calm(1);
    plan.credit = 100;
    let (mut world, backend) = with_plan(plan);
    world.backends[backend].plan.credits = false;
    let client = world.connect(0, RAW);
    world.settle(ms(10));
    world.write(client, 200);
    world.settle(ms(10));
    let leased = |world: &World| world.pool(0).counts(megaphone_pool::Class::Receive).leased;
    assert_eq!(leased(&world), 1);
    world.settle(ms(250));
    assert_eq!(leased(&world), 0);
    counted(&world, Metric::OverloadDemoteFrame, 1);
    world.backends[backend].plan.credits = true;
    finish(world);
}
