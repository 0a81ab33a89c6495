//! A link that is lost with packets in flight: replayed where both sides acknowledge, ended cleanly where not.

use crate::appliance::Setup;
use crate::clients::{Client, pattern};
use crate::peers::Backend;

#[test]
fn with_acknowledgements_a_lost_link_loses_and_doubles_nothing() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let mut backend = Backend::linked(appliance.links(), &["--ack"]);
    let mut clients: Vec<_> = (0..16)
        .map(|_| Client::connect(appliance.clients()))
        .collect();
    for client in &mut clients {
        client.exchange(b"hello");
    }
    for round in 0..5 {
        backend.hold();
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(&pattern(round * 100 + number as u64, 5000));
        }
        // Some packets are with the backend, some on the way to it; what it releases is on the way back.
        backend.command("drop");
        backend.command("release");
        backend.command("drop");
        let line = backend.wait_for_line("LINKED");
        assert!(line.contains("state=resumed"), "{line}");
        for (number, client) in clients.iter_mut().enumerate() {
            client.expect(&pattern(round * 100 + number as u64, 5000));
        }
    }
    for client in &mut clients {
        client.finish();
        assert!(client.rest().is_empty(), "nothing came twice");
    }
    drop(clients);
    appliance.must_come_to_rest();
    appliance.wait_until("the link to have come back each time", |f| {
        f.sum("megaphone_link_connects_total") >= 6.0 && f.sum("megaphone_link_losses_total") >= 5.0
    });
    appliance.must_count(
        "megaphone_connections_closed_total{reason=\"link_lost\"}",
        0,
    );
}

#[test]
fn without_acknowledgements_a_lost_link_closes_its_clients() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let mut backend = Backend::linked(appliance.links(), &[]);
    let mut clients: Vec<_> = (0..8)
        .map(|_| Client::connect(appliance.clients()))
        .collect();
    for client in &mut clients {
        client.exchange(b"hello");
    }
    backend.hold();
    let sent = pattern(1, 5000);
    for client in &mut clients {
        client.send(&sent);
    }
    backend.command("drop");
    for client in &mut clients {
        assert!(client.is_closed(), "no answer is made up");
    }
    backend.command("release");
    let line = backend.wait_for_line("LINKED");
    assert!(line.contains("state=fresh"), "{line}");
    appliance.wait_until("the link to be up again", |f| {
        f.sum("megaphone_link_up") == 1.0
    });
    Client::connect(appliance.clients()).exchange(b"a new client is served");
    drop(clients);
    appliance.must_come_to_rest();
}

#[test]
fn a_backend_that_comes_back_without_its_memory_starts_afresh() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let mut backend = Backend::linked(appliance.links(), &["--ack"]);
    let mut client = Client::connect(appliance.clients());
    client.exchange(b"hello");
    backend.hold();
    client.send(&pattern(2, 5000));
    backend.kill();

    let mut backend = Backend::linked(appliance.links(), &["--ack"]);
    assert!(client.is_closed(), "its packets died with the backend");
    Client::connect(appliance.clients()).exchange(b"a new client is served");
    assert_eq!(backend.count("stray"), 0);
    drop(client);
    appliance.must_come_to_rest();
}
