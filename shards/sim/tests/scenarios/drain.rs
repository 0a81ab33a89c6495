//! The end of all shards: paced, told to backends, and complete at its deadline whatever anybody does.

use crate::stage::{RAW, RAW_ECHO, fine, ms, with_backend, world};
use megaphone_core::ConnectionId;
use megaphone_metrics::Metric;
use megaphone_sim::Plan;

#[test]
fn idle_sessions_end_in_order_and_backends_are_told() {
    let (mut world, backend) = with_backend(3);
    for n in 0..30 {
        world.connect(n % 3, RAW);
    }
    world.settle(ms(100));
    world.drain(ms(5_000));
    assert!(world.backends[backend].drain_heard);
    assert_eq!(
        world.metric(Metric::ClosedDrained) + world.metric(Metric::ClosedByBackend),
        30
    );
    fine(&world);
}

#[test]
fn sessions_are_closed_a_few_at_a_time() {
    let mut plan = Plan::calm(1);
    plan.config.limits.scan_closes = 5;
    plan.config.limits.scan_ms = 10;
    let mut world = world(plan);
    let clients: Vec<usize> = (0..50).map(|_| world.connect(0, RAW_ECHO)).collect();
    world.settle(ms(10));
    world.begin_drain(ms(5_000));
    world.settle(ms(35));
    let ended = clients
        .iter()
        .filter(|&&client| world.clients[client].end.is_some())
        .count();
    assert!((5..=20).contains(&ended), "{ended} of 50 after three steps");
    world.settle(ms(5_000));
    assert!(
        clients
            .iter()
            .all(|&client| world.clients[client].end.is_some())
    );
    fine(&world);
}

#[test]
fn a_new_client_of_a_draining_shard_is_refused() {
    let mut world = world(Plan::calm(1));
    let old = world.connect(0, RAW_ECHO);
    world.clients[old].reads = false;
    world.write(old, 10);
    world.settle(ms(10));
    world.begin_drain(ms(2_000));
    let new = world.connect(0, RAW_ECHO);
    world.settle(ms(10));
    assert!(world.clients[new].end.is_some() && world.clients[old].end.is_none());
    world.settle(ms(3_000));
    assert!(world.clients[old].end.is_some(), "patience ended");
    assert_eq!(world.metric(Metric::RefusedDraining), 1);
    fine(&world);
}

#[test]
fn a_backend_that_drains_gets_no_new_clients() {
    let (mut world, backend) = with_backend(2);
    let other = world.add_backend(0, "other");
    world.connect_backend(other, 1);
    world.settle(ms(10));
    world.backends[backend].say(0x60, 0, 0, &[0; 4]);
    world.flush_backend(backend);
    world.settle(ms(10));
    for shard in [0, 1, 0, 1] {
        world.connect(shard, RAW);
    }
    world.settle(ms(10));
    assert!(world.backends[backend].conversations.is_empty());
    let ids = world.backends[other]
        .conversations
        .keys()
        .map(|&id| ConnectionId::from_bits(id));
    assert_eq!(ids.count(), 4);
    crate::stage::finish(world);
}
