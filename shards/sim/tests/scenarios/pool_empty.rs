//! A pool that gives nothing for a while: links wait and go on, and no block leaks.

use crate::stage::{RAW, finish, ms, with_backend};

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
