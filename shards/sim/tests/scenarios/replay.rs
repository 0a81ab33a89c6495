//! A link that dies with packets in flight: what was not received is sent again, and nobody sees anything twice.

use crate::stage::{CHAT, RAW, closed, finish, ms, only, with_backend, with_plan};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_sim::Plan;

#[test]
fn both_sides_go_on_where_they_were() {
    let (mut world, backend) = with_backend(3);
    let clients: Vec<usize> = (0..6).map(|n| world.connect(n % 3, RAW)).collect();
    world.settle(ms(20));
    for round in 0..10 {
        for &client in &clients {
            world.write(client, 300 + round);
        }
        let connections: Vec<u64> = world.backends[backend]
            .conversations
            .keys()
            .copied()
            .collect();
        for connection in connections {
            world.backend_writes(backend, connection, 200 + round, true);
        }
        // What is on the wire, both ways, is lost with the socket.
        world.break_link(backend);
        world.settle(ms(500));
        world.connect_backend(backend, round % 3);
        world.settle(ms(500));
    }
    assert!(world.link_metric(CHAT, LinkMetric::Replayed) > 0);
    assert_eq!(world.link_metric(CHAT, LinkMetric::Losses), 10);
    finish(world);
}

#[test]
fn clients_wait_while_their_link_is_lost() {
    let (mut world, backend) = with_backend(1);
    let client = world.connect(0, RAW);
    world.settle(ms(20));
    world.break_link(backend);
    world.settle(ms(9_000));
    world.write(client, 5_000);
    world.settle(ms(500));
    assert_eq!(
        (world.clients[client].end, world.clients[client].arrived),
        (None, 0)
    );
    world.connect_backend(backend, 0);
    world.settle(ms(100));
    assert_eq!(world.clients[client].arrived, 5_000);
    finish(world);
}

#[test]
fn a_node_that_comes_too_late_finds_its_clients_closed() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, RAW);
    world.settle(ms(20));
    world.break_link(backend);
    world.settle(ms(10_100));
    closed(&mut world, client);
    crate::stage::counted(&world, Metric::ClosedLinkLost, 2);
    world.connect_backend(backend, 0);
    world.settle(ms(100));
    assert!(world.backends[backend].up && world.backends[backend].conversations.is_empty());
    let next = world.connect(1, RAW);
    world.settle(ms(20));
    assert!(world.clients[next].opened);
    finish(world);
}

#[test]
fn a_node_that_has_forgotten_begins_anew() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, RAW);
    world.settle(ms(20));
    world.restart_backend(backend);
    world.connect_backend(backend, 1);
    world.settle(ms(100));
    closed(&mut world, client);
    assert!(world.backends[backend].up);
    finish(world);
}

#[test]
fn a_full_replay_buffer_holds_clients_back_and_loses_nothing() {
    let mut plan = Plan::calm(2);
    plan.config.limits.replay_bytes_max = 10_000;
    plan.credit = 1 << 20;
    let (mut world, backend) = with_plan(plan);
    world.backends[backend].plan.acknowledges = false;
    let client = world.connect(1, RAW);
    world.settle(ms(20));
    world.write(client, 500_000);
    world.settle(ms(1_000));
    let arrived = world.clients[client].arrived;
    assert!(
        (10_000..200_000).contains(&arrived),
        "{arrived} bytes went out unacknowledged"
    );
    assert!(world.metric(Metric::MeshCreditStarved) > 0);
    world.backends[backend].plan.acknowledges = true;
    world.settle(ms(1_000));
    assert_eq!(world.clients[client].arrived, 500_000);
    finish(world);
}

#[test]
fn an_acknowledgement_out_of_order_is_a_fault_of_the_whole_link() {
    let (mut world, backend) = with_backend(1);
    let client = world.connect(0, RAW);
    world.settle(ms(20));
    let range = [5_u64.to_be_bytes(), 2_u64.to_be_bytes()].concat();
    world.backends[backend].say(0x41, 0, 0, &range);
    world.flush_backend(backend);
    world.settle(ms(20));
    assert_eq!(
        world.backends[backend].dismissed,
        Some(11),
        "protocol violated"
    );
    closed(&mut world, client);
    assert_eq!(world.link_metric(CHAT, LinkMetric::Faults), 1);
    finish(world);
}

#[test]
fn absurd_acknowledgements_change_nothing() {
    let (mut world, backend) = with_backend(1);
    let client = world.connect(0, RAW);
    world.settle(ms(20));
    let connection = only(&world, backend);
    let range = [1_u64.to_be_bytes(), u64::MAX.to_be_bytes()].concat();
    world.backends[backend].say(0x41, 0, 0, &range);
    world.flush_backend(backend);
    world.write(client, 100);
    world.settle(ms(20));
    assert_eq!(
        (world.clients[client].arrived, only(&world, backend)),
        (100, connection)
    );
    finish(world);
}
