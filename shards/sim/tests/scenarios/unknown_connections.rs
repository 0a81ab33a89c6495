//! Ids that are not there, not any more, or not this link's: counted, answered where the protocol says so, and nobody else is touched.

use crate::stage::{CHAT, RAW, finish, ms, only, with_backend};
use megaphone_core::{ConnectionId, ShardId, SocketId};
use megaphone_metrics::LinkMetric;

fn id(shard: u16, slot: u32, generation: u32) -> u64 {
    ConnectionId::new(ShardId(shard), SocketId { slot, generation }).bits()
}

#[test]
fn data_for_nobody_is_answered_by_reset_and_ends_are_not() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, RAW);
    world.settle(ms(10));
    let slot = ConnectionId::from_bits(only(&world, backend)).socket().slot;
    for connection in [
        id(1, slot, 99),
        id(0, 7, 1),
        id(1, 1_000_000, 1),
        id(2, 0, 1),
        id(4_095, 0, 1),
    ] {
        for kind in [0x20, 0x30, 0x31, 0x40, 0x12, 0x11] {
            world.backends[backend].say(kind, 0, connection, &[0, 0, 0, 9]);
        }
    }
    world.flush_backend(backend);
    world.settle(ms(100));
    assert_eq!(world.backends[backend].resets, 10, "for DATA and OPEN_OK");
    let unknown = world.link_metric(CHAT, LinkMetric::UnknownConnection);
    let stale = world.link_metric(CHAT, LinkMetric::StaleConnection);
    assert_eq!(unknown + stale, 30);
    assert!(world.clients[client].end.is_none());
    finish(world);
}

pub(crate) fn resets_per_second() {
    for (packets, resets) in [(9, 9), (10, 10), (11, 10)] {
        let mut plan = megaphone_sim::Plan::calm(1);
        plan.config.limits.resets_per_second = 10;
        let (mut world, backend) = crate::stage::with_plan(plan);
        for _ in 0..packets {
            world.backends[backend].say(0x20, 0, id(0, 7, 1), b"");
        }
        world.flush_backend(backend);
        world.settle(ms(10));
        assert_eq!(world.backends[backend].resets, resets, "for {packets}");
        let suppressed = world.link_metric(CHAT, LinkMetric::ResetsSuppressed);
        assert_eq!(suppressed as usize, packets - resets);
        finish(world);
    }
}

#[test]
fn another_links_connection_is_nobodys() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, RAW);
    world.settle(ms(10));
    let connection = only(&world, backend);
    let other = world.add_backend(CHAT, "other");
    world.connect_backend(other, 1);
    world.settle(ms(10));
    world.backends[other].say(0x20, 0, connection, b"not yours");
    world.flush_backend(other);
    world.settle(ms(10));
    assert_eq!(
        (world.backends[other].resets, world.clients[client].got),
        (1, 0)
    );
    finish(world);
}

#[test]
fn an_open_from_the_backend_is_reset() {
    let (mut world, backend) = with_backend(1);
    world.backends[backend].say(0x10, 0, 42, b"");
    world.flush_backend(backend);
    world.settle(ms(10));
    assert_eq!(world.backends[backend].resets, 1);
    finish(world);
}

#[test]
fn frames_of_a_later_version_are_ignored() {
    let (mut world, backend) = with_backend(1);
    let client = world.connect(0, RAW);
    world.settle(ms(10));
    for kind in [0x13, 0x21, 0x3f, 0x42, 0x7f, 0x8f, 0xff] {
        world.backends[backend].say(kind, 0xff, 0, b"what is this");
    }
    world.flush_backend(backend);
    world.write(client, 10);
    world.settle(ms(10));
    assert_eq!(world.clients[client].arrived, 10);
    finish(world);
}
