//! Thousands of clients that come at once, and go at once.

use crate::stage::{CHAT, RAW, finish, ms, with_backend};
use megaphone_metrics::{LinkMetric, Metric};

#[test]
fn all_are_opened_and_all_are_retired() {
    let (mut world, backend) = with_backend(4);
    let clients: Vec<usize> = (0..2_000).map(|n| world.connect(n % 4, RAW)).collect();
    world.settle(ms(100));
    assert_eq!(world.backends[backend].conversations.len(), 2_000);
    assert_eq!(world.link_metric(CHAT, LinkMetric::Sessions), 2_000);
    assert_eq!(
        (0..4).map(|shard| world.gauges(shard).active).sum::<u32>(),
        0,
        "idle ones hold no record"
    );
    for &client in &clients {
        world.write(client, 10);
        world.end(client);
    }
    world.settle(ms(100));
    assert!(
        clients
            .iter()
            .all(|&client| world.clients[client].arrived == 10)
    );
    world.break_link(backend);
    world.settle(ms(12_000));
    assert!(
        clients
            .iter()
            .all(|&client| world.clients[client].end.is_some())
    );
    let closed = [
        Metric::ClosedByPeer,
        Metric::ClosedByBackend,
        Metric::ClosedLinkLost,
    ];
    let counted = closed.map(|metric| world.metric(metric));
    assert_eq!(
        counted,
        [0, 0, 2_001],
        "each client's end, and the link's, once"
    );
    clients
        .iter()
        .for_each(|&client| world.clients[client].excused = true);
    finish(world);
}
