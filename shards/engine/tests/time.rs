//! Deadlines, and how shards are told to end.

mod support;

use megaphone_core::{Close, Input, Output};
use megaphone_engine::EngineConfig;
use megaphone_wheel::Tick;
use std::time::Duration;
use support::{Behaviour, Echo, Kit, Seen, World, echo, loopback};

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
