//! Links that we dial: from one shard, again and again with growing pauses, and resumed like any other.

use crate::stage::{FAR, RAW_TO_FAR, finish, ms, world};
use megaphone_metrics::LinkMetric;
use megaphone_sim::{Plan, Sight};

#[test]
fn a_backend_that_comes_late_is_found() {
    let mut world = world(Plan::calm(3));
    world.settle(ms(3_000));
    let failed = world.sights.count(Sight::ConnectFailed);
    assert!(
        (4..=6).contains(&failed),
        "pauses of 100, 200, 400, ... ms: {failed} attempts"
    );
    let backend = world.add_backend(FAR, "far-1");
    world.settle(ms(5_000));
    assert!(world.backends[backend].up);
    let client = world.connect(2, RAW_TO_FAR);
    world.settle(ms(10));
    world.write(client, 10_000);
    world.settle(ms(10));
    assert_eq!(world.clients[client].arrived, 10_000);
    finish(world);
}

#[test]
fn a_dialled_link_is_dialled_again_and_resumed() {
    let mut world = world(Plan::calm(2));
    let backend = world.add_backend(FAR, "far-1");
    world.settle(ms(100));
    let client = world.connect(1, RAW_TO_FAR);
    world.settle(ms(10));
    world.write(client, 500);
    world.break_link(backend);
    world.settle(ms(1_000));
    assert!(world.backends[backend].up);
    world.write(client, 500);
    world.settle(ms(10));
    assert_eq!(world.clients[client].arrived, 1_000);
    assert_eq!(world.link_metric(FAR, LinkMetric::Connects), 2);
    finish(world);
}
