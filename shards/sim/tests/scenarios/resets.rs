//! RESET ends one connection and never the link; whoever exceeds its credit gets one.

use crate::stage::{CHAT, RAW, TPKT, closed, counted, finish, ms, with_backend, with_plan};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_sim::{ClientEnd, Plan};

#[test]
fn a_backends_reset_resets_its_client_and_no_other() {
    let (mut world, backend) = with_backend(2);
    let (one, other) = (world.connect(1, RAW), world.connect(0, RAW));
    world.settle(ms(10));
    let talks = &world.backends[backend].conversations;
    let connection = talks
        .iter()
        .find(|(_, talk)| talk.client == one)
        .map(|(&id, _)| id)
        .expect("it is open");
    world.backends[backend].say(0x31, 0, connection, &[0, 9]);
    world.backends[backend].conversations.remove(&connection);
    world.flush_backend(backend);
    world.settle(ms(10));
    assert_eq!(world.clients[one].end, Some(ClientEnd::Reset));
    closed(&mut world, one);
    world.write(other, 10);
    world.settle(ms(10));
    assert_eq!(world.clients[other].arrived, 10);
    assert_eq!(world.backends[backend].resets, 0, "a RESET is not answered");
    finish(world);
}

/// Sends `bytes` in one DATA to the only client, which has a credit of 4 KiB; how many RESETs come back.
fn resets_after(bytes: usize) -> usize {
    let mut plan = Plan::calm(2);
    plan.config.limits.window_bytes_max = 4_096;
    let (mut world, backend) = with_plan(plan);
    let client = world.connect(1, RAW);
    world.settle(ms(10));
    world.clients[client].excused = true;
    world.clients[client].reads = false;
    let connection = crate::stage::only(&world, backend);
    let bytes: Vec<u8> = (0..bytes as u64)
        .map(|at| megaphone_sim::byte_at(client, megaphone_sim::DOWN, at))
        .collect();
    world.backends[backend].say(0x20, 0, connection, &bytes);
    world.flush_backend(backend);
    world.settle(ms(10));
    let resets = world.backends[backend].resets;
    assert_eq!(world.link_metric(CHAT, LinkMetric::Faults), resets as u64);
    counted(&world, Metric::ClosedReset, resets as u64);
    world.backends[backend].conversations.clear();
    world.heal();
    world.settle(ms(100));
    world.drain(ms(2_000));
    crate::stage::fine(&world);
    resets
}

#[test]
fn credit_is_held_to_the_byte() {
    assert_eq!([4_095, 4_096, 4_097].map(resets_after), [0, 0, 1]);
}

#[test]
fn a_frame_that_its_clients_framing_cannot_hold_is_reset() {
    let mut plan = Plan::calm(1);
    plan.config.limits.frame_bytes_max = 1_000;
    for (bytes, resets) in [(999, 0), (1_000, 0), (1_001, 1)] {
        let (mut world, backend) = with_plan(plan.clone());
        let client = world.connect(0, TPKT);
        world.settle(ms(10));
        world.clients[client].excused = resets > 0;
        let connection = crate::stage::only(&world, backend);
        world.backend_writes(backend, connection, bytes, true);
        world.settle(ms(10));
        assert_eq!(world.backends[backend].resets, resets, "{bytes} bytes");
        finish(world);
    }
}
