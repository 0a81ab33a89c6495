//! Clients on a link: their packets reach an Erlang backend by way of another shard, and come back.

use crate::appliance::{Setup, wait_for};
use crate::clients::{Client, pattern};
use crate::peers::{Backend, DocumentBackend, python_client};

#[test]
fn packets_cross_shards_to_the_backend_and_back() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let mut backend = Backend::linked(appliance.links(), &[]);
    let mut clients: Vec<_> = (0..64)
        .map(|_| Client::connect(appliance.clients()))
        .collect();
    for round in 0..3 {
        for (number, client) in clients.iter_mut().enumerate() {
            client.exchange(&pattern(number as u64, 100 + round * 1000));
        }
    }
    appliance.wait_until("packets to cross between shards", |f| {
        f.shards_with("megaphone_connections_accepted_total") == 2
            && f.sum("megaphone_mesh_items_total{dir=\"out\"}") > 0.0
    });
    appliance.must_count("megaphone_link_up", 1);
    assert_eq!(backend.count("opens"), 64);

    drop(clients);
    wait_for("the backend to see every close", || {
        (backend.count("connections") == 0).then_some(())
    });
    assert_eq!(backend.count("stray"), 0);
    appliance.must_come_to_rest();
}

#[test]
fn a_backend_with_several_links_shares_the_clients() {
    let mut appliance = Setup::new()
        .shards(3)
        .listen("raw", "link:chat")
        .link("chat")
        .start();
    let mut backend = Backend::linked(appliance.links(), &["--links", "4"]);
    for _ in 1..4 {
        backend.wait_for_line("LINKED");
    }
    appliance.wait_until("all links to be up", |f| f.sum("megaphone_link_up") == 4.0);
    python_client(
        appliance.clients(),
        &["--connections", "200", "--packets", "5", "--size", "500"],
    );
    assert_eq!(backend.count("opens"), 200);
    wait_for("the backend to see every close", || {
        (backend.count("connections") == 0).then_some(())
    });
    appliance.must_come_to_rest();
}

#[test]
fn a_packet_larger_than_every_credit_passes() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let _backend = Backend::linked(appliance.links(), &["--credit", "3000"]);
    let mut client = Client::connect(appliance.clients());
    let bytes = pattern(5, 1 << 20);
    let mut reader = client.twin();
    let expected = bytes.clone();
    let reading = std::thread::spawn(move || reader.expect(&expected));
    client.send(&bytes);
    reading.join().expect("every byte came back");
    drop(client);
    appliance.must_come_to_rest();
}

#[test]
fn the_backend_learns_the_clients_address() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let mut backend = Backend::linked(appliance.links(), &[]);
    let mut client = Client::connect(appliance.clients());
    client.exchange(b"who am I");
    assert_eq!(backend.count("last_port"), u64::from(client.local().port()));
    drop(client);
    appliance.must_come_to_rest();
}

#[test]
fn a_half_closed_client_gets_the_rest_of_its_answers() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let mut backend = Backend::linked(appliance.links(), &[]);
    let mut client = Client::connect(appliance.clients());
    let bytes = pattern(6, 20_000);
    client.send(&bytes);
    client.finish();
    assert!(
        client.rest() == bytes,
        "all answers come before the stream ends"
    );
    wait_for("the backend to forget the connection", || {
        (backend.count("connections") == 0).then_some(())
    });
    drop(client);
    appliance.must_come_to_rest();
}

#[test]
fn a_close_by_the_backend_closes_the_client() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let mut backend = Backend::linked(appliance.links(), &[]);
    let mut client = Client::connect(appliance.clients());
    client.exchange(b"hello");
    backend.command("close");
    assert!(client.rest().is_empty(), "a clean end without another byte");
    wait_for("both sides to have closed", || {
        (backend.count("connections") == 0).then_some(())
    });
    drop(client);
    appliance.must_come_to_rest();
    appliance.must_count("megaphone_connections_closed_total{reason=\"backend\"}", 1);
}

#[test]
fn packets_for_connections_that_are_not_there_are_counted_and_answered() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let mut backend = Backend::linked(appliance.links(), &[]);
    Client::connect(appliance.clients()).exchange(b"here and gone");
    wait_for("the backend to see the close", || {
        (backend.count("connections") == 0).then_some(())
    });
    appliance.must_come_to_rest();
    backend.command("stray");
    wait_for("a RESET for each", || {
        (backend.count("resets") == 2).then_some(())
    });
    appliance.must_count(
        "megaphone_link_unknown_connections_total{kind=\"stale\"}",
        1,
    );
    appliance.must_count(
        "megaphone_link_unknown_connections_total{kind=\"unknown\"}",
        1,
    );
    appliance.must_count("megaphone_link_up", 1);
    Client::connect(appliance.clients()).exchange(b"the link stands");
    appliance.must_come_to_rest();
}

#[test]
fn a_rejected_client_is_closed_cleanly() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let _backend = Backend::linked(appliance.links(), &["--reject", "3"]);
    let mut client = Client::connect(appliance.clients());
    assert_eq!(
        client.rest(),
        b"no room for you\n",
        "the reason, then a clean end"
    );
    drop(client);
    appliance.must_come_to_rest();
    appliance.must_count("megaphone_link_opens_total{answer=\"rejected\"}", 1);
    appliance.must_count("megaphone_connections_closed_total{reason=\"rejected\"}", 1);
}

#[test]
fn without_a_backend_a_client_is_closed_cleanly() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let mut client = Client::connect(appliance.clients());
    assert_eq!(
        client.rest(),
        b"no backend is available\n",
        "the reason, then a clean end"
    );
    drop(client);
    appliance.must_come_to_rest();
    appliance.must_count("megaphone_connections_refused_total{reason=\"no_link\"}", 1);

    let _backend = Backend::linked(appliance.links(), &[]);
    let mut client = Client::connect(appliance.clients());
    client.exchange(b"now there is one");
}

#[test]
fn a_client_that_does_not_read_stalls_nobody() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let _backend = Backend::linked(appliance.links(), &[]);
    let deaf = Client::connect(appliance.clients());
    let mut writer = deaf.twin();
    // It writes until the appliance stops reading it: far more than any window between here and the backend.
    let writing = std::thread::spawn(move || while writer.try_send(&[0; 65_536]) {});
    let mut others: Vec<_> = (0..8)
        .map(|_| Client::connect(appliance.clients()))
        .collect();
    for round in 0..50 {
        for client in &mut others {
            client.exchange(&pattern(round, 1000));
        }
    }
    deaf.abandon();
    writing
        .join()
        .expect("the writer ends when its connection does");
    drop(deaf);
    drop(others);
    appliance.must_come_to_rest();
}

#[test]
fn a_dead_backend_takes_only_its_own_clients_along() {
    let mut appliance = Setup::new()
        .listen("raw", "link:one")
        .listen("raw", "link:two")
        .link("one")
        .link("two")
        .start();
    let one = Backend::linked(appliance.links_of(0), &["--node", "one"]);
    let _two = Backend::linked(appliance.links_of(1), &["--node", "two"]);
    let mut lost: Vec<_> = (0..8)
        .map(|_| Client::connect(appliance.clients_of(0)))
        .collect();
    let mut kept: Vec<_> = (0..8)
        .map(|_| Client::connect(appliance.clients_of(1)))
        .collect();
    for client in lost.iter_mut().chain(&mut kept) {
        client.exchange(b"before");
    }
    one.kill();
    for client in &mut lost {
        assert!(client.is_closed());
    }
    for client in &mut kept {
        client.exchange(b"after");
    }
    drop((lost, kept));
    appliance.must_come_to_rest();
    appliance.must_count(
        "megaphone_connections_closed_total{reason=\"link_lost\"}",
        8,
    );
}

#[test]
fn the_backend_in_the_protocols_document_works_as_printed() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let backend = DocumentBackend::start(appliance.links());
    appliance.wait_until("the document's backend to be linked", |f| {
        f.sum("megaphone_link_up") == 1.0
    });
    python_client(
        appliance.clients(),
        &["--connections", "20", "--packets", "20", "--size", "3000"],
    );
    drop(backend);
    appliance.must_come_to_rest();
}
