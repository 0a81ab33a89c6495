use super::*;
use crate::bench::plan::{Endpoints, Pace, Plan};
use crate::config::Address;
use megaphone_core::{Input, Machine, Output, ShardId, SocketId};
use megaphone_engine::{Birth, EngineConfig};
use megaphone_frame::Framing;
use megaphone_pool::Gather;
use megaphone_wheel::Tick;
use std::convert::Infallible;
use std::sync::mpsc::channel;

#[test]
fn shards_follow_the_limit_on_descriptors() {
    let mut machine = Card::default();
    assert_eq!(shards_for(1_000, &machine), 1);
    machine
        .limits
        .insert("nofile".into(), ("1024".into(), "20000".into()));
    assert_eq!(
        [1, 18_000, 18_001, 1_000_000].map(|n| shards_for(n, &machine)),
        [1, 1, 2, 56]
    );
}

/// What becomes of a shard that never says that it is done.
#[derive(Clone, Copy)]
enum Fate {
    /// Nothing: it waits for something that does not come.
    Waits,
    /// It ends without a word.
    Ends,
    /// It breaks.
    Breaks,
}

/// A shard of the generator that has a part of the board and does not use it.
struct Mute {
    fate: Fate,
    _board: Arc<Board>,
}

impl Machine for Mute {
    type Item = Infallible;

    fn handle(&mut self, _: Tick, _: Input<Infallible>) {
        assert!(!matches!(self.fate, Fate::Breaks), "it breaks");
    }

    fn poll(&mut self) -> Option<Output<Infallible>> {
        match self.fate {
            Fate::Ends => {
                self.fate = Fate::Waits;
                Some(Output::Drained)
            }
            Fate::Waits | Fate::Breaks => None,
        }
    }

    fn deadline(&self) -> Option<Tick> {
        match self.fate {
            Fate::Waits => None,
            Fate::Ends | Fate::Breaks => Some(Tick::ZERO),
        }
    }

    fn outgoing(&self, _: SocketId) -> Option<&Gather> {
        None
    }
}

/// A run without a plan for its end: so many connections are never opened.
fn run() -> Run {
    let nowhere = Address::Unix("/nonexistent".into());
    Run {
        work: Work::Packets(Plan {
            connections: 1,
            endpoints: Endpoints {
                to: vec![nowhere],
                from: Vec::new(),
                ports: None,
            },
            framing: Framing::Raw,
            body_bytes: 64,
            pace: Pace::Closed { in_flight: 1 },
            warmup: Duration::ZERO,
            duration: Duration::from_secs(3_600),
            grace: Duration::ZERO,
            opening_max: 1,
        }),
        shards: None,
        cpus: Vec::new(),
        patience: Duration::from_secs(3_600),
        server: None,
        hgrm: None,
        hlog: None,
    }
}

/// Follows two shards to the end that they have without a last word; what the run makes of it.
fn follow(fates: [Fate; 2]) -> String {
    let (board, reports) = Board::new(2);
    let board = Arc::new(board);
    let config = EngineConfig {
        shards: 2,
        sockets_max: Some(16),
        ..EngineConfig::default()
    };
    let make = {
        let board = Arc::clone(&board);
        move |birth: Birth| Mute {
            fate: fates[usize::from(birth.shard != ShardId(0))],
            _board: Arc::clone(&board),
        }
    };
    let running = megaphone_engine::run(config, make, drop).expect("the engine starts");
    let (sender, outcome) = channel();
    std::thread::spawn(move || {
        let interrupted = AtomicBool::new(false);
        sender.send(run().follow(&board, &reports, running, 2, &interrupted))
    });
    let outcome = outcome
        .recv_timeout(Duration::from_secs(60))
        .expect("nobody waits for a shard that is gone");
    let failure = outcome.err().expect("it is an error");
    failure.to_string()
}

#[test]
fn a_shard_that_breaks_ends_the_run_with_its_error() {
    let failure = follow([Fate::Waits, Fate::Breaks]);
    assert!(
        failure.contains("shard 1") && failure.contains("it breaks"),
        "{failure}"
    );
}

#[test]
fn shards_that_end_without_a_last_word_end_the_run_with_an_error() {
    let failure = follow([Fate::Ends, Fate::Ends]);
    assert!(failure.contains("2 of 2 shards"), "{failure}");
}
