//! A backend that comes again while its link still seems up: the newcomer wins, and goes on where the old one was.

use crate::stage::{CHAT, RAW, finish, ms, with_backend, with_plan};
use megaphone_core::LaneBudget;
use megaphone_metrics::LinkMetric;
use megaphone_sim::Plan;

#[test]
fn the_newcomer_goes_on_with_all_conversations() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, RAW);
    world.settle(ms(10));
    world.write(client, 100);
    world.reconnect_backend(backend, 1);
    world.settle(ms(10));
    world.write(client, 100);
    world.settle(ms(10));
    assert_eq!(
        (world.clients[client].arrived, world.clients[client].end),
        (200, None)
    );
    assert_eq!(world.link_metric(CHAT, LinkMetric::Connects), 2);
    assert_eq!(world.link_metric(CHAT, LinkMetric::Up), 1);
    finish(world);
}

#[test]
fn the_newcomer_does_not_wait_for_the_path_that_died() {
    let mut plan = Plan::calm(2);
    plan.config.lanes = LaneBudget::uniform(1);
    let (mut world, backend) = with_plan(plan);
    let client = world.connect(1, RAW);
    world.settle(ms(10));
    world.backends[backend].reads = false;
    for _ in 0..20 {
        world.write(client, 2_000);
        world.settle(ms(10));
    }
    assert!(world.clients[client].arrived < 40_000);
    world.reconnect_backend(backend, 1);
    world.backends[backend].reads = true;
    // Much less than the deadline of a socket that takes nothing.
    world.settle(ms(500));
    assert_eq!(
        (world.clients[client].arrived, world.clients[client].end),
        (40_000, None)
    );
    finish(world);
}
