//! What peers and the kernel do to us: full tables, resets, silence, floods, tiny queues.

mod support;

use megaphone_core::{Close, Input, Output, SocketFault, SocketId};
use megaphone_engine::EngineConfig;
use megaphone_metrics::Metric;
use megaphone_pool::{Class, PoolConfig};
use megaphone_wheel::Tick;
use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;
use support::{Behaviour, Echo, Kit, Seen, World, echo, loopback};

fn reset(client: std::net::TcpStream) {
    SockRef::from(&client)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
}

#[test]
fn a_full_table_refuses_and_recovers() {
    let mut world = World::start(
        EngineConfig {
            sockets_max: Some(4),
            ..loopback()
        },
        |_| Echo,
    );
    let mut clients: Vec<_> = (0..4).map(|_| world.client()).collect();
    for client in &mut clients {
        echo(client, b"in");
    }
    let mut refused = world.client();
    world.wait_for("refusal", |seen| {
        (*seen == Seen::AcceptFailed(SocketFault::Descriptors)).then_some(())
    });
    // The kernel had accepted it and had nowhere to put it.
    assert!(matches!(refused.read(&mut [0; 1]), Ok(0) | Err(_)));
    assert!(world.figure(Metric::AcceptFaultDescriptors) > 0);
    let (_, socket, _) = world.wait_accepted();
    drop(clients.remove(0));
    world.wait_closed(socket);
    let mut next = world.client();
    echo(&mut next, b"in again");
    for client in &mut clients {
        echo(client, b"still in");
    }
    world.stop();
}

#[test]
fn a_reset_is_reported_and_then_closed() {
    for parked in [true, false] {
        let mut world = World::start(loopback(), |_| Echo);
        let mut client = world.client();
        for _ in 0..if parked { 1 } else { 10 } {
            echo(&mut client, b"half a frame");
        }
        let (_, socket, _) = world.wait_accepted();
        reset(client);
        let fault = world.wait_for("failure", |seen| match seen {
            Seen::Failed(failed, fault) if *failed == socket => Some(*fault),
            _ => None,
        });
        assert_eq!(fault, SocketFault::Reset);
        world.wait_closed(socket);
        world.stop();
    }
}

/// Answers the first bytes with a flood of `blocks` full blocks, and closes as told when the peer ends.
#[derive(Clone)]
struct Flood {
    blocks: usize,
    how: Close,
}

impl Behaviour for Flood {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, _now: Tick, input: Input<()>) {
        match input {
            Input::Accepted { socket, .. } => kit.open(socket),
            Input::Received { socket, data } if data[..] == *b"flood" => {
                let mut writer = kit.pool.writable(Class::Receive).unwrap();
                writer.put(&[7; 2_048]);
                let block = writer.freeze();
                let blocks = self.blocks;
                // The same bytes again and again: a block has many readers.
                kit.send(socket, |_, gather| {
                    (0..blocks).for_each(|_| gather.push_lease(block.clone()))
                });
            }
            Input::Received { socket, data } if data[..] == *b"close" => {
                kit.close(socket, self.how)
            }
            Input::Received { socket, data } => {
                kit.send(socket, |_, gather| gather.push_lease(data))
            }
            Input::Ended { socket } => kit.close(socket, self.how),
            _ => {}
        }
    }
}

#[test]
fn a_client_that_never_reads_stops_nobody_else() {
    for how in [Close::Now, Close::Reset] {
        let mut world = World::start(loopback(), move |_| Flood { blocks: 8_192, how });
        let mut sulker = world.client();
        let (_, socket, _) = world.wait_accepted();
        sulker.write_all(b"flood").unwrap();
        world.wait_figure(Metric::SocketShortSends, 1);
        let mut other = world.client();
        for _ in 0..100 {
            echo(&mut other, b"meanwhile");
        }
        let taken = world.figure(Metric::SocketBytesOut);
        assert!(
            taken < 8_192 * 2_048,
            "{taken} bytes cannot fit into socket buffers"
        );
        sulker.write_all(b"close").unwrap();
        world.wait_closed(socket);
        echo(&mut other, b"afterwards");
        world.stop();
    }
}

#[test]
fn what_is_outgoing_is_sent_before_a_graceful_end_however_slow_the_reader() {
    let mut world = World::start(loopback(), |_| Flood {
        blocks: 4_096,
        how: Close::Gracefully,
    });
    let mut client = world.client();
    let (_, socket, _) = world.wait_accepted();
    client.write_all(b"flood").unwrap();
    world.wait_figure(Metric::SocketShortSends, 1);
    client.shutdown(Shutdown::Write).unwrap();
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 4_096 * 2_048);
    assert!(bytes.iter().all(|&byte| byte == 7));
    world.wait_closed(socket);
    world.stop();
}

/// Answers `fin` with FIN and goes on reading; answers `reset` with RST.
struct Ender;

impl Behaviour for Ender {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, _now: Tick, input: Input<()>) {
        match input {
            Input::Accepted { socket, .. } => kit.open(socket),
            Input::Received { socket, data } if data[..] == *b"fin" => {
                kit.send(socket, |_, gather| gather.push_lease(data));
                kit.out(Output::Finish { socket });
            }
            Input::Received { socket, data } if data[..] == *b"reset" => {
                kit.close(socket, Close::Reset)
            }
            Input::Ended { socket } => kit.close(socket, Close::Now),
            _ => {}
        }
    }
}

#[test]
fn after_fin_the_other_direction_goes_on() {
    let mut world = World::start(loopback(), |_| Ender);
    let mut client = world.client();
    client.write_all(b"fin").unwrap();
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"fin", "what was outgoing came before FIN");
    client.write_all(b"more after that").unwrap();
    world.wait_for("more bytes", |seen| {
        matches!(seen, Seen::Received(_, 15)).then_some(())
    });
    let (_, socket, _) = world.wait_accepted();
    drop(client);
    world.wait_closed(socket);
    world.stop();
}

#[test]
fn a_reset_of_ours_is_a_reset_at_the_client() {
    let world = World::start(loopback(), |_| Ender);
    let mut client = world.client();
    client.write_all(b"reset").unwrap();
    assert_eq!(
        client.read(&mut [0; 1]).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    world.stop();
}

#[test]
fn thousands_connect_and_close_at_once() {
    const CLIENTS: usize = 3_000;
    let mut world = World::start(
        EngineConfig {
            sockets_max: Some(4_096),
            ..loopback()
        },
        |_| Echo,
    );
    for round in 0..2_u8 {
        let mut clients: Vec<_> = (0..CLIENTS).map(|_| world.client()).collect();
        for client in &mut clients {
            client.write_all(&[round; 10]).unwrap();
        }
        for client in &mut clients {
            let mut back = [0; 10];
            client.read_exact(&mut back).unwrap();
            assert_eq!(back, [round; 10]);
        }
        // Half of them end, the other half are reset.
        for (index, client) in clients.into_iter().enumerate() {
            if index % 2 == 0 {
                reset(client)
            } else {
                drop(client)
            }
        }
        for _ in 0..CLIENTS {
            world.wait_for("close", |seen| {
                matches!(seen, Seen::Closed(_)).then_some(())
            });
        }
        assert_eq!(
            world.figure(Metric::ConnectionsParked) + world.figure(Metric::ConnectionsActive),
            0
        );
    }
    assert_eq!(
        world.figure(Metric::ConnectionsAccepted),
        2 * CLIENTS as u64
    );
    assert_eq!(world.figure(Metric::Bugs), 0);
    world.stop();
}

#[test]
fn a_completion_queue_that_is_far_too_small_loses_nothing() {
    let config = EngineConfig {
        submission_entries: 4,
        completion_entries: 8,
        ..loopback()
    };
    let world = World::start(config, |_| Echo);
    let mut clients: Vec<_> = (0..300).map(|_| world.client()).collect();
    for round in 0..10_u8 {
        for client in &mut clients {
            client.write_all(&[round; 500]).unwrap();
        }
        for client in &mut clients {
            let mut back = [0; 500];
            client.read_exact(&mut back).unwrap();
            assert_eq!(back, [round; 500]);
        }
    }
    assert!(
        world.figure(Metric::UringCqOverflow) > 0,
        "the queue did overflow"
    );
    assert!(world.figure(Metric::UringSqFull) > 0);
    world.stop();
}

/// Names that are not, or no longer, a socket's.
struct Confused;

impl Behaviour for Confused {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, _now: Tick, input: Input<()>) {
        let stale = |socket: SocketId| SocketId {
            generation: socket.generation + 1,
            ..socket
        };
        if let Input::Accepted { socket, .. } = input {
            for socket in [
                stale(socket),
                SocketId {
                    slot: 1_000_000,
                    generation: 1,
                },
            ] {
                kit.out(Output::Read { socket, on: true });
                kit.out(Output::Send { socket });
                kit.out(Output::Finish { socket });
                kit.out(Output::Close {
                    socket,
                    how: Close::Gracefully,
                });
            }
        }
        Echo.on(kit, _now, input);
    }
}

#[test]
fn outputs_for_sockets_that_are_not_there_do_nothing() {
    let world = World::start(loopback(), |_| Confused);
    let mut client = world.client();
    echo(&mut client, b"unharmed");
    world.stop();
}

#[test]
fn an_end_in_the_middle_of_everything_leaves_no_block_behind() {
    let pool = PoolConfig::new(0).with(Class::Receive, 2_048, 128);
    let world = World::start(
        EngineConfig {
            pool,
            receive_buffers: 16,
            ..loopback()
        },
        |_| Flood {
            blocks: 2_000,
            how: Close::Gracefully,
        },
    );
    let mut clients: Vec<_> = (0..50).map(|_| world.client()).collect();
    for client in &mut clients {
        client.write_all(b"flood").unwrap();
    }
    world.wait_figure(Metric::SocketShortSends, 10);
    world.stop();
}
