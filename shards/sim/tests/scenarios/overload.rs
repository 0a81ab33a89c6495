//! Overload levels are entered as the pool fills, shed in order, and are left again.

use crate::stage::{CLASSIC_ECHO, RAW_ECHO, finish, ms, world};
use megaphone_metrics::Metric;
use megaphone_pool::Class;
use megaphone_sim::Plan;

#[test]
fn every_level_is_reached_and_left() {
    let mut plan = Plan::calm(1);
    plan.pool = plan.pool.with(Class::Receive, 2_048, 100);
    let mut world = world(plan);
    let client = world.connect(0, RAW_ECHO);
    let mut held = Vec::new();
    for (blocks, level) in [(76, 1), (86, 2), (93, 3), (99, 4)] {
        while held.len() < blocks {
            held.push(
                world
                    .pool(0)
                    .writable(Class::Receive)
                    .expect("there is a block"),
            );
        }
        world.write(client, 1);
        world.settle(ms(1));
        assert_eq!(
            world.gauges(0).overload_level,
            level,
            "{blocks} of 100 blocks are leased"
        );
        let newcomer = world.connect(0, RAW_ECHO);
        world.settle(ms(1));
        assert_eq!(world.clients[newcomer].end.is_some(), level >= 3);
    }
    assert_eq!(world.metric(Metric::RefusedOverload), 2);
    assert_eq!(world.metric(Metric::OverloadStopAccept), 2);
    drop(held);
    world.settle(ms(6_000));
    assert_eq!(world.gauges(0).overload_level, 0);
    finish(world);
}

#[test]
fn slow_readers_go_before_others() {
    let mut plan = Plan::calm(1);
    plan.pool = plan.pool.with(Class::Receive, 2_048, 100);
    let mut world = world(plan);
    let (slow, idle) = (world.connect(0, RAW_ECHO), world.connect(0, CLASSIC_ECHO));
    world.clients[slow].reads = false;
    world.write(slow, 10_000);
    world.settle(ms(1));
    let held: Vec<_> = (0..88)
        .map(|_| {
            world
                .pool(0)
                .writable(Class::Receive)
                .expect("there is a block")
        })
        .collect();
    world.write(idle, 1);
    world.settle(ms(50));
    assert!(world.clients[slow].end.is_some() && world.clients[idle].end.is_none());
    assert!(world.metric(Metric::OverloadShedSession) > 0);
    world.clients[slow].excused = true;
    drop(held);
    world.settle(ms(6_000));
    finish(world);
}
