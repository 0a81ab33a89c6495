//! A backend that stops reading takes the lane from nobody: clients of another backend go on, with one credit per account.

use crate::stage::{CHAT, OLD, RAW, RAW_TO_OLD, closed, finish, ms, with_plan};
use megaphone_core::LaneBudget;
use megaphone_metrics::Metric;
use megaphone_sim::Plan;

#[test]
fn clients_of_another_backend_go_on() {
    let mut plan = Plan::calm(4);
    plan.config.lanes = LaneBudget::uniform(1);
    let (mut world, dead) = with_plan(plan);
    let alive = world.add_backend(OLD, "");
    let home = world.backends[dead].socket.map_or(0, |(shard, _)| shard);
    world.connect_backend(alive, home);
    world.settle(ms(10));
    let stuck: Vec<usize> = (0..4).map(|shard| world.connect(shard, RAW)).collect();
    let quick: Vec<usize> = (0..4)
        .map(|shard| world.connect(shard, RAW_TO_OLD))
        .collect();
    world.settle(ms(10));
    world.backends[dead].reads = false;
    for _ in 0..20 {
        for &client in stuck.iter().chain(&quick) {
            world.write(client, 2_000);
        }
        world.settle(ms(10));
    }
    for &client in &quick {
        assert_eq!(world.clients[client].arrived, 40_000, "client {client}");
    }
    for &client in &stuck {
        assert!(world.clients[client].arrived < 40_000 && world.clients[client].end.is_none());
    }
    assert!(world.metric(Metric::MeshCreditStarved) > 0);
    // A backend that answers no PING is lost, then given up.
    world.settle(ms(45_000));
    for client in stuck {
        closed(&mut world, client);
    }
    assert_eq!(
        world.link_metric(CHAT, megaphone_metrics::LinkMetric::Losses),
        1
    );
    finish(world);
}
