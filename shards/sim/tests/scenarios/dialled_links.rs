//! Links that we dial: from one shard or from each, again and again with growing pauses, and resumed like any other.

use crate::stage::{FAR, RAW_TO_FAR, finish, ms, world};
use megaphone_core::{Diallers, LinkSide};
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

#[test]
fn each_shard_may_dial_a_link_of_its_own() {
    let mut plan = Plan::calm(3);
    if let LinkSide::Connect(_, diallers) = &mut plan.config.links[FAR].side {
        *diallers = Diallers::All;
    }
    let mut world = world(plan);
    let backends = ["far-1", "far-2", "far-3"].map(|name| world.add_backend(FAR, name));
    world.settle(ms(1_000));
    assert!(backends.iter().all(|&backend| world.backends[backend].up));
    let clients: Vec<usize> = (0..6).map(|n| world.connect(n % 3, RAW_TO_FAR)).collect();
    world.settle(ms(10));
    for &client in &clients {
        world.write(client, 1_000);
    }
    world.settle(ms(10));
    assert!(clients.iter().all(|&it| world.clients[it].arrived == 1_000));
    // The upper 12 bits of a connection's id are its shard.
    let mut homes: Vec<Vec<u64>> = Vec::new();
    for backend in backends {
        let ids = world.backends[backend].conversations.keys();
        homes.push(ids.map(|id| id >> 52).collect());
    }
    homes.sort();
    assert_eq!(
        homes,
        [[0, 0], [1, 1], [2, 2]],
        "clients stay on their shards"
    );
    world.break_link(backends[0]);
    world.settle(ms(1_000));
    for &client in &clients {
        world.write(client, 1_000);
    }
    world.settle(ms(10));
    assert!(clients.iter().all(|&it| world.clients[it].arrived == 2_000));
    assert_eq!(world.link_metric(FAR, LinkMetric::Connects), 4);
    finish(world);
}
