//! Whoever says something under a name of his own and then nothing more is not kept for ever; a gateway that registered is.

use crate::stage::{UDP, address, counted, executions, finish, ms, notify, plan, register};
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
