//! Gateways and their controller, both as machines, in virtual time over a network that a seed makes bad.

use super::*;
use crate::bench::h248::plan::{Encoding, Place, Send};
use crate::bench::plan::Pace;
use crossbeam::channel::Receiver;
use megaphone_pool::PoolConfig;
use megaphone_wheel::Rng;
use std::time::Duration;

const HOME: &str = "127.0.0.1:2944";

fn plan(role: Role, udp: bool) -> Plan {
    let at = HOME.parse().unwrap();
    Plan {
        role,
        place: if udp { Place::Udp(at) } else { Place::Tcp(at) },
        gateways: 20,
        name: if role == Role::Gateway { "mg" } else { "mgc" }.into(),
        encoding: Encoding::Compact,
        version: 2,
        send: Send::Requests,
        pace: Pace::Closed { in_flight: 2 },
        requests: Some(10),
        wants_ack: true,
        resend: Duration::from_millis(500),
        answer: Duration::from_secs(10),
        sockets: 20,
        from: Vec::new(),
        ports: None,
        hold: Duration::ZERO,
        warmup: Duration::ZERO,
        duration: Duration::from_secs(600),
        grace: Duration::from_secs(5),
        opening_max: 8,
    }
}

/// A station and what it reports.
struct Side {
    station: Station,
    board: Arc<Board>,
    reports: Receiver<Report>,
}

impl Side {
    fn new(plan: Plan) -> Side {
        let (board, reports) = Board::new(1);
        let board = Arc::new(board);
        let pool = Pool::new(&PoolConfig::new(0)).unwrap();
        let station = Station::new(Arc::new(plan), Arc::clone(&board), pool, 0, 1);
        Side {
            station,
            board,
            reports,
        }
    }

    fn is_done(&self) -> bool {
        self.station.stage == Stage::Done
    }

    fn trouble(&self) -> Vec<String> {
        let texts = self.reports.try_iter().filter_map(|report| match report {
            Report::Trouble(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }
}

/// Both sides and the datagrams between them: when each arrives, at which side, through which listener, from where.
struct World {
    sides: [Side; 2],
    flying: Vec<(Tick, usize, ListenerId, SocketAddr, Vec<u8>)>,
    now: Tick,
    rng: Rng,
    /// In a hundred.
    loss: u64,
    twice: u64,
}

impl World {
    fn new(seed: u64, loss: u64, twice: u64, controller: Plan) -> World {
        World {
            sides: [Side::new(plan(Role::Gateway, true)), Side::new(controller)],
            flying: Vec::new(),
            now: Tick(1),
            rng: Rng::new(seed),
            loss,
            twice,
        }
    }

    fn tell(&mut self, at: usize, input: Input<Infallible>) {
        self.sides[at].station.handle(self.now, input);
        while let Some(output) = self.sides[at].station.poll() {
            if let Output::Datagram { listener, to, data } = output {
                self.fly(at, listener, to, &data.to_vec());
            }
        }
    }

    /// A gateway's port is 10,000 and its listener's number.
    fn fly(&mut self, at: usize, listener: ListenerId, to: SocketAddr, bytes: &[u8]) {
        if self.rng.chance(self.loss, 100) {
            return;
        }
        let (other, through, from) = match at {
            0 => {
                let from = SocketAddr::from(([127, 0, 0, 1], 10_000 + listener.0));
                (1, ListenerId(0), from)
            }
            _ => (0, ListenerId(to.port() - 10_000), HOME.parse().unwrap()),
        };
        let copies = 1 + u64::from(self.rng.chance(self.twice, 100));
        for _ in 0..copies {
            let delay = Duration::from_micros(self.rng.range(10, 200_000));
            self.flying
                .push((self.now + delay, other, through, from, bytes.to_vec()));
        }
    }

    /// Goes on to the next thing that happens.
    fn step(&mut self) {
        let ready: Vec<u64> = self.sides.iter().map(|s| s.board.total().ready).collect();
        if ready[0] == 20 {
            self.sides.iter().for_each(|side| side.board.give_go());
        }
        let deadlines = self.sides.iter().filter_map(|s| s.station.deadline());
        let arrivals = self.flying.iter().map(|flying| flying.0);
        self.now = deadlines.chain(arrivals).min().unwrap().max(self.now);
        while let Some(at) = self.flying.iter().position(|flying| flying.0 <= self.now) {
            let (_, side, listener, from, bytes) = self.flying.swap_remove(at);
            let data = self.sides[side].station.pool.copy_in(&bytes).unwrap();
            self.tell(
                side,
                Input::Datagram {
                    listener,
                    from,
                    data,
                },
            );
        }
        for side in 0..2 {
            self.tell(side, Input::Deadline);
        }
    }

    fn run(&mut self) {
        for _ in 0..1_000_000 {
            if self.sides.iter().all(Side::is_done) {
                return;
            }
            self.step();
        }
        panic!("no end");
    }
}

#[test]
fn every_request_of_both_sides_is_answered_over_a_good_network() {
    let mut world = World::new(1, 0, 0, plan(Role::Controller, true));
    world.run();
    for side in &world.sides {
        let tally = side.station.tally;
        assert_eq!((tally.ready, tally.sent, tally.packets), (20, 200, 200));
        assert_eq!((tally.errors, tally.lost, tally.misrouted), (0, 0, 0));
        assert_eq!((tally.resends, tally.duplicates), (0, 0));
        assert_eq!(side.trouble(), [""; 0]);
        assert!(side.station.pool.is_whole());
    }
    let [gateways, controller] = &world.sides;
    assert_eq!(
        gateways.station.tally.acks, 200,
        "each answer was acknowledged"
    );
    assert_eq!(
        controller.station.tally.acks, 220,
        "and so were registrations"
    );
}

#[test]
fn what_a_bad_network_loses_is_sent_again_until_it_is_answered() {
    for seed in 0..8 {
        let mut world = World::new(seed, 10, 10, plan(Role::Controller, true));
        world.run();
        for side in &world.sides {
            let tally = side.station.tally;
            assert_eq!(
                (tally.ready, tally.packets, tally.lost),
                (20, 200, 0),
                "{seed}"
            );
            assert_eq!(
                (tally.errors, tally.misrouted),
                (0, 0),
                "{:?}",
                side.trouble()
            );
            assert!(tally.resends > 0 && tally.duplicates > 0);
        }
    }
}

#[test]
fn a_controller_that_is_not_there_is_told_as_such() {
    let mut world = World::new(3, 100, 0, plan(Role::Controller, true));
    while world.sides[0].board.total().failed < 20 {
        world.step();
    }
    // 0.5 + 1 + 2 + 4 + 4 + 4 + 4 s per gateway, eight at a time.
    let seconds = world.now.0 / 1_000_000_000;
    assert!((58..=60).contains(&seconds), "{seconds}");
    assert_eq!(
        world.sides[0].trouble(),
        ["a ServiceChange was not answered"]
    );
    assert_eq!(world.sides[0].station.tally.resends, 20 * 6);
}

#[test]
fn a_side_that_only_answers_counts_what_it_answers() {
    let silent = Plan {
        send: Send::Nothing,
        requests: None,
        duration: Duration::from_secs(20),
        ..plan(Role::Controller, true)
    };
    let mut world = World::new(5, 0, 0, silent);
    world.run();
    let tally = world.sides[1].station.tally;
    assert_eq!((tally.sent, tally.packets), (0, 200));
}

/// A gateway over a stream, which the test plays the other end of.
fn stream() -> (Side, SocketId) {
    let one = Plan {
        gateways: 1,
        ..plan(Role::Gateway, false)
    };
    let mut side = Side::new(one);
    side.station.handle(Tick(1), Input::Deadline);
    let socket = SocketId {
        slot: 3,
        generation: 1,
    };
    let token = ConnectToken(0);
    side.station
        .handle(Tick(2), Input::Connected { token, socket });
    (side, socket)
}

fn receive(side: &mut Side, socket: SocketId, bytes: &[u8]) {
    let data = side.station.pool.copy_in(bytes).unwrap();
    side.station
        .handle(Tick(3), Input::Received { socket, data });
}

fn tpkt(message: &str) -> Vec<u8> {
    let header = megaphone_frame::tpkt::header(message.len() as u32).unwrap();
    [&header, message.as_bytes()].concat()
}

#[test]
fn replies_are_found_however_the_stream_is_cut() {
    let reply = tpkt("!/2 <mgc> P=1{C=-{SC=ROOT}}");
    for cut in 0..=reply.len() {
        let (mut side, socket) = stream();
        assert!(!side.station.outgoing(socket).unwrap().is_empty());
        for part in [&reply[..cut], &reply[cut..]] {
            if !part.is_empty() {
                receive(&mut side, socket, part);
            }
        }
        assert_eq!(side.station.tally.ready, 1, "{:?}", side.trouble());
        assert_eq!(side.station.tally.errors, 0);
    }
}

#[test]
fn what_nobody_waits_for_or_can_read_is_an_error() {
    for (message, trouble) in [
        ("!/2 <mgc> P=9{C=-{SC=ROOT}}", "nobody waits for"),
        ("!/2 <mgc> P=1{ER=502{\"\"}}", "error 502"),
        ("!/2 <mgc> ER=406{\"\"}", "error 406"),
        ("hello", "does not decode"),
    ] {
        let (mut side, socket) = stream();
        receive(&mut side, socket, &tpkt(message));
        assert_eq!(
            (side.station.tally.ready, side.station.tally.errors),
            (0, 1)
        );
        let said = side.trouble();
        assert!(said.len() == 1 && said[0].contains(trouble), "{said:?}");
    }
    let (mut side, socket) = stream();
    receive(&mut side, socket, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(side.station.tally.failed + side.station.tally.errors, 1);
}

#[test]
fn a_segmented_reply_counts_when_all_of_it_is_there() {
    let (mut side, socket) = stream();
    for (segment, ready) in [("1/2", 0), ("1/1", 0), ("1/3/&", 1)] {
        let message = format!("!/3 <mgc> P={segment}{{C=-{{SC=ROOT}}}}");
        receive(&mut side, socket, &tpkt(&message));
        assert_eq!(side.station.tally.ready, ready, "{segment}");
    }
    assert_eq!(side.trouble(), [""; 0]);
}
