//! Limits at one below, at, and one above.

use crate::stage::{CHAT, CLASSIC_FIXED, RAW_ECHO, closed, counted, finish, ms, with_plan, world};
use megaphone_metrics::Metric;
use megaphone_sim::Plan;

#[test]
fn sessions_max() {
    let mut plan = Plan::calm(1);
    plan.config.limits.sessions_max = 3;
    let mut world = world(plan);
    for n in 1..=4 {
        let client = world.connect(0, RAW_ECHO);
        world.settle(ms(1));
        assert_eq!(world.clients[client].end.is_some(), n > 3, "client {n}");
    }
    counted(&world, Metric::RefusedLimit, 1);
    world.break_client(0);
    world.settle(ms(1));
    let client = world.connect(0, RAW_ECHO);
    world.settle(ms(1));
    assert!(world.clients[client].end.is_none(), "there is room again");
    finish(world);
}

#[test]
fn frame_bytes_max() {
    for (bytes, taken) in [(999, true), (1_000, true), (1_001, false)] {
        let mut plan = Plan::calm(1);
        plan.config.limits.frame_bytes_max = 1_000;
        let (mut world, _) = with_plan(plan);
        let client = world.connect(0, CLASSIC_FIXED);
        world.settle(ms(10));
        world.write(client, bytes);
        world.settle(ms(10));
        assert_eq!(
            world.clients[client].arrived == bytes as u64,
            taken,
            "{bytes} bytes"
        );
        if !taken {
            closed(&mut world, client);
            counted(&world, Metric::FrameFaultTooLong, 1);
        }
        finish(world);
    }
}

#[test]
fn links_max() {
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

#[test]
fn packet_bytes_max() {
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

#[test]
fn greetings_max() {
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
