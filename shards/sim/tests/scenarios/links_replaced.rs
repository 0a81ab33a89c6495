//! A backend that comes again while its link still seems up: the newcomer wins, and goes on where the old one was.

use crate::stage::{CHAT, RAW, finish, ms, with_backend};
use megaphone_metrics::LinkMetric;

#[test]
fn the_newcomer_goes_on_with_all_conversations() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, RAW);
    world.settle(ms(10));
    world.write(client, 100);
    world.reconnect_backend(backend, 1);
    world.settle(ms(10));
    world.write(client, 100);
    world.settle(ms(10));
    assert_eq!(
        (world.clients[client].arrived, world.clients[client].end),
        (200, None)
    );
    assert_eq!(world.link_metric(CHAT, LinkMetric::Connects), 2);
    assert_eq!(world.link_metric(CHAT, LinkMetric::Up), 1);
    finish(world);
}
