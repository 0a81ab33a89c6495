//! Limits of what clients, and backends on their account, can make a shard hold or wait for.

use super::{longest, most};
use crate::stage::{
    CLASSIC_FIXED, OLD, RAW, RAW_ECHO, RAW_TO_OLD, closed, counted, finish, ms, only, with_backend,
    with_plan, world,
};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_pool::Class;
use megaphone_sim::{Plan, Reply, World};

/// Whether the client's connection has ended; if so, that was the test's doing.
fn ended(world: &mut World, client: usize) -> bool {
    let ended = world.clients[client].end.is_some();
    world.clients[client].excused |= ended;
    ended
}

pub(super) fn sessions_max() {
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

pub(super) fn frame_bytes_max() {
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

pub(super) fn outgoing_bytes_max() {
    // An echo is not read above it ...
    most(999, |bytes| {
        let mut plan = Plan::calm(1);
        plan.config.limits.outgoing_bytes_max = 1_000;
        let mut world = world(plan);
        let client = world.connect(0, RAW_ECHO);
        world.clients[client].reads = false;
        world.write(client, bytes as usize);
        world.settle(ms(10));
        world.write(client, 1);
        world.settle(ms(10));
        let passed = world.metric(Metric::FrameBytesOut) == bytes + 1;
        finish(world);
        passed
    });
    // ... and the client of a backend without credit is closed.
    most(1_000, |bytes| {
        let mut plan = Plan::calm(1);
        plan.config.limits.outgoing_bytes_max = 1_000;
        let mut world = world(plan);
        let backend = world.add_backend(OLD, "");
        world.connect_backend(backend, 0);
        let client = world.connect(0, RAW_TO_OLD);
        world.write(client, 1);
        world.settle(ms(10));
        world.clients[client].reads = false;
        let connection = only(&world, backend);
        world.backend_writes(backend, connection, bytes as usize, true);
        world.settle(ms(10));
        let slow = world.metric(Metric::ClosedSlowReader);
        world.clients[client].excused |= slow > 0;
        finish(world);
        slow == 0
    });
}

pub(super) fn window_bytes_max() {
    most(2_048, |bytes| {
        let mut plan = Plan::calm(1);
        plan.config.limits.window_bytes_max = 2_048;
        let (mut world, backend) = with_plan(plan);
        let client = world.connect(0, RAW);
        world.settle(ms(10));
        world.clients[client].excused = true;
        let connection = only(&world, backend);
        world.backends[backend].say(0x20, 0, connection, &vec![0; bytes as usize]);
        world.flush_backend(backend);
        // What it says is not what the client expects: only whether it is taken counts.
        world.clients[client].reads = false;
        world.settle(ms(10));
        let faults = world.link_metric(0, LinkMetric::Faults);
        counted(&world, Metric::ClosedReset, faults);
        faults == 0
    });
}

pub(super) fn header_ms() {
    longest(5_000, |after| {
        let (mut world, _) = with_backend(1);
        let client = world.connect(0, CLASSIC_FIXED);
        world.settle(ms(10));
        world.write_bytes(client, b"0000");
        world.settle(ms(after));
        let late = ended(&mut world, client);
        counted(&world, Metric::FrameFaultHeaderDeadline, u64::from(late));
        world.break_client(client);
        finish(world);
        late
    });
}

/// Whether a client that sent the header of a frame of 1,032 bytes is closed after so long.
fn in_body(after: u64, body_ms: u32, rate: u32) -> bool {
    let mut plan = Plan::calm(1);
    plan.config.limits.body_ms = body_ms;
    plan.config.limits.body_rate_min = rate;
    let (mut world, _) = with_plan(plan);
    let client = world.connect(0, CLASSIC_FIXED);
    world.settle(ms(10));
    world.write_bytes(client, b"0000001032|00000000000000001000|");
    world.settle(ms(after));
    let late = ended(&mut world, client);
    counted(&world, Metric::FrameFaultBodyDeadline, u64::from(late));
    world.break_client(client);
    finish(world);
    late
}

pub(super) fn body_ms() {
    longest(2_000 + 1_032, |after| in_body(after, 2_000, 1_000));
}

pub(super) fn body_rate_min() {
    // 1,032 bytes at this rate, and what `body_ms` allows beside.
    for (rate, allowed) in [(99, 10_424), (100, 10_320), (101, 10_217)] {
        longest(allowed + 1, |after| in_body(after, 1, rate));
    }
}

pub(super) fn settle_ms() {
    longest(200, |after| {
        let (mut world, _) = with_backend(1);
        let client = world.connect(0, CLASSIC_FIXED);
        world.settle(ms(10));
        world.write_bytes(client, b"0000");
        world.settle(ms(after));
        let moved = world.pool(0).counts(Class::Receive).leased == 0;
        counted(&world, Metric::OverloadDemoteFrame, u64::from(moved));
        world.break_client(client);
        finish(world);
        moved
    });
}

pub(super) fn stall_ms() {
    longest(30_000, |after| {
        let mut world = world(Plan::calm(1));
        let client = world.connect(0, RAW_ECHO);
        world.clients[client].reads = false;
        world.write(client, 100);
        world.settle(ms(after));
        let slow = ended(&mut world, client);
        counted(&world, Metric::ClosedSlowReader, u64::from(slow));
        finish(world);
        slow
    });
}

pub(super) fn open_ms() {
    longest(10_000, |after| {
        let (mut world, backend) = with_backend(1);
        world.backends[backend].plan.reply = Reply::Silence;
        let client = world.connect(0, RAW);
        world.clients[client].excused = true;
        world.settle(ms(after));
        let late = ended(&mut world, client);
        counted(&world, Metric::ClosedDeadline, u64::from(late));
        finish(world);
        late
    });
}

pub(super) fn linger_ms() {
    longest(60_000, |after| {
        let (mut world, backend) = with_backend(1);
        let client = world.connect(0, RAW);
        world.settle(ms(10));
        world.end(client);
        world.settle(ms(after));
        let late = ended(&mut world, client);
        counted(&world, Metric::ClosedDeadline, u64::from(late));
        assert!(world.backends[backend].up);
        if !late {
            let connection = only(&world, backend);
            world.backends[backend].close(connection);
            world.flush_backend(backend);
        }
        finish(world);
        late
    });
}
