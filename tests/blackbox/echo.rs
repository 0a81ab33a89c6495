//! The echo route: whatever a client sends comes back to it, in every framing and however it is cut.

use crate::appliance::Setup;
use crate::clients::{Client, pattern};
use crate::peers::python_client;

/// A TPKT packet (RFC 1006): version 3, reserved, a length that counts these four bytes.
fn tpkt(body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len() + 4).expect("a test's packet is short");
    [&[3, 0], &len.to_be_bytes()[..], body].concat()
}

#[test]
fn raw_bytes_come_back() {
    let mut appliance = Setup::new().listen("raw", "echo").start();
    let mut client = Client::connect(appliance.clients());
    for len in [1, 64, 1024, 65_537] {
        client.exchange(&pattern(len as u64, len));
    }
    drop(client);
    appliance.must_come_to_rest();
}

#[test]
fn a_stream_longer_than_all_buffers_comes_back() {
    let mut appliance = Setup::new().listen("raw", "echo").start();
    let mut client = Client::connect(appliance.clients());
    let bytes = pattern(1, 8 << 20);
    let mut reader = client.twin();
    let expected = bytes.clone();
    let reading = std::thread::spawn(move || reader.expect(&expected));
    client.send(&bytes);
    reading.join().expect("every byte came back");
    drop(client);
    appliance.must_come_to_rest();
}

#[test]
fn every_shard_serves() {
    let mut appliance = Setup::new().listen("raw", "echo").start();
    let mut clients: Vec<_> = (0..64)
        .map(|_| Client::connect(appliance.clients()))
        .collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.exchange(&pattern(number as u64, 200));
    }
    appliance.wait_until("clients to be on both shards", |f| {
        f.shards_with("megaphone_connections_accepted_total") == 2
    });
    appliance.must_count("megaphone_connections_accepted_total", 64);
    drop(clients);
    appliance.must_come_to_rest();
}

#[test]
fn tpkt_packets_come_back() {
    let mut appliance = Setup::new().listen("tpkt", "echo").start();
    let mut client = Client::connect(appliance.clients());
    let packets: Vec<u8> = (0..500)
        .flat_map(|n| tpkt(&pattern(n, n as usize)))
        .collect();
    client.exchange(&packets);
    for byte in tpkt(b"one byte at a time") {
        client.send(&[byte]);
    }
    client.expect(&tpkt(b"one byte at a time"));
    drop(client);
    appliance.must_come_to_rest();
    appliance.must_count("megaphone_frames_total{dir=\"in\"}", 501);
}

#[test]
fn classic_packets_come_back_however_they_are_cut() {
    for framing in ["classic-fixed", "classic-var"] {
        let mut appliance = Setup::new().listen(framing, "echo").start();
        for chunk in ["1", "7", "33", "0"] {
            let cut = [
                "--framing",
                framing,
                "--packets",
                "200",
                "--window",
                "50",
                "--size",
                "300",
                "--chunk",
                chunk,
            ];
            python_client(appliance.clients(), &cut);
        }
        appliance.must_come_to_rest();
    }
}

#[test]
fn thousands_of_packets_in_one_send_come_back() {
    let mut appliance = Setup::new().listen("classic-fixed", "echo").start();
    let many = [
        "--framing",
        "classic-fixed",
        "--packets",
        "20000",
        "--window",
        "5000",
        "--size",
        "8",
    ];
    python_client(appliance.clients(), &many);
    appliance.must_come_to_rest();
}

#[test]
fn what_was_sent_before_a_half_close_comes_back() {
    let mut appliance = Setup::new().listen("raw", "echo").start();
    let mut client = Client::connect(appliance.clients());
    let bytes = pattern(3, 30_000);
    client.send(&bytes);
    client.finish();
    assert!(
        client.rest() == bytes,
        "all bytes come back before the stream ends"
    );
    drop(client);
    appliance.must_come_to_rest();
}

#[test]
fn discarded_bytes_are_taken_and_nothing_comes_back() {
    let mut appliance = Setup::new().listen("raw", "discard").start();
    let mut client = Client::connect(appliance.clients());
    client.send(&pattern(4, 1 << 20));
    client.finish();
    assert!(client.rest().is_empty());
    drop(client);
    appliance.must_come_to_rest();
    appliance.must_count("megaphone_socket_bytes_total{dir=\"in\"}", 1 << 20);
}
