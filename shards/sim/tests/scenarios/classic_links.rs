//! Backends that speak the original formats: no HELLO, no credit; a connection begins with its first packet and ends with an empty one.

use crate::stage::{CLASSIC_VAR_TO_OLD, OLD, RAW_TO_OLD, closed, counted, finish, ms, only, world};
use megaphone_metrics::Metric;
use megaphone_sim::{Plan, World};

fn with_old_backend(shards: u16) -> (World, usize) {
    let mut world = world(Plan::calm(shards));
    let backend = world.add_backend(OLD, "");
    world.connect_backend(backend, 0);
    world.settle(ms(10));
    (world, backend)
}

#[test]
fn packets_cross_shards_both_ways() {
    let (mut world, backend) = with_old_backend(2);
    for listener in [RAW_TO_OLD, CLASSIC_VAR_TO_OLD] {
        let client = world.connect(1, listener);
        world.write(client, 3_000);
        world.settle(ms(10));
        assert_eq!(world.clients[client].arrived, 3_000);
        let connection = only(&world, backend);
        world.backend_writes(backend, connection, 2_500, true);
        world.settle(ms(10));
        assert_eq!(world.clients[client].got, 2_500);
        world.clients[client].dismissed = true;
        world.backends[backend].close(connection);
        world.flush_backend(backend);
        world.settle(ms(10));
        assert!(
            world.backends[backend].conversations.is_empty(),
            "our empty content came back"
        );
        closed(&mut world, client);
    }
    finish(world);
}

#[test]
fn a_client_that_is_too_slow_for_a_link_without_credit_is_closed() {
    let (mut world, backend) = with_old_backend(1);
    let client = world.connect(0, RAW_TO_OLD);
    world.write(client, 1);
    world.settle(ms(10));
    world.clients[client].reads = false;
    let connection = only(&world, backend);
    for _ in 0..20 {
        world.backend_writes(backend, connection, 4_000, true);
        world.settle(ms(1));
    }
    closed(&mut world, client);
    counted(&world, Metric::ClosedSlowReader, 1);
    finish(world);
}
