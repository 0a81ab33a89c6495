//! A client that never reads: its backend is stopped by credit, memory stays flat, and after a while it is closed.

use crate::stage::{CHAT, RAW, RAW_ECHO, closed, counted, finish, ms, only, with_backend, world};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_sim::Plan;

#[test]
fn credit_bounds_what_waits_for_it() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, RAW);
    world.settle(ms(10));
    world.clients[client].reads = false;
    let connection = only(&world, backend);
    for _ in 0..100 {
        world.backend_writes(backend, connection, 4_000, true);
        world.settle(ms(10));
    }
    let window = u64::from(world.plan.config.limits.window_bytes_max);
    assert_eq!(
        world.backends[backend].conversations[&connection].sent,
        window
    );
    assert_eq!(world.link_metric(CHAT, LinkMetric::Faults), 0);
    world.settle(ms(30_000));
    closed(&mut world, client);
    counted(&world, Metric::ClosedSlowReader, 1);
    finish(world);
}

#[test]
fn an_echoing_client_that_does_not_read_is_not_read() {
    let mut world = world(Plan::calm(1));
    let client = world.connect(0, RAW_ECHO);
    world.clients[client].reads = false;
    world.write(client, 1_000_000);
    world.settle(ms(1_000));
    let blocks = world.pool(0).counts(megaphone_pool::Class::Receive);
    assert!(blocks.leased < 64, "{} blocks wait for it", blocks.leased);
    world.clients[client].reads = true;
    world.settle(ms(1_000));
    assert_eq!(world.clients[client].got, 1_000_000);
    finish(world);
}
