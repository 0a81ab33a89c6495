use super::*;
use crate::bench::board::latencies;
use crate::bench::plan::Endpoints;
use crossbeam::channel::Receiver;
use hdrhistogram::Histogram;
use megaphone_frame::Framing;
use megaphone_pool::PoolConfig;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the far end does with the bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Far {
    Echo,
    /// Back to the socket with the other parity.
    Crossed,
    /// With the last byte of each arrival changed.
    Damaging,
    Silent,
    /// Echoes this many bytes, then closes.
    ClosesAfter(usize),
    Refuses,
}

/// A loopback without a kernel: executes outputs, moves bytes in pieces, and advances time from deadline to deadline.
struct World {
    load: Load,
    pool: Pool,
    now: Tick,
    far: Far,
    piece: usize,
    latency: Duration,
    sockets: BTreeMap<SocketId, usize>,
    inputs: VecDeque<(Tick, Input<Infallible>)>,
    echoes: VecDeque<(Tick, SocketId, Vec<u8>)>,
    targets: Vec<String>,
    drained: bool,
    board: Arc<Board>,
    reports: Receiver<Report>,
}

fn plan(connections: u32, pace: Pace) -> Plan {
    Plan {
        connections,
        endpoints: Endpoints {
            to: vec!["127.0.0.1:7000".parse().expect("an address")],
            from: Vec::new(),
            ports: "1000-2000".parse().ok(),
        },
        framing: Framing::ClassicVar,
        body_bytes: 50,
        pace,
        warmup: Duration::from_secs(1),
        duration: Duration::from_secs(2),
        grace: Duration::from_millis(500),
        opening_max: 3,
    }
}

impl World {
    fn new(plan: Plan, far: Far) -> World {
        World::with_share(plan, far, 0, 1)
    }

    fn with_share(plan: Plan, far: Far, shard: u32, shards: u32) -> World {
        let (board, reports) = Board::new(shards as usize);
        let board = Arc::new(board);
        let pool = Pool::new(&PoolConfig::new(0)).expect("a pool of the default shape");
        World {
            load: Load::new(
                Arc::new(plan),
                Arc::clone(&board),
                pool.clone(),
                shard,
                shards,
            ),
            pool,
            now: Tick(1_000_000_000),
            far,
            piece: usize::MAX,
            latency: Duration::from_micros(100),
            sockets: BTreeMap::new(),
            inputs: VecDeque::new(),
            echoes: VecDeque::new(),
            targets: Vec::new(),
            drained: false,
            board,
            reports,
        }
    }

    fn execute(&mut self, output: Output<Infallible>) {
        match output {
            Output::Connect { token, target } => {
                self.targets.push(format!("{target:?}"));
                let socket = SocketId {
                    slot: token.0 as u32 + 10,
                    generation: 1,
                };
                let input = match self.far {
                    Far::Refuses => Input::ConnectFailed {
                        token,
                        fault: SocketFault::Refused,
                    },
                    _ => {
                        self.sockets.insert(socket, 0);
                        Input::Connected { token, socket }
                    }
                };
                self.inputs.push_back((self.now, input));
            }
            Output::Send { socket } => self.send(socket),
            Output::Close { socket, how } => {
                assert_eq!(how, Close::Reset);
                if self.sockets.remove(&socket).is_some() {
                    self.inputs.push_back((self.now, Input::Closed { socket }));
                }
            }
            Output::Drained => self.drained = true,
            Output::Read { on, .. } => assert!(on),
            other => panic!("a generator does not do {other:?}"),
        }
    }

    /// Takes all that is outgoing, in pieces, and lets it come back.
    fn send(&mut self, socket: SocketId) {
        let mut bytes = self
            .load
            .outgoing(socket)
            .expect("it has something to send")
            .to_vec();
        assert!(!bytes.is_empty());
        self.inputs.push_back((
            self.now,
            Input::Sent {
                socket,
                bytes: bytes.len(),
            },
        ));
        let Some(seen) = self.sockets.get_mut(&socket) else {
            return;
        };
        let back = match self.far {
            Far::Crossed => SocketId {
                slot: ((socket.slot - 10) ^ 1) + 10,
                ..socket
            },
            _ => socket,
        };
        match self.far {
            Far::Silent => bytes.clear(),
            Far::Damaging => *bytes.last_mut().expect("not empty") ^= 1,
            Far::ClosesAfter(most) => bytes.truncate(most - *seen),
            _ => {}
        }
        *seen += bytes.len();
        let due = self.now + self.latency;
        for piece in bytes.chunks(self.piece) {
            self.echoes.push_back((due, back, piece.to_vec()));
        }
        if self.far == Far::ClosesAfter(*seen) {
            self.inputs.push_back((due, Input::Ended { socket }));
        }
    }

    /// Runs until `end`, or until the generator is done.
    fn run(&mut self, end: Tick) {
        while !self.drained && self.now < end {
            while let Some(output) = self.load.poll() {
                self.execute(output);
            }
            if self.inputs.front().is_some_and(|(due, _)| *due <= self.now) {
                let (_, input) = self.inputs.pop_front().expect("there is a front");
                self.load.handle(self.now, input);
            } else if self
                .echoes
                .front()
                .is_some_and(|(due, ..)| *due <= self.now)
            {
                let (_, socket, bytes) = self.echoes.pop_front().expect("there is a front");
                if self.sockets.contains_key(&socket) {
                    let data = self.pool.copy_in(&bytes).expect("the pool is large enough");
                    self.load.handle(self.now, Input::Received { socket, data });
                }
            } else {
                let next = [
                    self.inputs.front().map(|i| i.0),
                    self.echoes.front().map(|e| e.0),
                    self.load.deadline(),
                ];
                let next = next.into_iter().flatten().min().unwrap_or(end);
                if self
                    .load
                    .deadline()
                    .is_some_and(|deadline| deadline <= next)
                {
                    self.now = self.now.max(next);
                    self.load.handle(self.now, Input::Deadline);
                } else {
                    self.now = self.now.max(next);
                }
            }
        }
    }

    /// Opens, gives the go and runs to the end.
    fn run_all(&mut self) -> Tally {
        self.run(self.now + Duration::from_secs(1));
        self.board.give_go();
        self.run(self.now + Duration::from_secs(30));
        assert!(self.drained, "it came to an end");
        assert!(self.sockets.is_empty(), "it closed what it opened");
        assert!(self.pool.is_whole(), "it kept no block");
        self.board.total()
    }

    fn latencies(&self) -> Histogram<u64> {
        let mut all = latencies();
        for report in self.reports.try_iter() {
            if let Report::Interval { latencies, .. } = report {
                all.add(latencies).expect("same bounds");
            }
        }
        all
    }
}

const CLOSED: Pace = Pace::Closed { in_flight: 2 };
const OPEN: Pace = Pace::Open {
    every: Duration::from_millis(10),
};

#[test]
fn an_open_loop_sends_exactly_its_schedule() {
    let mut world = World::new(plan(5, OPEN), Far::Echo);
    let tally = world.run_all();
    // Two seconds count, and every one of five connections has a turn each 10 ms.
    assert_eq!(
        (tally.packets, tally.lost, tally.errors, tally.misrouted),
        (1_000, 0, 0, 0)
    );
    assert_eq!((tally.ready, tally.failed), (5, 0));
    assert_eq!(
        (tally.sent, tally.received),
        (1_505, 1_505),
        "five greetings and the second of warm-up"
    );
    let latencies = world.latencies();
    assert_eq!(latencies.len(), 1_000);
    assert!(
        (100_000..=100_100).contains(&latencies.max()),
        "{}",
        latencies.max()
    );
}

#[test]
fn a_closed_loop_keeps_its_packets_under_way() {
    let mut world = World::new(plan(4, CLOSED), Far::Echo);
    let tally = world.run_all();
    // Four connections with two packets each, and 100 us there and back.
    assert_eq!(tally.packets, 4 * 2 * 2 * 10_000);
    assert_eq!((tally.lost, tally.errors, tally.misrouted), (0, 0, 0));
}

#[test]
fn every_piece_size_is_the_same_stream() {
    for piece in [1, 7, 53, 60] {
        let mut world = World::new(plan(3, OPEN), Far::Echo);
        world.piece = piece;
        let tally = world.run_all();
        assert_eq!(
            (tally.packets, tally.errors, tally.misrouted),
            (600, 0, 0),
            "{piece}"
        );
    }
}

/// A peer that stalls for most of a second: packets that the schedule intended meanwhile are late, and it shows.
#[test]
fn a_stall_is_not_omitted() {
    let mut world = World::new(plan(1, OPEN), Far::Echo);
    world.run(world.now + Duration::from_secs(1));
    world.board.give_go();
    world.run(world.now + Duration::from_secs(2));
    let stalled = world.now;
    world.latency = Duration::from_millis(800);
    world.run(stalled + Duration::from_millis(1));
    world.latency = Duration::from_micros(100);
    world.run(world.now + Duration::from_secs(30));
    let latencies = world.latencies();
    // The one slow echo holds back those behind it in the stream.
    assert!(latencies.max() >= 700_000_000, "{}", latencies.max());
    assert!(
        latencies.count_between(100_000_000, 900_000_000) >= 60,
        "the packets behind it were late too"
    );
}

#[test]
fn packets_on_the_wrong_connection_are_misrouted() {
    let mut world = World::new(plan(4, OPEN), Far::Crossed);
    world
        .load
        .connections
        .iter()
        .for_each(|c| assert!(c.socket.is_none()));
    let tally = world.run_all();
    // The classic header names the connection too, and comes first: it is damage there.
    assert_eq!(tally.ready, 0);
    assert!(tally.errors >= 4, "{tally:?}");

    let raw = Plan {
        framing: Framing::Raw,
        ..plan(4, OPEN)
    };
    let tally = World::new(raw, Far::Crossed).run_all();
    assert!(tally.misrouted >= 2 && tally.ready == 0, "{tally:?}");
}

#[test]
fn damage_is_an_error_and_ends_the_connection() {
    let tally = World::new(plan(4, OPEN), Far::Damaging).run_all();
    assert_eq!(
        (tally.ready, tally.failed, tally.errors, tally.misrouted),
        (0, 4, 4, 0)
    );
}

#[test]
fn silence_is_loss() {
    let mut world = World::new(plan(2, OPEN), Far::Silent);
    world.run(world.now + Duration::from_secs(1));
    world.board.stop();
    world.run(world.now + Duration::from_secs(5));
    assert!(world.drained);
    let tally = world.board.total();
    assert_eq!(
        (tally.sent, tally.received, tally.lost, tally.ready),
        (2, 0, 2, 0)
    );
}

#[test]
fn a_connection_that_ends_is_an_error_and_what_was_under_way_is_lost() {
    let tally = World::new(plan(2, OPEN), Far::ClosesAfter(130)).run_all();
    assert_eq!((tally.ready, tally.errors, tally.failed), (2, 2, 0));
    assert_eq!(
        tally.received, 4,
        "130 bytes are two packets and a part of one"
    );
    assert!(
        tally.lost >= 2 && tally.lost == tally.sent - tally.received,
        "{tally:?}"
    );
}

#[test]
fn refused_connections_are_counted_and_the_rest_goes_on() {
    let mut world = World::new(plan(7, CLOSED), Far::Refuses);
    let tally = world.run_all();
    assert_eq!((tally.failed, tally.errors, tally.sent), (7, 7, 0));
    let troubles = world
        .reports
        .try_iter()
        .filter(|report| matches!(report, Report::Trouble(_)));
    assert_eq!(troubles.count(), 1, "the first fault is told, once");
}

#[test]
fn opening_is_bounded_and_shares_are_interleaved() {
    let mut world = World::with_share(plan(10, OPEN), Far::Silent, 1, 4);
    assert_eq!(world.load.share(), 3);
    world.run(world.now + Duration::from_secs(1));
    // Connections 1, 5 and 9 of ten.
    let ports: Vec<bool> = [1_001, 1_005, 1_009]
        .iter()
        .zip(&world.targets)
        .map(|(port, target)| target.contains(&port.to_string()))
        .collect();
    assert_eq!(ports, [true; 3], "{:?}", world.targets);

    let mut world = World::new(plan(10, OPEN), Far::Silent);
    world.run(world.now + Duration::from_secs(1));
    assert_eq!(world.targets.len(), 3, "no more than opening_max at a time");
}

/// With a pool that runs dry again and again every packet still goes, only later.
#[test]
fn an_exhausted_pool_delays_and_loses_nothing() {
    let mut world = World::new(plan(5, OPEN), Far::Echo);
    world.run(world.now + Duration::from_secs(1));
    world.board.give_go();
    for _ in 0..20 {
        world.pool.refuse_after(Some(0));
        // Time passes without a block to send or receive with.
        let until = world.now + Duration::from_millis(30);
        while world.now < until {
            world.now = world.now.max(world.load.deadline().expect("it has work"))
                + Duration::from_micros(1);
            world.load.handle(world.now, Input::Deadline);
        }
        world.pool.refuse_after(None);
        world.run(world.now + Duration::from_millis(20));
    }
    world.run(world.now + Duration::from_secs(30));
    let tally = world.board.total();
    assert!(world.drained);
    assert_eq!(
        (tally.packets, tally.lost, tally.errors, tally.misrouted),
        (1_000, 0, 0, 0)
    );
}

#[test]
fn a_stopped_run_ends_early_and_cleanly() {
    let mut world = World::new(plan(5, CLOSED), Far::Echo);
    world.run(world.now + Duration::from_secs(1));
    world.board.give_go();
    world.run(world.now + Duration::from_millis(300));
    world.board.stop();
    world.run(world.now + Duration::from_secs(2));
    assert!(world.drained && world.pool.is_whole());
    assert_eq!(world.board.total().lost, 0);
}
