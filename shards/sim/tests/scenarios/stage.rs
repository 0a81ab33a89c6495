//! What the scenarios share: listeners by name, a world with one backend, and the end that every scenario must stand.

use megaphone_core::home_shard;
use megaphone_metrics::Metric;
use megaphone_sim::{Plan, World};
use megaphone_wheel::Rng;
use std::time::Duration;

// The listeners of `Plan::calm`.
pub(crate) const RAW: usize = 0;
pub(crate) const CLASSIC_FIXED: usize = 1;
pub(crate) const CLASSIC_VAR: usize = 2;
pub(crate) const TPKT: usize = 3;
pub(crate) const RAW_ECHO: usize = 4;
pub(crate) const CLASSIC_ECHO: usize = 5;
pub(crate) const TPKT_ECHO: usize = 6;
pub(crate) const RAW_TO_OLD: usize = 8;
pub(crate) const CLASSIC_VAR_TO_OLD: usize = 9;
pub(crate) const RAW_TO_FAR: usize = 10;
pub(crate) const STANZA: usize = 11;

// Its links.
pub(crate) const CHAT: usize = 0;
pub(crate) const OLD: usize = 1;
pub(crate) const FAR: usize = 2;

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn world(plan: Plan) -> World {
    World::new(plan, Rng::new(1))
}

/// A world of `shards` with a backend on the link `chat` that is up, and the backend's index.
pub(crate) fn with_backend(shards: u16) -> (World, usize) {
    with_plan(Plan::calm(shards))
}

/// As [`with_backend`], with another plan.
pub(crate) fn with_plan(plan: Plan) -> (World, usize) {
    let mut world = world(plan);
    let backend = world.add_backend(CHAT, "node");
    world.connect_backend(backend, 0);
    world.settle(ms(50));
    assert!(world.backends[backend].up, "the backend was greeted");
    (world, backend)
}

/// The shard that the backend `node` of the link `chat` has its link on.
pub(crate) fn home(world: &World, node: &str) -> usize {
    usize::from(home_shard("chat", node.as_bytes(), world.plan.config.shards).0)
}

/// Nothing that must not be has been.
pub(crate) fn fine(world: &World) {
    assert_eq!(world.faults(), Vec::<String>::new());
}

/// Heals the world, lets everything arrive, drains it, and checks that nothing was lost or left over.
pub(crate) fn finish(mut world: World) {
    world.heal();
    world.settle(ms(5_000));
    world.check_healed();
    world.drain(ms(10_000));
    fine(&world);
}

/// The id of the only conversation of a backend.
pub(crate) fn only(world: &World, backend: usize) -> u64 {
    let ids: Vec<u64> = world.backends[backend]
        .conversations
        .keys()
        .copied()
        .collect();
    assert_eq!(ids.len(), 1, "one conversation");
    ids[0]
}

/// The client was closed, and that was what the test wanted.
pub(crate) fn closed(world: &mut World, client: usize) {
    assert!(
        world.clients[client].end.is_some(),
        "client {client} was closed"
    );
    world.clients[client].excused = true;
}

/// A counter has this value over all shards.
pub(crate) fn counted(world: &World, metric: Metric, count: u64) {
    assert_eq!(world.metric(metric), count, "{metric:?}");
}
