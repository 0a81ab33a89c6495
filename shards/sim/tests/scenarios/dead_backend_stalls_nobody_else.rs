//! A backend that stops reading takes nothing from others: not the lane (clients of another backend go on, with one credit per
//! account), and not the blocks, however many clients it has.

use crate::stage::{CHAT, OLD, RAW, RAW_TO_OLD, closed, finish, ms, with_plan};
use megaphone_core::LaneBudget;
use megaphone_metrics::Metric;
use megaphone_pool::Class;
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

#[test]
fn its_clients_leave_blocks_to_others() {
    const BODY: usize = 1_500;
    const CHATTY: usize = 900;
    let (mut world, dead) = with_plan(Plan::calm(1));
    let alive = world.add_backend(OLD, "");
    world.connect_backend(alive, 0);
    world.settle(ms(10));
    let stuck: Vec<usize> = (0..CHATTY).map(|_| world.connect(0, RAW)).collect();
    let quick: Vec<usize> = (0..4).map(|_| world.connect(0, RAW_TO_OLD)).collect();
    world.settle(ms(10));
    world.backends[dead].reads = false;
    let mut most = 0;
    // More than all blocks for receiving, 512, one for each.
    for some in stuck.chunks(30) {
        for &client in some {
            world.write(client, BODY);
        }
        for &client in &quick {
            world.write(client, BODY);
        }
        world.settle(ms(2));
        most = most.max(world.pool(0).counts(Class::Receive).leased);
    }
    assert!((100..350).contains(&most), "{most} blocks were leased");
    assert!(world.metric(Metric::OverloadHoldClients) > 0);
    assert_eq!(world.metric(Metric::OverloadShedSession), 0);
    for &client in &quick {
        assert_eq!(world.clients[client].arrived as usize, 30 * BODY);
    }
    // They were only held: when the backend is there again, so are they.
    world.backends[dead].reads = true;
    world.settle(ms(2_000));
    for &client in &stuck {
        let client = &world.clients[client];
        assert_eq!((client.arrived as usize, client.end), (BODY, None));
    }
    for &client in &stuck {
        world.write(client, BODY);
    }
    finish(world);
}
