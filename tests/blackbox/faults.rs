//! Clients that misbehave, and a host that runs out of what it needs.

use crate::appliance::Setup;
use crate::clients::{Client, pattern};

#[test]
fn a_client_that_never_reads_is_not_read_either() {
    let mut appliance = Setup::new().listen("raw", "echo").start();
    let deaf = Client::connect(appliance.clients());
    let mut writer = deaf.twin();
    let writing = std::thread::spawn(move || while writer.try_send(&[0; 65_536]) {});
    let mut other = Client::connect(appliance.clients());
    for round in 0..50 {
        other.exchange(&pattern(round, 1000));
    }
    deaf.abandon();
    writing
        .join()
        .expect("the writer ends when its connection does");
    drop(deaf);
    other.exchange(b"still there");
    drop(other);
    appliance.must_come_to_rest();
}

#[test]
fn a_reset_inside_a_packet_frees_what_had_arrived() {
    let mut appliance = Setup::new().listen("classic-fixed", "echo").start();
    for _ in 0..50 {
        let mut client = Client::connect(appliance.clients());
        client.send(b"0000005000|00000000000000000001|the beginning of a body");
        client.reset();
    }
    appliance.wait_until("all clients to be gone", |f| {
        f.sum("megaphone_connections_closed_total") == 50.0
    });
    appliance.must_come_to_rest();
}

#[test]
fn without_a_descriptor_new_clients_wait_and_old_ones_are_served() {
    // More sessions than the table has room for, so that it is the descriptors that run out.
    let setup = Setup::new()
        .argument("--limit")
        .argument("sessions_max=1000");
    let mut appliance = setup.listen("raw", "echo").open_files(96).start();
    let mut clients: Vec<_> = (0..300)
        .map(|_| Client::connect(appliance.clients()))
        .collect();
    for client in &mut clients {
        client.send(b"x");
    }
    appliance.wait_until("accepting to fail", |f| {
        f.sum("megaphone_connections_accept_faults_total{kind=\"descriptors\"}") > 0.0
    });
    appliance.wait_until("those that found a descriptor to be served", |f| {
        f.sum("megaphone_frames_total{dir=\"out\"}") > 0.0
    });
    appliance.must_count("megaphone_connections_refused_total{reason=\"limit\"}", 0);
    drop(clients);
    Client::connect(appliance.clients()).exchange(b"there is room again");
    appliance.must_come_to_rest();
}
