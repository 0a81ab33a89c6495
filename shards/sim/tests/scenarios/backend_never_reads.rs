//! A backend that writes and never reads: what waits for it is bounded, it is given up in time, and nobody else notices.

use crate::stage::{CHAT, OLD, RAW_TO_OLD, finish, home, ms, with_plan};
use megaphone_metrics::LinkMetric;
use megaphone_sim::{Plan, World};

/// Bytes of PONG on the wire.
const PONG_BYTES: usize = 24;

fn pings(world: &mut World, backend: usize, count: usize) {
    for _ in 0..count {
        world.backends[backend].say(0x50, 0, 0, b"whatever");
    }
    world.flush_backend(backend);
}

pub(crate) fn link_outgoing_bytes_max() {
    for (limit, answers) in [(239, 10), (240, 11), (241, 11)] {
        let mut plan = Plan::calm(1);
        plan.config.limits.link_outgoing_bytes_max = limit;
        let (mut world, backend) = with_plan(plan);
        world.backends[backend].reads = false;
        pings(&mut world, backend, 10_000);
        world.settle(ms(10));
        assert_eq!(
            world.waiting_for(backend),
            answers * PONG_BYTES,
            "limit {limit}"
        );
        world.backends[backend].reads = true;
        world.settle(ms(10));
        assert_eq!(world.backends[backend].pongs, 10_000, "all are answered");
        finish(world);
    }
}

#[test]
fn acknowledgements_are_bounded_too() {
    let mut plan = Plan::calm(1);
    plan.config.limits.link_outgoing_bytes_max = 1_000;
    let (mut world, backend) = with_plan(plan);
    world.backends[backend].reads = false;
    for _ in 0..1_000 {
        // Numbered, of a later version, for nobody.
        world.backends[backend].say(0x21, 0, 0, b"");
        world.flush_backend(backend);
        world.settle(ms(6));
    }
    assert!(world.waiting_for(backend) <= 1_032);
    world.backends[backend].reads = true;
    world.settle(ms(10));
    assert!(
        world.backends[backend].kept.is_empty(),
        "all are acknowledged"
    );
    finish(world);
}

#[test]
fn it_is_given_up_after_stall_ms_and_others_go_on() {
    for (after, given_up) in [(4_999, 0), (5_000, 1), (5_001, 1)] {
        let mut plan = Plan::calm(2);
        plan.config.limits.stall_ms = 5_000;
        let (mut world, backend) = with_plan(plan);
        let other = world.add_backend(OLD, "");
        world.connect_backend(other, home(&world, "node"));
        world.settle(ms(10));
        let client = world.connect(0, RAW_TO_OLD);
        world.backends[backend].reads = false;
        pings(&mut world, backend, 100_000);
        world.settle(ms(after));
        assert_eq!(world.link_metric(CHAT, LinkMetric::Stalls), given_up);
        assert_eq!(world.link_metric(CHAT, LinkMetric::Losses), given_up);
        world.write(client, 1_000);
        world.settle(ms(10));
        assert_eq!(world.clients[client].arrived, 1_000);
        finish(world);
    }
}

#[test]
fn a_backend_that_takes_a_byte_now_and_then_is_kept() {
    let mut plan = Plan::calm(1);
    plan.config.limits.stall_ms = 5_000;
    plan.config.limits.link_outgoing_bytes_max = 100;
    let (mut world, backend) = with_plan(plan);
    world.chunk = 1;
    for _ in 0..10 {
        world.backends[backend].reads = false;
        pings(&mut world, backend, 100);
        world.settle(ms(4_000));
        world.backends[backend].reads = true;
        world.settle(ms(1));
    }
    assert_eq!(world.link_metric(CHAT, LinkMetric::Losses), 0);
    finish(world);
}
