//! Named limits on the wire: one below, at, and one above; and clients that take too long.

use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::appliance::{Appliance, Setup};
use crate::clients::{Client, pattern};
use crate::peers::peer;

/// Between two bytes of a client that drips: below the deadlines that these tests set, and so long that what drips is far from whole when
/// they have passed.
const DRIP: Duration = Duration::from_millis(200);

fn classic_fixed(body: &[u8]) -> Vec<u8> {
    let header = format!("{:010}|{:020}|", 32 + body.len(), 1);
    [header.as_bytes(), body].concat()
}

#[test]
fn a_frame_may_be_as_long_as_its_limit_and_no_longer() {
    let limit = 5000;
    let setup = Setup::new()
        .argument("--limit")
        .argument(&format!("frame_bytes_max={limit}"));
    let mut appliance = setup.listen("classic-fixed", "echo").start();
    let mut client = Client::connect(appliance.clients());
    client.exchange(&classic_fixed(&pattern(1, limit - 1)));
    client.exchange(&classic_fixed(&pattern(2, limit)));
    assert!(client.try_send(&classic_fixed(&pattern(3, limit + 1))[..32]));
    assert!(client.is_closed());
    drop(client);
    appliance.must_come_to_rest();
    appliance.must_count("megaphone_frame_faults_total{kind=\"too_long\"}", 1);
}

#[test]
fn a_shard_takes_as_many_clients_as_its_limit_and_no_more() {
    let setup = Setup::new()
        .shards(1)
        .argument("--limit")
        .argument("sessions_max=3");
    let mut appliance = setup.listen("raw", "echo").start();
    let mut clients: Vec<_> = (0..3)
        .map(|_| Client::connect(appliance.clients()))
        .collect();
    for client in &mut clients {
        client.exchange(b"within");
    }
    assert!(Client::connect(appliance.clients()).is_closed());
    appliance.must_count("megaphone_connections_refused_total{reason=\"limit\"}", 1);
    clients.pop();
    appliance.must_count("megaphone_connections_closed_total{reason=\"peer\"}", 1);
    clients.push(Client::connect(appliance.clients()));
    for client in &mut clients {
        client.exchange(b"again");
    }
    drop(clients);
    appliance.must_come_to_rest();
}

/// Sends `start`, then a byte now and then; the appliance must close, and count a fault of that kind.
fn must_be_cut_off(appliance: &mut Appliance, start: &[u8], kind: &str) {
    let mut client = Client::connect(appliance.clients());
    client.send(start);
    let mut writer = client.twin();
    let dripping = thread::spawn(move || {
        while writer.try_send(b"1") {
            thread::sleep(DRIP);
        }
    });
    assert!(client.is_closed());
    dripping
        .join()
        .expect("sending fails once the connection is closed");
    drop(client);
    appliance.must_come_to_rest();
    appliance.must_count(
        &format!("megaphone_frame_faults_total{{kind=\"{kind}\"}}"),
        1,
    );
}

#[test]
fn a_header_that_drips_is_cut_off() {
    // 20 digits may take no longer than 300 ms, however regularly they come.
    let setup = Setup::new().argument("--limit").argument("header_ms=300");
    let mut appliance = setup.listen("classic-var", "echo").start();
    must_be_cut_off(&mut appliance, b"1", "header_deadline");
}

#[test]
fn a_body_that_drips_is_cut_off() {
    let setup = Setup::new().argument("--limit").argument("body_ms=300");
    let setup = setup.argument("--limit").argument("body_rate_min=1000000");
    let mut appliance = setup.listen("classic-fixed", "echo").start();
    must_be_cut_off(
        &mut appliance,
        &classic_fixed(&[0; 5000])[..40],
        "body_deadline",
    );
}

#[test]
fn a_client_that_takes_nothing_is_closed_in_time() {
    let setup = Setup::new().argument("--limit").argument("stall_ms=500");
    let mut appliance = setup.listen("raw", "echo").start();
    let deaf = Client::connect(appliance.clients());
    let mut writer = deaf.twin();
    let writing = thread::spawn(move || while writer.try_send(&[0; 65_536]) {});
    writing
        .join()
        .expect("sending fails once the connection is closed");
    appliance.must_count(
        "megaphone_connections_closed_total{reason=\"slow_reader\"}",
        1,
    );
    drop(deaf);
    appliance.must_come_to_rest();
}

#[test]
fn a_backend_that_does_not_answer_is_not_waited_for() {
    let setup = Setup::new().argument("--limit").argument("open_ms=300");
    let mut appliance = setup.listen("raw", "link:chat").link("chat").start();
    let _backend = crate::peers::Backend::linked(appliance.links(), &["--mute"]);
    let mut client = Client::connect(appliance.clients());
    client.rest();
    drop(client);
    appliance.must_come_to_rest();
    appliance.must_count("megaphone_connections_closed_total{reason=\"deadline\"}", 1);
}

/// In a network namespace of its own, where addresses of many networks are this machine's.
#[test]
fn an_ipv6_network_is_one_source_over_all_shards() {
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net"])
        .arg(peer("sources.py"))
        .arg(env!("CARGO_BIN_EXE_megaphone"))
        .output()
        .expect("unshare is installed (Debian: util-linux)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
