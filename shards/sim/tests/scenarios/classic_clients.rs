//! Clients that speak the original formats: bound to the id of their first packet, ended by an empty one.

use crate::stage::{
    CLASSIC_ECHO, CLASSIC_FIXED, CLASSIC_VAR, closed, counted, finish, ms, only, with_backend,
};
use megaphone_metrics::Metric;
use megaphone_sim::ClientEnd;

#[test]
fn packets_go_both_ways_with_their_id() {
    for listener in [CLASSIC_FIXED, CLASSIC_VAR] {
        let (mut world, backend) = with_backend(2);
        let client = world.connect(1, listener);
        world.settle(ms(10));
        world.write(client, 40);
        world.write(client, 5_000);
        world.settle(ms(10));
        assert_eq!(world.clients[client].arrived, 5_040);
        let connection = only(&world, backend);
        world.backend_writes(backend, connection, 3_000, false);
        world.settle(ms(10));
        assert_eq!(world.clients[client].got, 0, "the frame is not complete");
        world.backend_writes(backend, connection, 3_000, true);
        world.settle(ms(10));
        assert_eq!(world.clients[client].got, 6_000);
        finish(world);
    }
}

#[test]
fn another_id_is_a_fault_and_never_the_first_match() {
    let (mut world, _) = with_backend(1);
    let client = world.connect(0, CLASSIC_VAR);
    world.settle(ms(10));
    world.write(client, 10);
    world.clients[client].excused = true;
    world.write_bytes(client, b"77|3|abc");
    world.settle(ms(10));
    assert_eq!(world.clients[client].arrived, 10);
    closed(&mut world, client);
    counted(&world, Metric::ClosedFrameFault, 1);
    finish(world);
}

#[test]
fn an_empty_content_ends_the_conversation_both_ways() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, CLASSIC_VAR);
    world.settle(ms(10));
    world.write(client, 10);
    let id = world.clients[client].classic_id;
    world.write_bytes(client, format!("{id}|0|").as_bytes());
    world.clients[client].ended = true;
    world.settle(ms(10));
    let connection = only(&world, backend);
    assert!(world.backends[backend].conversations[&connection].appliance_closed);
    world.clients[client].dismissed = true;
    world.backends[backend].close(connection);
    world.flush_backend(backend);
    world.settle(ms(10));
    assert!(
        world.clients[client].classic_end,
        "an empty content came back"
    );
    assert_eq!(world.clients[client].end, Some(ClientEnd::Closed));
    finish(world);
}

#[test]
fn an_echo_keeps_the_id() {
    let (mut world, _) = with_backend(1);
    let client = world.connect(0, CLASSIC_ECHO);
    for len in [1, 31, 32, 33, 2_048, 60_000] {
        world.write(client, len);
    }
    world.settle(ms(100));
    assert_eq!(world.clients[client].got, world.clients[client].written);
    finish(world);
}
