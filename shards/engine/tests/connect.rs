//! Connections that a machine opens.

mod support;

use megaphone_core::{Close, ConnectToken, Input, Output, SocketFault, SocketId, Target};
use megaphone_engine::{EngineConfig, ListenAddress, ListenerSpec};
use megaphone_metrics::Metric;
use megaphone_wheel::Tick;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use support::{Behaviour, Echo, Kit, Seen, World, loopback, tcp};

/// Opens what it is told to when it is told to drain, says hello on each, and closes when the hello is back.
#[derive(Clone)]
struct Dialler(Vec<Target>);

impl Behaviour for Dialler {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, _now: Tick, input: Input<()>) {
        match input {
            Input::Drain { .. } => {
                for (token, target) in (0..).zip(&self.0) {
                    kit.out(Output::Connect {
                        token: ConnectToken(token),
                        target: target.clone(),
                    });
                }
            }
            Input::Connected { socket, .. } => {
                kit.open(socket);
                kit.send(socket, |pool, gather| {
                    gather.push_bytes(pool, b"hello").unwrap()
                });
            }
            Input::Received { socket, data } => {
                assert_eq!(&data[..], b"hello");
                kit.close(socket, Close::Now);
            }
            _ => {}
        }
    }
}

fn dial(targets: Vec<Target>) -> World {
    let config = EngineConfig {
        listeners: Vec::new(),
        sockets_max: Some(8_192),
        ..loopback()
    };
    let world = World::start(config, move |_| Dialler(targets.clone()));
    world.controls.drain(Duration::ZERO);
    world
}

fn wait_connected(world: &mut World) -> (SocketId, ConnectToken) {
    world.wait_for("connection", |seen| match seen {
        Seen::Connected(socket, token) => Some((*socket, *token)),
        _ => None,
    })
}

fn wait_failed(world: &mut World) -> SocketFault {
    world.wait_for("failure", |seen| match seen {
        Seen::ConnectFailed(_, fault) => Some(*fault),
        _ => None,
    })
}

#[test]
fn tcp_and_unix_targets_are_reached() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listeners = vec![
        ListenerSpec::tcp("127.0.0.1:0".parse().unwrap()),
        ListenerSpec::unix(&path),
    ];
    let mut server = World::start(
        EngineConfig {
            listeners,
            ..loopback()
        },
        |_| Echo,
    );
    let mut diallers = dial(vec![tcp(server.address()), Target::Unix(path)]);
    for _ in 0..2 {
        let (socket, _) = wait_connected(&mut diallers);
        diallers.wait_closed(socket);
        server.wait_accepted();
    }
    diallers.stop();
    server.stop();
}

#[test]
fn the_source_address_and_port_are_as_asked() {
    let mut server = World::start(loopback(), |_| Echo);
    let from: SocketAddr = "127.0.0.9:23456".parse().unwrap();
    let any_port: SocketAddr = "127.0.0.10:0".parse().unwrap();
    let to = server.address();
    let mut diallers = dial(vec![
        Target::Tcp {
            to,
            from: Some(from),
        },
        Target::Tcp {
            to,
            from: Some(any_port),
        },
    ]);
    let mut remotes = Vec::new();
    for _ in 0..2 {
        wait_connected(&mut diallers);
        let (_, _, peer) = server.wait_accepted();
        let megaphone_core::Peer::Tcp { remote, .. } = peer else {
            panic!("{peer:?}")
        };
        remotes.push(remote);
    }
    assert!(remotes.contains(&from), "{remotes:?}");
    assert!(
        remotes.iter().any(|remote| remote.ip() == any_port.ip()),
        "{remotes:?}"
    );
    diallers.stop();
    server.stop();
}

#[test]
fn failures_say_why() {
    // A port that was just free, an address of nobody's, a path without a socket, one that is too long.
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let foreign = Target::Tcp {
        to: closed,
        from: Some("203.0.113.1:1".parse().unwrap()),
    };
    let cases = [
        (tcp(closed), SocketFault::Refused),
        (foreign, SocketFault::Other(libc::EADDRNOTAVAIL)),
        (
            Target::Unix("/nonexistent/socket".into()),
            SocketFault::Refused,
        ),
        (
            Target::Unix("x".repeat(200).into()),
            SocketFault::Other(libc::EINVAL),
        ),
    ];
    for (target, fault) in cases {
        let mut world = dial(vec![target.clone()]);
        assert_eq!(wait_failed(&mut world), fault, "{target:?}");
        assert_eq!(world.figure(Metric::ConnectionsConnectFailed), 1);
        world.wait_until(Metric::ConnectionsClosing, |closing| closing == 0);
        world.stop();
    }
}

#[test]
fn a_full_table_of_ours_is_a_failure_of_ours() {
    let server = World::start(loopback(), |_| Echo);
    let targets = vec![tcp(server.address()); 8];
    let config = EngineConfig {
        listeners: Vec::new(),
        sockets_max: Some(4),
        ..loopback()
    };
    let mut world = World::start(config, move |_| Dialler(targets.clone()));
    world.controls.drain(Duration::ZERO);
    assert_eq!(wait_failed(&mut world), SocketFault::Descriptors);
    world.stop();
    server.stop();
}

#[test]
fn thousands_of_connections_are_opened_at_once() {
    const CONNECTIONS: u16 = 4_000;
    let config = EngineConfig {
        sockets_max: Some(8_192),
        ..loopback()
    };
    let server = World::start_with(config, false, |_| Echo);
    let to = match &server.addresses[0] {
        ListenAddress::Tcp(address) => *address,
        ListenAddress::Udp(_) | ListenAddress::Unix(_) => unreachable!(),
    };
    let from = |port: u16| Some(SocketAddr::from(([127, 0, 0, 2], 10_000 + port)));
    let mut diallers = dial(
        (0..CONNECTIONS)
            .map(|port| Target::Tcp {
                to,
                from: from(port),
            })
            .collect(),
    );
    for _ in 0..CONNECTIONS {
        let (socket, _) = wait_connected(&mut diallers);
        diallers.wait_closed(socket);
    }
    assert_eq!(
        diallers.figure(Metric::ConnectionsConnected),
        u64::from(CONNECTIONS)
    );
    assert_eq!(diallers.figure(Metric::ConnectionsConnectFailed), 0);
    diallers.stop();
    server.stop();
}
