//! One shard that sends back what comes, on real sockets.

mod support;

use megaphone_core::Peer;
use megaphone_engine::{EngineConfig, ListenAddress, ListenerSpec};
use megaphone_metrics::Metric;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use support::{Echo, World, echo, loopback};

#[test]
fn bytes_come_back() {
    let mut world = World::start(loopback(), |_| Echo);
    let mut client = world.client();
    let local = client.local_addr().unwrap();
    for size in [1, 64, 1_024, 2_047, 2_048, 2_049, 65_536, 1_000_000] {
        let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        let mut writer = client.try_clone().unwrap();
        let copy = bytes.clone();
        let writing = std::thread::spawn(move || writer.write_all(&copy).unwrap());
        let mut back = vec![0; size];
        client.read_exact(&mut back).unwrap();
        writing.join().unwrap();
        assert!(back == bytes, "{size} bytes differ");
    }
    let (_, socket, peer) = world.wait_accepted();
    assert_eq!(
        peer,
        Peer::Tcp {
            remote: local,
            local: world.address()
        }
    );
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(
        client.read(&mut [0; 1]).unwrap(),
        0,
        "FIN after the last byte"
    );
    world.wait_closed(socket);
    assert_eq!(
        world.figure(Metric::SocketBytesIn),
        world.figure(Metric::SocketBytesOut)
    );
    world.stop();
}

#[test]
fn ipv6_and_unix_peers_are_served_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let config = EngineConfig {
        listeners: vec![
            ListenerSpec::tcp("[::1]:0".parse().unwrap()),
            ListenerSpec::unix(&path),
        ],
        ..loopback()
    };
    let mut world = World::start(config, |_| Echo);
    let mut six = world.client();
    echo(&mut six, b"over IPv6");
    let (_, _, peer) = world.wait_accepted();
    assert_eq!(
        peer,
        Peer::Tcp {
            remote: six.local_addr().unwrap(),
            local: world.address()
        }
    );
    let mut unix = UnixStream::connect(&path).unwrap();
    unix.write_all(b"over Unix").unwrap();
    let mut back = [0; 9];
    unix.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"over Unix");
    let (_, _, peer) = world.wait_accepted();
    assert_eq!(peer, Peer::Unix);
    assert_eq!(world.addresses[1], ListenAddress::Unix(path));
    world.stop();
}

#[test]
fn a_silent_send_that_finds_no_room_is_followed_by_one_that_waits_for_it() {
    const MESSAGE: usize = 8 << 10;
    const MESSAGES: usize = 400;
    let mut config = loopback();
    config.listeners[0].options.send_buffer_bytes = Some(4 << 10);
    let world = World::start(config, |_| Echo);
    // Whose socket is in an even slot is sent to silently: of two clients, one is.
    let clients = [world.client(), world.client()];
    let sent: Vec<u8> = (0..MESSAGE * MESSAGES).map(|n| (n % 251) as u8).collect();
    std::thread::scope(|scope| {
        for client in &clients {
            let sent = &sent;
            scope.spawn(move || {
                let mut writer = client;
                for message in sent.chunks(MESSAGE) {
                    writer.write_all(message).unwrap();
                }
            });
        }
        // Nobody reads before the buffers are full.
        world.wait_figure(Metric::SocketShortSends, 1);
        for mut client in &clients {
            let mut back = vec![0; sent.len()];
            client.read_exact(&mut back).unwrap();
            assert!(back == sent, "echoed bytes differ");
        }
    });
    assert_eq!(world.figure(Metric::Bugs), 0);
    world.stop();
}
