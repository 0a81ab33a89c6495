//! Parked, active, starved, paused: how a socket is read.

mod support;

use megaphone_core::{Close, Input, Output, SocketId};
use megaphone_engine::{EngineConfig, Parking};
use megaphone_metrics::Metric;
use megaphone_pool::{Class, Lease, PoolConfig};
use megaphone_wheel::Tick;
use std::io::{Read, Write};
use std::time::Duration;
use support::{Behaviour, Echo, Kit, Seen, World, echo, loopback};

#[test]
fn a_socket_is_parked_until_it_is_busy_and_again_when_it_is_quiet() {
    let parking = Parking {
        hot: Duration::from_secs(60),
        quiet: Duration::from_millis(30),
        spare: 0,
    };
    let world = World::start(
        EngineConfig {
            parking,
            ..loopback()
        },
        |_| Echo,
    );
    let mut client = world.client();
    echo(&mut client, b"once");
    assert_eq!(
        world.figure(Metric::ConnectionsActive),
        0,
        "one arrival does not make it busy"
    );
    assert_eq!(world.figure(Metric::ConnectionsParked), 1);
    for _ in 0..100 {
        echo(&mut client, b"again");
    }
    assert_eq!(world.figure(Metric::UringRearmPoll), 0, "not yet quiet");
    world.wait_figure(Metric::UringRearmPoll, 1);
    world.wait_figure(Metric::ConnectionsParked, 1);
    echo(&mut client, b"after the pause");
    world.stop();
}

#[test]
fn an_idle_socket_holds_no_buffer() {
    let parking = Parking {
        spare: 99,
        ..Parking::default()
    };
    let config = EngineConfig {
        parking,
        ..loopback()
    };
    let mut world = World::start(config, |_| Echo);
    let mut clients: Vec<_> = (0..100).map(|_| world.client()).collect();
    for client in &mut clients {
        world.wait_accepted();
        echo(client, b"hello");
    }
    assert_eq!(world.figure(Metric::ConnectionsParked), 100);
    assert_eq!(world.figure(Metric::PoolBlocksLeased), 0);
    world.stop();
}

/// Keeps what it receives, and lets go of one block per deadline.
struct Hoarder(Vec<Lease>);

impl Behaviour for Hoarder {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, now: Tick, input: Input<()>) {
        match input {
            Input::Accepted { socket, .. } => kit.open(socket),
            Input::Received { data, .. } => self.0.push(data),
            Input::Deadline => drop(self.0.pop()),
            Input::Ended { socket } => kit.close(socket, Close::Now),
            _ => return,
        }
        kit.deadline = (!self.0.is_empty()).then(|| now.after(Duration::from_micros(200)));
    }
}

#[test]
fn sockets_without_a_buffer_wait_their_turn_and_none_is_forgotten() {
    const CLIENTS: usize = 64;
    let config = EngineConfig {
        pool: PoolConfig::new(0).with(Class::Receive, 2_048, 16),
        receive_buffers: 8,
        ..loopback()
    };
    let mut world = World::start(config, |_| Hoarder(Vec::new()));
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| world.client()).collect();
    for round in 0..3 {
        for client in &mut clients {
            client.write_all(&[round; 100]).unwrap();
        }
        let mut bytes = 0;
        while bytes < CLIENTS * 100 {
            bytes += world.wait_for("bytes", |seen| match seen {
                Seen::Received(_, bytes) => Some(*bytes),
                _ => None,
            });
        }
    }
    assert!(
        world.figure(Metric::UringEnobufs) > 0,
        "the buffers did run out"
    );
    world.wait_until(Metric::ConnectionsStarved, |starved| starved == 0);
    world.stop();
}

/// Reads one arrival at a time, and goes on at the next deadline.
struct Sipper(Option<SocketId>);

impl Behaviour for Sipper {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, now: Tick, input: Input<()>) {
        match input {
            Input::Accepted { socket, .. } => kit.open(socket),
            Input::Received { socket, data } => {
                kit.send(socket, |_, gather| gather.push_lease(data));
                kit.out(Output::Read { socket, on: false });
                self.0 = Some(socket);
                kit.deadline = Some(now.after(Duration::from_micros(100)));
            }
            Input::Deadline => {
                kit.deadline = None;
                if let Some(socket) = self.0.take() {
                    kit.out(Output::Read { socket, on: true });
                }
            }
            Input::Ended { socket } => kit.close(socket, Close::Gracefully),
            _ => {}
        }
    }
}

#[test]
fn a_socket_that_is_paused_and_resumed_loses_nothing() {
    let world = World::start(loopback(), |_| Sipper(None));
    let mut client = world.client();
    let sent: Vec<u8> = (0..300_000_u32).map(|n| (n % 253) as u8).collect();
    let mut writer = client.try_clone().unwrap();
    let copy = sent.clone();
    let writing = std::thread::spawn(move || writer.write_all(&copy).unwrap());
    let mut back = vec![0; sent.len()];
    client.read_exact(&mut back).unwrap();
    writing.join().unwrap();
    assert!(back == sent);
    assert!(
        world.figure(Metric::UringCancelDone) > 0,
        "an active socket was paused"
    );
    world.stop();
}
