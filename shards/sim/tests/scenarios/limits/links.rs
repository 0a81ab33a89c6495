//! Limits of links: how many, how large, how long, how often.

use super::{longest, most};
use crate::stage::{
    CHAT, FAR, RAW, counted, fine, finish, home, ms, only, with_backend, with_plan, world,
};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_sim::{Plan, Sight, World};

pub(super) fn links_max() {
    let mut plan = Plan::calm(1);
    plan.config.limits.links_max = 2;
    let mut world = world(plan);
    for n in 1..=3 {
        let backend = world.add_backend(CHAT, &format!("node-{n}"));
        world.connect_backend(backend, 0);
        world.settle(ms(10));
        assert_eq!(world.backends[backend].up, n <= 2);
        assert_eq!(world.backends[backend].dismissed, (n > 2).then_some(8));
    }
    finish(world);
}

pub(super) fn packet_bytes_max() {
    for (bytes, dismissed) in [(1_999, None), (2_000, None), (2_001, Some(4))] {
        let mut plan = Plan::calm(1);
        plan.config.limits.packet_bytes_max = 2_000;
        let (mut world, backend) = with_plan(plan);
        world.backends[backend].say(0x7f, 0, 0, &vec![0; bytes]);
        world.flush_backend(backend);
        world.settle(ms(10));
        assert_eq!(
            world.backends[backend].dismissed, dismissed,
            "{bytes} bytes"
        );
        finish(world);
    }
}

pub(super) fn greetings_max() {
    let mut plan = Plan::calm(1);
    plan.config.limits.greetings_max = 2;
    let mut world = world(plan);
    let sockets: Vec<_> = (0..3)
        .map(|_| world.connect_stranger(0, CHAT, b""))
        .collect();
    world.settle(ms(10));
    let there: Vec<bool> = sockets
        .iter()
        .map(|&socket| world.stranger_is_there(0, socket))
        .collect();
    assert_eq!(there, [true, true, false]);
    finish(world);
}

pub(super) fn hello_ms() {
    longest(5_000, |after| {
        let mut world = world(Plan::calm(1));
        let socket = world.connect_stranger(0, CHAT, b"");
        world.settle(ms(after));
        let late = !world.stranger_is_there(0, socket);
        assert_eq!(world.link_metric(CHAT, LinkMetric::Faults), u64::from(late));
        world.drain(ms(1_000));
        fine(&world);
        late
    });
}

pub(super) fn ping_ms() {
    longest(10_000, |after| {
        let mut world = world(Plan::calm(1));
        let backend = world.add_backend(CHAT, "node");
        world.connect_backend(backend, 0);
        world.settle(ms(after));
        let pinged = world.sights.count(Sight::Ponged) > 0;
        finish(world);
        pinged
    });
}

pub(super) fn silence_ms() {
    longest(30_000, |after| {
        let mut world = world(Plan::calm(1));
        let backend = world.add_backend(CHAT, "node");
        world.connect_backend(backend, 0);
        world.settle(ms(0));
        world.backends[backend].reads = false;
        world.settle(ms(after));
        let lost = world.link_metric(CHAT, LinkMetric::Losses) == 1;
        finish(world);
        lost
    });
}

pub(super) fn replay_bytes_max() {
    // OPEN with its PROXY header, and 100 bytes of DATA.
    let kept: u64 = (16 + 28) + (16 + 100);
    most(kept, |bytes| {
        let mut plan = Plan::calm(1);
        plan.config.limits.replay_bytes_max = kept as u32;
        let (mut world, backend) = with_plan(plan);
        world.backends[backend].plan.acknowledges = false;
        let client = world.connect(0, RAW);
        world.settle(ms(10));
        world.write(client, (100 + bytes - kept) as usize);
        world.settle(ms(10));
        let withheld = world.link_metric(CHAT, LinkMetric::QuotaWithheld);
        world.backends[backend].plan.acknowledges = true;
        finish(world);
        withheld == 0
    });
}

pub(super) fn resume_ms() {
    longest(10_000, |after| {
        let (mut world, backend) = with_backend(1);
        world.break_link(backend);
        world.settle(ms(0));
        world.settle(ms(after));
        let gone = world.gauges(0).links == 0;
        counted(&world, Metric::ClosedLinkLost, u64::from(gone));
        finish(world);
        gone
    });
}

pub(super) fn ack_ms() {
    longest(5, |after| {
        let (mut world, backend) = with_backend(1);
        // Numbered, of a later version, for nobody.
        world.backends[backend].say(0x21, 0, 0, b"");
        world.flush_backend(backend);
        world.settle(ms(after));
        let acknowledged = world.backends[backend].kept.is_empty();
        finish(world);
        acknowledged
    });
}

pub(super) fn ack_intervals_max() {
    most(4, |intervals| {
        let mut plan = Plan::calm(2);
        plan.config.limits.ack_intervals_max = 4;
        let (mut world, backend) = with_plan(plan);
        let away = 1 - home(&world, "node");
        world.connect(away, RAW);
        world.settle(ms(10));
        let connection = only(&world, backend);
        // Every other packet is the link's own: what the other shard accepts has a hole at each.
        for _ in 0..intervals {
            world.backend_writes(backend, connection, 1, true);
            world.backends[backend].say(0x21, 0, 0, b"");
        }
        world.flush_backend(backend);
        world.settle(ms(1));
        let gathered = u64::try_from(world.gauges(away).unacknowledged);
        finish(world);
        gathered == Ok(intervals)
    });
}

/// A world of one shard that dialled a backend, and has just lost it; `comes_back` says whether the next attempt succeeds.
fn undialled(comes_back: bool, redial_ms_max: u32) -> World {
    let mut plan = Plan::calm(1);
    plan.config.limits.redial_ms_max = redial_ms_max;
    let mut world = world(plan);
    let backend = world.add_backend(FAR, "far-1");
    world.settle(ms(100));
    assert_eq!(world.link_metric(FAR, LinkMetric::Connects), 1);
    world.break_link(backend);
    world.backends[backend].plan.dialled = comes_back;
    world.settle(ms(0));
    world
}

pub(super) fn redial_ms() {
    longest(100, |after| {
        let mut world = undialled(true, 5_000);
        world.settle(ms(after));
        let again = world.link_metric(FAR, LinkMetric::Connects) == 2;
        finish(world);
        again
    });
}

pub(super) fn redial_ms_max() {
    // Pauses of 100 ms, 150 instead of 200, and 150 again.
    longest(100 + 150 + 150, |after| {
        let mut world = undialled(false, 150);
        let before = world.sights.count(Sight::ConnectFailed);
        world.settle(ms(after));
        world.sights.count(Sight::ConnectFailed) - before == 3
    });
}
