//! A client that ends its side still gets what its backend has to say, and only then is closed.

use crate::stage::{RAW, RAW_ECHO, counted, finish, ms, only, with_backend, world};
use megaphone_metrics::Metric;
use megaphone_sim::{ClientEnd, Plan};

#[test]
fn the_backend_may_still_send_after_the_client_has_ended() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, RAW);
    world.settle(ms(10));
    world.write(client, 700);
    world.end(client);
    world.settle(ms(10));
    let connection = only(&world, backend);
    assert!(world.backends[backend].conversations[&connection].appliance_closed);
    assert_eq!(world.clients[client].end, None);

    world.backend_writes(backend, connection, 900, true);
    world.settle(ms(10));
    assert_eq!(world.clients[client].got, 900);
    world.clients[client].dismissed = true;
    world.backends[backend].close(connection);
    world.flush_backend(backend);
    world.settle(ms(10));
    assert_eq!(world.clients[client].end, Some(ClientEnd::Closed));
    assert!(world.backends[backend].conversations.is_empty());
    counted(&world, Metric::ClosedByBackend, 1);
    finish(world);
}

#[test]
fn an_echo_client_gets_its_last_byte_after_its_own_end() {
    let mut world = world(Plan::calm(1));
    let client = world.connect(0, RAW_ECHO);
    world.clients[client].reads = false;
    world.write(client, 150_000);
    world.end(client);
    world.settle(ms(100));
    assert_eq!(world.clients[client].end, None, "it has not read yet");
    world.clients[client].reads = true;
    world.settle(ms(100));
    assert_eq!(
        (world.clients[client].got, world.clients[client].end),
        (150_000, Some(ClientEnd::Closed))
    );
    finish(world);
}

#[test]
fn a_backend_that_never_closes_does_not_keep_the_session_for_ever() {
    let (mut world, backend) = with_backend(1);
    let client = world.connect(0, RAW);
    world.end(client);
    world.settle(ms(59_000));
    assert_eq!(world.clients[client].end, None);
    world.settle(ms(2_000));
    crate::stage::closed(&mut world, client);
    assert_eq!(
        world.backends[backend].conversations.len(),
        1,
        "it has heard our CLOSE long ago"
    );
    finish(world);
}
