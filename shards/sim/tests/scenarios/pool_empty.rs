//! A pool that gives nothing for a while: links wait and go on, and no block leaks.

use crate::stage::{CHAT, RAW, TPKT, closed, counted, finish, home, ms, only, with_backend};
use megaphone_metrics::{LinkMetric, Metric};

#[test]
fn a_link_waits_for_blocks_and_loses_nothing() {
    let (mut world, backend) = with_backend(2);
    let clients: Vec<usize> = (0..4).map(|n| world.connect(n % 2, RAW)).collect();
    world.settle(ms(10));
    let home = world.backends[backend].socket.map_or(0, |(shard, _)| shard);
    for takes in 0..20 {
        world.pool(home).refuse_after(Some(takes));
        for &client in &clients {
            world.write(client, 500);
        }
        world.settle(ms(20));
        world.pool(home).refuse_after(None);
        world.settle(ms(20));
    }
    for &client in &clients {
        assert_eq!(
            (world.clients[client].arrived, world.clients[client].end),
            (10_000, None)
        );
    }
    finish(world);
}

#[test]
fn a_frame_without_a_block_for_its_header_is_our_fault() {
    let (mut world, backend) = with_backend(2);
    let shard = 1 - home(&world, "node");
    let client = world.connect(shard, TPKT);
    world.settle(ms(10));
    let connection = only(&world, backend);
    world.pool(shard).refuse_after(Some(0));
    world.clients[client].excused = true;
    world.backend_writes(backend, connection, 500, true);
    world.settle(ms(10));
    closed(&mut world, client);
    counted(&world, Metric::ClosedShed, 1);
    counted(&world, Metric::ClosedReset, 0);
    assert_eq!(world.link_metric(CHAT, LinkMetric::Faults), 0);
    finish(world);
}
