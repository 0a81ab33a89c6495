//! A burst of one gateway's datagrams uses up the way to a home shard; another's datagram goes all the same.

use crate::stage::{UDP, address, counted, executions, finish, ms, notify, plan};
use megaphone_core::{LaneBudget, SourceCheck};
use megaphone_metrics::Metric;
use megaphone_sim::World;
use megaphone_wheel::Rng;

/// Credit to a home shard.
const CREDIT: u32 = 4;

/// A world of two shards, and two gateways that are at home on the second.
fn stage(waiting: u32, per_sender: u32) -> (World, crate::stage::Executed, [String; 2]) {
    let (mut plan, executed) = plan(2, SourceCheck::Address);
    plan.config.lanes = LaneBudget::uniform(CREDIT);
    plan.config.limits.datagrams_waiting_max = waiting;
    plan.config.limits.datagrams_per_sender_max = per_sender;
    let mut world = World::new(plan, Rng::new(1));
    let mut away = Vec::new();
    for number in 0.. {
        let mid = format!("gw{number}");
        let hops = world.metric(Metric::H248Hops);
        world.datagram(0, UDP, address("10.0.0.1:2944"), &notify(&mid, 1, 0));
        world.settle(ms(10));
        world.publish();
        if world.metric(Metric::H248Hops) > hops {
            away.push(mid);
        }
        if let [one, other] = &away[..] {
            world.sent_datagrams();
            let both = [one.clone(), other.clone()];
            return (world, executed, both);
        }
    }
    unreachable!("names are without end")
}

/// Both gateways' datagrams arrive in one moment: so many of the first, then one of the other; who is lost.
fn burst(count: u32, waiting: u32, per_sender: u32) -> (u32, bool) {
    let (mut world, executed, [one, other]) = stage(waiting, per_sender);
    for id in 0..count {
        world.datagram(0, UDP, address("10.0.0.1:2944"), &notify(&one, 100 + id, 0));
    }
    world.datagram(0, UDP, address("10.0.0.1:2945"), &notify(&other, 100, 0));
    world.settle(ms(10));
    let done = (0..count).filter(|id| executions(&executed, &one, 100 + id) == 1);
    let lost = count - done.count() as u32;
    // The other speaks from another port of its address.
    let is_there = world
        .sent_datagrams()
        .iter()
        .any(|it| it.to == address("10.0.0.1:2945"));
    let dropped = u64::from(lost) + u64::from(!is_there);
    counted(&mut world, Metric::H248DroppedCredit, dropped);
    finish(world);
    (lost, is_there)
}

#[test]
fn a_burst_under_one_mid_costs_another_gateway_nothing() {
    assert_eq!(burst(50, 256, 8), (50 - CREDIT - 8, true));
}

/// Of one sender, so many wait.
pub(crate) fn datagrams_per_sender_max() {
    for (beyond, lost) in [(4, 0), (5, 0), (6, 1)] {
        assert_eq!(
            burst(CREDIT + beyond, 256, 5),
            (lost, true),
            "{beyond} of 5"
        );
    }
}

/// Of all, so many wait: the other is the last of them.
pub(crate) fn datagrams_waiting_max() {
    for (beyond, is_there) in [(3, true), (4, true), (5, false)] {
        assert_eq!(
            burst(CREDIT + beyond, 5, 100),
            (0, is_there),
            "{beyond} + 1 of 5"
        );
    }
}
