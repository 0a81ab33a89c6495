//! Several shards: sockets handed over, bytes that cross the mesh, doorbells that wake sleepers.

mod support;

use megaphone_core::{Close, Input, Output, ShardId, SocketId};
use megaphone_engine::EngineConfig;
use megaphone_mesh::Return;
use megaphone_metrics::Metric;
use megaphone_pool::Loan;
use megaphone_wheel::Tick;
use std::collections::VecDeque;
use std::io::{Read, Write};
use support::{Behaviour, Echo, Kit, Seen, World, echo, loopback};

/// Hands each socket over to the next shard, which serves it.
struct Passer;

impl Behaviour for Passer {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, now: Tick, input: Input<()>) {
        match input {
            Input::Accepted { socket, .. } => {
                let to = ShardId((kit.shard.0 + 1) % kit.shards);
                let token = u64::from(kit.shard.0) << 48 | u64::from(socket.slot);
                kit.out(Output::HandOver { socket, to, token });
            }
            Input::Adopted { socket, .. } => kit.open(socket),
            other => Echo.on(kit, now, other),
        }
    }
}

#[test]
fn a_socket_that_is_handed_over_lives_on_at_the_other_shard() {
    const CLIENTS: usize = 200;
    let mut world = World::start(
        EngineConfig {
            shards: 2,
            ..loopback()
        },
        |_| Passer,
    );
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| world.client()).collect();
    for client in &mut clients {
        echo(client, b"served by the other shard");
    }
    let mut shards = [0; 2];
    for _ in 0..CLIENTS {
        let (from, socket, _) = world.wait_accepted();
        world.wait_for("hand-over", |seen| {
            (*seen == Seen::HandedOver(socket)).then_some(())
        });
        let token = u64::from(from.0) << 48 | u64::from(socket.slot);
        let by = world.wait_for("adoption", |seen| match seen {
            Seen::Adopted(by, _, adopted) if *adopted == token => Some(*by),
            _ => None,
        });
        assert_ne!(by, from);
        shards[usize::from(from.0)] += 1;
    }
    assert!(
        shards[0] > 0 && shards[1] > 0,
        "the kernel spread them: {shards:?}"
    );
    drop(clients);
    for _ in 0..CLIENTS {
        world.wait_for("close", |seen| {
            matches!(seen, Seen::Closed(_)).then_some(())
        });
    }
    assert_eq!(
        world.figure(Metric::ConnectionsParked),
        0,
        "no slot stays behind"
    );
    world.stop();
}

/// Bytes of a client of the sending shard, on their way there or back.
enum Crossing {
    There(SocketId, Loan),
    Back(SocketId, Loan),
}

/// Sends what comes to the next shard, which sends it back in blocks of its own.
struct Detour {
    /// What found no credit, by shard.
    waiting: Vec<VecDeque<Crossing>>,
    credits: Vec<u32>,
    paused: Vec<SocketId>,
}

impl Detour {
    fn new(capacity: u32, shards: usize) -> Self {
        Self {
            waiting: (0..shards).map(|_| VecDeque::new()).collect(),
            credits: vec![capacity; shards],
            paused: Vec::new(),
        }
    }

    fn pass(&mut self, kit: &mut Kit<Crossing>, to: ShardId, crossing: Crossing) {
        self.waiting[usize::from(to.0)].push_back(crossing);
        self.flush(kit, to);
    }

    fn flush(&mut self, kit: &mut Kit<Crossing>, to: ShardId) {
        let at = usize::from(to.0);
        while self.credits[at] > 0 {
            let Some(item) = self.waiting[at].pop_front() else {
                break;
            };
            self.credits[at] -= 1;
            kit.out(Output::Item { to, item });
        }
        if self.waiting[at].is_empty() {
            for socket in self.paused.drain(..) {
                kit.read(socket, true);
            }
        }
    }

    fn give_back(kit: &mut Kit<Crossing>, to: ShardId, loan: Loan) {
        kit.out(Output::Return {
            to,
            back: Return {
                tag: 0,
                block: Some(loan.into_returned()),
            },
        });
    }
}

impl Behaviour for Detour {
    type Item = Crossing;

    fn on(&mut self, kit: &mut Kit<Crossing>, _now: Tick, input: Input<Crossing>) {
        let other = ShardId((kit.shard.0 + 1) % kit.shards);
        match input {
            Input::Accepted { socket, .. } => kit.open(socket),
            Input::Received { socket, data } => {
                self.pass(kit, other, Crossing::There(socket, data.lend()));
                if !self.waiting[usize::from(other.0)].is_empty() {
                    kit.read(socket, false);
                    self.paused.push(socket);
                }
            }
            Input::Item {
                from,
                item: Crossing::There(socket, loan),
            } => {
                let copy = kit
                    .pool
                    .copy_in(&loan)
                    .expect("the test's pool is large enough");
                Self::give_back(kit, from, loan);
                self.pass(kit, from, Crossing::Back(socket, copy.lend()));
            }
            Input::Item {
                from,
                item: Crossing::Back(socket, loan),
            } => {
                // Copied, so that the credit goes back at once and not when the client has read.
                kit.send(socket, |pool, gather| {
                    gather
                        .push_bytes(pool, &loan)
                        .expect("the test's pool is large enough")
                });
                Self::give_back(kit, from, loan);
            }
            Input::Return { from, back } => {
                if let Some(block) = back.block {
                    assert!(kit.pool.take_back(block));
                }
                self.credits[usize::from(from.0)] += 1;
                self.flush(kit, from);
            }
            Input::Ended { socket } => kit.close(socket, Close::Gracefully),
            _ => {}
        }
    }
}

fn detour(capacity: u32, shards: u16, clients: usize, messages: usize) {
    let config = EngineConfig {
        shards,
        mesh_capacity: capacity,
        ..loopback()
    };
    let world = World::start_with(config, false, move |_| {
        Detour::new(capacity, usize::from(shards))
    });
    let mut clients: Vec<_> = (0..clients).map(|_| world.client()).collect();
    for message in 0..messages {
        for (index, client) in clients.iter_mut().enumerate() {
            client
                .write_all(&[(index * 7 + message) as u8; 300])
                .unwrap();
        }
        for (index, client) in clients.iter_mut().enumerate() {
            let mut back = [0; 300];
            client.read_exact(&mut back).unwrap();
            assert_eq!(
                back,
                [(index * 7 + message) as u8; 300],
                "client {index}, message {message}"
            );
        }
    }
    assert_eq!(world.figure(Metric::Bugs), 0);
    assert!(world.figure(Metric::MeshItemsIn) >= (2 * clients.len() * messages) as u64);
    assert_eq!(
        world.figure(Metric::MeshItemsIn),
        world.figure(Metric::MeshItemsOut)
    );
    drop(clients);
    world.stop();
}

#[test]
fn bytes_cross_the_mesh_and_come_back() {
    detour(256, 2, 50, 20);
}

#[test]
fn one_credit_per_lane_is_enough() {
    detour(1, 3, 20, 20);
}

#[test]
fn a_sleeping_shard_is_woken_for_each_single_message() {
    // One message at a time: both shards sleep in between, so each crossing needs its doorbell.
    let config = EngineConfig {
        shards: 2,
        ..loopback()
    };
    let world = World::start_with(config, false, |_| Detour::new(256, 2));
    let mut client = world.client();
    for _ in 0..500 {
        echo(&mut client, b"wake up");
    }
    assert!(world.figure(Metric::MeshDoorbells) >= 500);
    world.stop();
}

/// Answers through loans: pieces of another shard's blocks are sent as they are, and go home when they are sent.
struct Lender;

impl Behaviour for Lender {
    type Item = Crossing;

    fn on(&mut self, kit: &mut Kit<Crossing>, _now: Tick, input: Input<Crossing>) {
        let other = ShardId((kit.shard.0 + 1) % kit.shards);
        match input {
            Input::Accepted { socket, .. } => kit.open(socket),
            Input::Received { socket, data } => {
                kit.out(Output::Item {
                    to: other,
                    item: Crossing::There(socket, data.lend()),
                });
            }
            Input::Item {
                from,
                item: Crossing::There(socket, loan),
            } => {
                kit.out(Output::Return {
                    to: from,
                    back: Return {
                        tag: 1,
                        block: None,
                    },
                });
                kit.out(Output::Item {
                    to: from,
                    item: Crossing::Back(socket, loan),
                });
            }
            Input::Item {
                from,
                item: Crossing::Back(socket, loan),
            } => {
                kit.out(Output::Return {
                    to: from,
                    back: Return {
                        tag: 2,
                        block: None,
                    },
                });
                let mut home = None;
                kit.send(socket, |pool, gather| home = gather.push_loan(pool, loan));
                home.into_iter()
                    .for_each(|block| assert!(kit.pool.take_back(block)));
            }
            Input::Closed { socket } => drop(kit.outgoing.remove(&socket)),
            _ => {}
        }
    }
}

#[test]
fn blocks_of_a_stopped_world_are_all_home_or_collected() {
    let config = EngineConfig {
        shards: 2,
        ..loopback()
    };
    let world = World::start_with(config, false, |_| Lender);
    let mut clients: Vec<_> = (0..20).map(|_| world.client()).collect();
    for client in &mut clients {
        for _ in 0..20 {
            echo(client, b"lent and sent");
        }
    }
    world.stop();
}

/// Hands a socket over in the middle of its stream, with its first bytes.
#[derive(Default)]
struct Interrupter(Vec<SocketId>);

impl Behaviour for Interrupter {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, _now: Tick, input: Input<()>) {
        match input {
            Input::Accepted { socket, .. } => kit.open(socket),
            Input::Received { socket, .. } if kit.shard.0 == 0 && !self.0.contains(&socket) => {
                self.0.push(socket);
                kit.read(socket, false);
                kit.out(Output::HandOver {
                    socket,
                    to: ShardId(1),
                    token: u64::from(socket.slot),
                });
            }
            Input::Adopted { socket, .. } => kit.open(socket),
            Input::Ended { socket } => kit.close(socket, Close::Now),
            _ => {}
        }
    }
}

#[test]
fn no_byte_is_lost_when_a_busy_socket_is_handed_over() {
    const BYTES: usize = 400_000;
    let config = EngineConfig {
        shards: 2,
        ..loopback()
    };
    let mut world = World::start(config, |_| Interrupter::default());
    // Some of the clients are accepted by shard 0, and handed over.
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let mut client = world.client();
            std::thread::spawn(move || client.write_all(&vec![5; BYTES]).unwrap())
        })
        .collect();
    let mut received = 0;
    while received < writers.len() * BYTES {
        received += world.wait_for("bytes", |seen| match seen {
            Seen::Received(_, bytes) => Some(*bytes),
            _ => None,
        });
    }
    assert_eq!(received, writers.len() * BYTES);
    for writer in writers {
        writer.join().unwrap();
    }
    world.wait_for("a hand-over", |seen| {
        matches!(seen, Seen::HandedOver(_)).then_some(())
    });
    world.stop();
}
