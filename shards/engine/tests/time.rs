//! Deadlines, and how shards are told to end.

mod support;

use megaphone_core::{Close, Input, Machine, Output, ShardId, SocketId};
use megaphone_engine::{EngineConfig, EngineError, run};
use megaphone_pool::Gather;
use megaphone_wheel::Tick;
use std::sync::mpsc::channel;
use std::time::Duration;
use support::{Behaviour, Echo, Kit, PATIENCE, Seen, World, client, echo, loopback};

/// Asks for a deadline a little later each time, starting with the first drain.
struct Metronome {
    beats: u32,
}

const BEAT: Duration = Duration::from_millis(3);

impl Behaviour for Metronome {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, now: Tick, input: Input<()>) {
        match input {
            Input::Drain { .. } => kit.deadline = Some(now.after(BEAT)),
            Input::Deadline => {
                assert!(
                    kit.deadline.is_some_and(|deadline| deadline <= now),
                    "not too early"
                );
                self.beats -= 1;
                kit.deadline = (self.beats > 0).then(|| now.after(BEAT));
                if self.beats == 0 {
                    kit.out(Output::Drained);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn deadlines_come_without_any_other_event_and_never_early() {
    let mut world = World::start(
        EngineConfig {
            listeners: Vec::new(),
            ..loopback()
        },
        |_| Metronome { beats: 10 },
    );
    world.controls.drain(Duration::from_secs(1));
    let mut last = 0;
    for _ in 0..10 {
        let now = world.wait_for("deadline", |seen| match seen {
            Seen::Deadline(now) => Some(*now),
            _ => None,
        });
        assert!(now >= last + if last == 0 { 0 } else { BEAT.as_nanos() as u64 });
        last = now;
    }
    world.end();
}

#[test]
fn the_engine_ends_when_all_machines_are_drained() {
    let mut world = World::start(
        EngineConfig {
            shards: 3,
            ..loopback()
        },
        |_| Echo,
    );
    let mut client = world.client();
    echo(&mut client, b"before");
    world.controls.drain(Duration::from_secs(1));
    world.end();
}

/// Stops listening when it is told to drain, and ends with its last client.
struct Polite {
    clients: usize,
}

impl Behaviour for Polite {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, _now: Tick, input: Input<()>) {
        match input {
            Input::Accepted { socket, .. } => {
                self.clients += 1;
                kit.open(socket);
            }
            Input::Received { socket, data } => {
                kit.send(socket, |_, gather| gather.push_lease(data))
            }
            Input::Ended { socket } => kit.close(socket, Close::Gracefully),
            Input::Closed { .. } => {
                self.clients -= 1;
                if self.clients == 0 {
                    kit.out(Output::Drained);
                }
            }
            Input::Drain { .. } => kit.out(Output::StopListening {
                listener: support::FIRST,
            }),
            _ => {}
        }
    }
}

#[test]
fn a_drain_lets_sessions_end_and_accepts_no_new_ones() {
    let mut world = World::start(loopback(), |_| Polite { clients: 0 });
    let mut client = world.client();
    world.wait_accepted();
    world.controls.drain(Duration::from_secs(60));
    world.wait_for("drain", |seen| (*seen == Seen::Drain).then_some(()));
    echo(&mut client, b"still served");
    // The listener closes when its accept has ended, which takes a turn.
    let address = world.address();
    let limit = std::time::Instant::now() + support::PATIENCE;
    while std::net::TcpStream::connect(address).is_ok() {
        assert!(std::time::Instant::now() < limit, "still listening");
    }
    drop(client);
    world.end();
}

/// Serves nobody, and panics on shard 1 when it is told to drain.
struct Brittle(ShardId);

impl Machine for Brittle {
    type Item = ();

    fn handle(&mut self, _: Tick, input: Input<()>) {
        assert!(
            self.0 != ShardId(1) || !matches!(input, Input::Drain { .. }),
            "too much for it"
        );
    }

    fn poll(&mut self) -> Option<Output<()>> {
        None
    }

    fn deadline(&self) -> Option<Tick> {
        None
    }

    fn outgoing(&self, _: SocketId) -> Option<&Gather> {
        None
    }
}

fn is_of_shard_1(error: &EngineError, words: &str) {
    assert!(
        matches!(error, EngineError::Panic { shard: 1, reason } if reason == words),
        "{error}"
    );
}

#[test]
fn a_machine_that_panics_ends_all_shards_and_says_so() {
    let config = EngineConfig {
        shards: 3,
        ..loopback()
    };
    let running = run(config, |birth| Brittle(birth.shard), drop).unwrap();
    // Something is in flight on some shard.
    let address = running.listening()[0].to_string();
    let _client = client(address.trim_start_matches("tcp://").parse().unwrap());
    running.controls().drain(Duration::from_secs(60));
    let (sender, ended) = channel();
    std::thread::spawn(move || sender.send(running.join()));
    let outcome = ended.recv_timeout(PATIENCE).expect("all shards end");
    is_of_shard_1(&outcome.unwrap_err(), "too much for it");
}

#[test]
fn a_machine_that_cannot_be_made_stops_the_start() {
    let config = EngineConfig {
        shards: 3,
        ..loopback()
    };
    let make = |megaphone_engine::Birth { shard, .. }| {
        assert!(shard != ShardId(1), "not here");
        Brittle(shard)
    };
    match run(config, make, drop) {
        Ok(_) => panic!("it must not start"),
        Err(error) => is_of_shard_1(&error, "not here"),
    }
}
