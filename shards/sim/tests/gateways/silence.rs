//! Whoever connects and says nothing, or says something under a name of his own and then nothing more, is not kept for ever; a gateway
//! that registered is.

use crate::stage::{
    TCP, UDP, address, answered, counted, executions, finish, ms, notify, plan, register,
};
use megaphone_core::SourceCheck;
use megaphone_metrics::Metric;
use megaphone_sim::World;
use megaphone_wheel::Rng;

const FROM: &str = "10.0.0.1:2944";

fn world(unregistered_ms: u32) -> (World, crate::stage::Executed) {
    let (mut plan, executed) = plan(2, SourceCheck::Address);
    plan.config.limits.unregistered_ms = unregistered_ms;
    // Several stretches to a walk.
    plan.config.limits.scan_slots = 2;
    (World::new(plan, Rng::new(1)), executed)
}

#[test]
fn silent_ones_are_ended_and_registered_ones_stay() {
    let (mut world, executed) = world(800);
    for number in 0..20 {
        let mid = format!("gw{number}");
        let message = match number % 2 {
            0 => register(&mid, 1),
            _ => notify(&mid, 1, 0),
        };
        world.datagram(0, UDP, address(FROM), &message);
    }
    world.settle(ms(10));
    counted(&mut world, Metric::H248Associations, 20);
    counted(&mut world, Metric::H248AssociationsUnregistered, 10);
    // One of them is not silent.
    for id in 2..10 {
        world.settle(ms(200));
        world.datagram(0, UDP, address(FROM), &notify("gw1", id, 0));
    }
    world.settle(ms(10));
    counted(&mut world, Metric::H248Reaped, 9);
    counted(&mut world, Metric::H248Associations, 11);
    // What it had asked is remembered all the same: nothing is executed twice.
    world.datagram(0, UDP, address(FROM), &notify("gw3", 1, 0));
    world.settle(ms(10));
    assert_eq!(executions(&executed, "gw3", 1), 1);
    finish(world);
}

/// How long it may be silent: from one look to the next it is not known whether it was.
pub(crate) fn unregistered_ms() {
    const LIMIT: u64 = 800;
    const LOOK: u64 = LIMIT / 8;
    for (after, ended) in [
        (LIMIT - 1, false),
        (LIMIT, false),
        (LIMIT + 2 * LOOK + 10, true),
    ] {
        let (mut world, _) = world(LIMIT as u32);
        world.datagram(0, UDP, address(FROM), &notify("gw", 1, 0));
        world.settle(ms(after));
        counted(&mut world, Metric::H248Reaped, u64::from(ended));
        finish(world);
    }
    let (mut world, _) = world(0);
    world.datagram(0, UDP, address(FROM), &notify("gw", 1, 0));
    world.settle(ms(1_000_000));
    counted(&mut world, Metric::H248Reaped, 0);
    finish(world);
}

/// How long one that has connected may say nothing.
pub(crate) fn first_message_ms() {
    const LIMIT: u64 = 700;
    let fresh = || {
        let (mut plan, _) = plan(1, SourceCheck::Address);
        plan.config.limits.first_message_ms = LIMIT as u32;
        let mut world = World::new(plan, Rng::new(1));
        let silent = world.connect_gateway(0, TCP, address("10.0.0.1:5000"));
        world.settle(ms(0));
        counted(&mut world, Metric::H248Newcomers, 1);
        (world, silent)
    };
    for (after, closed) in [(LIMIT - 1, false), (LIMIT, true), (LIMIT + 1, true)] {
        let (mut world, silent) = fresh();
        world.settle(ms(after));
        assert_eq!(world.clients[silent].end.is_some(), closed, "{after}");
        counted(&mut world, Metric::H248Silent, u64::from(closed));
        counted(&mut world, Metric::ClosedDeadline, u64::from(closed));
        counted(&mut world, Metric::H248Newcomers, u64::from(!closed));
        finish(world);
    }
    // Who speaks at the last moment may be silent ever after.
    let (mut world, gateway) = fresh();
    world.settle(ms(LIMIT - 1));
    world.write_message(gateway, &register("gw", 1));
    world.settle(ms(1_000_000));
    answered(&mut world, gateway, 1);
    world.write_message(gateway, &notify("gw", 2, 0));
    world.settle(ms(10));
    answered(&mut world, gateway, 2);
    counted(&mut world, Metric::H248Newcomers, 0);
    counted(&mut world, Metric::H248Silent, 0);
    finish(world);
}

#[test]
fn who_says_one_byte_has_the_time_of_a_message_and_no_more() {
    let (mut plan, _) = plan(1, SourceCheck::Address);
    plan.config.limits.header_ms = 300;
    let mut world = World::new(plan, Rng::new(1));
    let gateway = world.connect_gateway(0, TCP, address("10.0.0.1:5000"));
    world.settle(ms(1_000));
    world.write_bytes(gateway, &[3]);
    world.settle(ms(299));
    assert!(world.clients[gateway].end.is_none());
    world.settle(ms(1));
    assert!(world.clients[gateway].end.is_some());
    counted(&mut world, Metric::FrameFaultHeaderDeadline, 1);
    counted(&mut world, Metric::H248Silent, 0);
    finish(world);
}
