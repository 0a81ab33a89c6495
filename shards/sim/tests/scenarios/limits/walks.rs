//! Limits of what a shard does at once: walks through its sessions, and what overload lets in.

use super::{longest, most};
use crate::stage::{RAW, RAW_ECHO, finish, home, ms, with_plan, world};
use megaphone_core::Limits;
use megaphone_metrics::Metric;
use megaphone_pool::Class;
use megaphone_sim::{Plan, World};

/// Sessions that are left on a shard of `count`, so long after their link was lost.
fn left(count: u64, after: u64, set: impl FnOnce(&mut Limits)) -> u32 {
    let mut plan = Plan::calm(2);
    set(&mut plan.config.limits);
    let (mut world, backend) = with_plan(plan);
    world.backends[backend].plan.numbered = false;
    world.restart_backend(backend);
    world.settle(ms(20_000));
    world.connect_backend(backend, 0);
    world.settle(ms(10));
    let away = 1 - home(&world, "node");
    for _ in 0..count {
        world.connect(away, RAW);
    }
    world.settle(ms(10));
    world.restart_backend(backend);
    world.settle(ms(after));
    let left = world.gauges(away).sessions;
    finish(world);
    left
}

pub(super) fn scan_slots() {
    most(10, |count| {
        let left = left(count, 50, |limits| {
            (limits.scan_slots, limits.scan_ms) = (10, 50);
        });
        assert_eq!(u64::from(left), count.saturating_sub(10));
        left == 0
    });
}

pub(super) fn scan_closes() {
    most(10, |count| {
        let left = left(count, 50, |limits| {
            (limits.scan_closes, limits.scan_ms) = (10, 50);
        });
        assert_eq!(u64::from(left), count.saturating_sub(10));
        left == 0
    });
}

pub(super) fn scan_ms() {
    longest(50, |after| {
        left(1, after, |limits| limits.scan_ms = 50) == 0
    });
}

/// A world of one shard whose pool is as full as `blocks` of 100.
fn filled(blocks: usize, limits: impl FnOnce(&mut Limits)) -> (World, Vec<megaphone_pool::Writer>) {
    let mut plan = Plan::calm(1);
    plan.pool = plan.pool.with(Class::Receive, 2_048, 100);
    limits(&mut plan.config.limits);
    let mut world = world(plan);
    let client = world.connect(0, RAW_ECHO);
    let block = |_| {
        world
            .pool(0)
            .writable(Class::Receive)
            .expect("there is a block")
    };
    let held = (0..blocks).map(block).collect();
    world.write(client, 1);
    world.settle(ms(1));
    (world, held)
}

pub(super) fn slow_accepts_per_second() {
    most(5, |count| {
        let (mut world, held) = filled(90, |limits| limits.slow_accepts_per_second = 5);
        assert_eq!(world.gauges(0).overload_level, 2);
        for _ in 0..count {
            world.connect(0, RAW_ECHO);
        }
        world.settle(ms(1));
        let refused = world.metric(Metric::RefusedOverload);
        assert_eq!(refused, count.saturating_sub(5));
        drop(held);
        world.settle(ms(6_000));
        finish(world);
        refused == 0
    });
}

pub(super) fn calm_ms() {
    longest(1_000, |after| {
        let (mut world, held) = filled(80, |limits| limits.calm_ms = 1_000);
        assert_eq!(world.gauges(0).overload_level, 1);
        drop(held);
        for wait in [0, after] {
            world.settle(ms(wait));
            world.write(0, 1);
            world.settle(ms(0));
        }
        let left = world.gauges(0).overload_level == 0;
        finish(world);
        left
    });
}
