//! The metrics endpoint, as Prometheus, a load balancer and a stranger use it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use crate::appliance::{Appliance, Figures, Setup};
use crate::clients::Client;

#[test]
fn a_scrape_is_well_formed_and_counts_what_happened() {
    let mut appliance = Setup::new().listen("raw", "echo").start();
    Client::connect(appliance.clients()).exchange(b"twelve bytes");
    appliance.must_come_to_rest();

    let answer = appliance.get("/metrics").expect("the endpoint answers");
    assert_eq!(answer.status, 200);
    assert!(
        answer.headers.contains("content-type: text/plain")
            || answer.headers.contains("openmetrics-text")
    );
    let typed: BTreeSet<&str> = answer
        .body
        .lines()
        .filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let helped: BTreeSet<&str> = answer
        .body
        .lines()
        .filter_map(|l| l.strip_prefix("# HELP ")?.split(' ').next())
        .collect();
    assert_eq!(typed, helped, "every family has both");

    let figures = Figures::read(&answer.body);
    for sample in figures.names() {
        let name = sample.split('{').next().unwrap_or_default();
        assert!(name.starts_with("megaphone_"), "{name}");
        let family = ["_bucket", "_sum", "_count", ""]
            .iter()
            .find_map(|end| typed.get(name.strip_suffix(end)?));
        assert!(family.is_some(), "{name} has no TYPE");
    }
    appliance.must_count("megaphone_socket_bytes_total{dir=\"in\"}", 12);
    appliance.must_count("megaphone_socket_bytes_total{dir=\"out\"}", 12);
    appliance.must_count("megaphone_connections_accepted_total", 1);
    appliance.wait_until("every shard to tell its pool", |f| {
        f.sum("megaphone_pool_blocks{shard=\"0\"}") > 0.0
            && f.sum("megaphone_pool_blocks{shard=\"1\"}") > 0.0
    });
}

#[test]
fn the_pools_sum_is_constant() {
    let mut appliance = Setup::new().listen("raw", "echo").start();
    let figures = appliance.wait_until("every shard to tell its pool", |f| {
        f.sum("megaphone_pool_blocks{shard=\"0\"}") > 0.0
            && f.sum("megaphone_pool_blocks{shard=\"1\"}") > 0.0
    });
    let before = figures.sum("megaphone_pool_blocks");
    let mut clients: Vec<_> = (0..20)
        .map(|_| Client::connect(appliance.clients()))
        .collect();
    for client in &mut clients {
        client.exchange(&[7; 3000]);
    }
    let during = appliance.figures();
    assert_eq!(during.sum("megaphone_pool_blocks"), before);
    drop(clients);
    appliance.must_come_to_rest();
}

#[test]
fn health_and_readiness_are_told() {
    let appliance = Setup::new().listen("raw", "echo").start();
    let status = |path: &str| appliance.get(path).expect("the endpoint answers").status;
    assert_eq!(status("/healthz"), 200);
    assert_eq!(status("/readyz"), 200);
    assert_eq!(status("/nothing"), 404);
}

/// What the endpoint answers to these bytes.
fn answer_to(appliance: &Appliance, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(appliance.metrics_address()).expect("the endpoint accepts");
    stream.write_all(request).expect("the endpoint reads");
    let mut answer = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_stranger_gets_an_answer_and_does_no_harm() {
    let mut appliance = Setup::new().listen("raw", "echo").start();
    assert!(
        answer_to(&appliance, b"POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            .starts_with("HTTP/1.1 405")
    );
    let garbage = answer_to(&appliance, b"\x16\x03\x01\x02\x00 this is not HTTP\r\n\r\n");
    assert!(
        garbage.is_empty() || garbage.starts_with("HTTP/1.1 400"),
        "{garbage}"
    );

    // A client that says nothing must not keep others from their figures.
    let _silent = TcpStream::connect(appliance.metrics_address()).expect("the endpoint accepts");
    assert_eq!(
        appliance
            .get("/healthz")
            .expect("the endpoint answers")
            .status,
        200
    );
    appliance.must_run();
}
