//! UDP listeners on real sockets: both families, many peers, too few blocks, too many datagrams, and an end in the middle.

mod support;

use megaphone_core::{Input, ListenerId, Machine, Output};
use megaphone_engine::{Birth, EngineConfig, ListenAddress, ListenerSpec, run};
use megaphone_metrics::Metric;
use megaphone_pool::{Class, Gather, Lease, PoolConfig};
use megaphone_wheel::Tick;
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;
use support::{Behaviour, Echo, FIRST, Kit, PATIENCE, Seen, World, loopback};

/// What a datagram may have with the default blocks: 16 KiB less what the kernel writes before it.
const DATAGRAM_MAX: usize = 16_384 - 68;

fn at(address: &str) -> EngineConfig {
    EngineConfig {
        listeners: vec![ListenerSpec::udp(address.parse().unwrap())],
        ..loopback()
    }
}

fn address(world: &World) -> SocketAddr {
    match &world.addresses[0] {
        ListenAddress::Udp(address) => *address,
        other => panic!("{other} is not UDP"),
    }
}

/// A peer whose reads have a limit.
fn peer(to: SocketAddr) -> UdpSocket {
    let local = if to.is_ipv4() {
        "127.0.0.1:0"
    } else {
        "[::1]:0"
    };
    let socket = UdpSocket::bind(local).unwrap();
    socket.connect(to).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn answer(socket: &UdpSocket) -> Vec<u8> {
    let mut room = vec![0; 65_536];
    let len = socket.recv(&mut room).expect("an answer");
    room.truncate(len);
    room
}

fn datagram<I>(kit: &mut Kit<I>, listener: ListenerId, to: SocketAddr, lease: Lease) {
    let mut data = kit.pool.gather();
    data.push_lease(lease);
    kit.out(Output::Datagram { listener, to, data });
}

/// Sends every datagram back to where it came from.
struct Mirror;

impl Behaviour for Mirror {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, now: Tick, input: Input<()>) {
        match input {
            Input::Datagram {
                listener,
                from,
                data,
            } => datagram(kit, listener, from, data),
            other => Echo.on(kit, now, other),
        }
    }
}

#[test]
fn datagrams_come_back_whole_in_both_families() {
    for local in ["127.0.0.1:0", "[::1]:0"] {
        let mut world = World::start(at(local), |_| Mirror);
        let peer = peer(address(&world));
        for size in [
            0,
            1,
            256,
            1_472,
            2_048,
            2_049,
            9_000,
            DATAGRAM_MAX - 1,
            DATAGRAM_MAX,
        ] {
            let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            peer.send(&bytes).unwrap();
            assert!(answer(&peer) == bytes, "{size} bytes differ");
        }
        let from = world.wait_for("datagram", |seen| match seen {
            Seen::Datagram(_, FIRST, from, _) => Some(*from),
            _ => None,
        });
        assert_eq!(from, peer.local_addr().unwrap());
        // One byte more is cut short by the kernel: dropped, counted, and nothing else happens.
        peer.send(&[7; DATAGRAM_MAX + 1]).unwrap();
        peer.send(b"after it").unwrap();
        assert_eq!(answer(&peer), b"after it");
        assert_eq!(world.figure(Metric::DatagramsLostTruncated), 1);
        assert_eq!(world.figure(Metric::DatagramsIn), 10);
        assert_eq!(world.figure(Metric::DatagramsOut), 10);
        world.stop();
    }
}

#[test]
fn an_ipv6_wildcard_answers_ipv4_peers_too() {
    let world = World::start(at("[::]:0"), |_| Mirror);
    let to = SocketAddr::from(([127, 0, 0, 1], address(&world).port()));
    let peer = peer(to);
    peer.send(b"mapped").unwrap();
    assert_eq!(answer(&peer), b"mapped");
    world.stop();
}

#[test]
fn many_peers_are_each_answered_by_the_shard_that_they_reached() {
    let config = EngineConfig {
        shards: 3,
        ..at("127.0.0.1:0")
    };
    let mut world = World::start(config, |_| Mirror);
    let peers: Vec<_> = (0..150).map(|_| peer(address(&world))).collect();
    for round in 0..4_u8 {
        for (number, peer) in peers.iter().enumerate() {
            peer.send(&[round, number as u8]).unwrap();
        }
        for (number, peer) in peers.iter().enumerate() {
            assert_eq!(answer(peer), [round, number as u8]);
        }
    }
    let mut homes = HashMap::new();
    for _ in 0..600 {
        let (shard, from) = world.wait_for("datagram", |seen| match seen {
            Seen::Datagram(shard, _, from, _) => Some((*shard, *from)),
            _ => None,
        });
        assert_eq!(
            *homes.entry(from).or_insert(shard),
            shard,
            "{from} changed its shard"
        );
    }
    assert_eq!(homes.len(), 150);
    let mut shards: Vec<_> = homes.into_values().map(|shard| shard.0).collect();
    shards.sort_unstable();
    shards.dedup();
    assert_eq!(shards, [0, 1, 2], "the kernel spreads peers");
    world.stop();
}

/// Keeps what it gets for a while, so that the kernel runs out of blocks.
#[derive(Default)]
struct Hoarder(Vec<(SocketAddr, Lease)>);

impl Behaviour for Hoarder {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, now: Tick, input: Input<()>) {
        match input {
            Input::Datagram { from, data, .. } => {
                self.0.push((from, data));
                kit.deadline
                    .get_or_insert(now.after(Duration::from_millis(20)));
            }
            Input::Deadline => {
                kit.deadline = None;
                for (from, mut lease) in self.0.drain(..) {
                    lease.truncate(4);
                    datagram(kit, FIRST, from, lease);
                }
            }
            other => Echo.on(kit, now, other),
        }
    }
}

#[test]
fn without_blocks_datagrams_wait_in_the_kernel() {
    let config = EngineConfig {
        pool: PoolConfig::new(0).with(Class::Bulk, 16_384, 6),
        datagram_buffers: 4,
        ..at("127.0.0.1:0")
    };
    let world = World::start(config, |_| Hoarder::default());
    let peer = peer(address(&world));
    for number in 0..30_u32 {
        let mut bytes = vec![1; 3_000];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        peer.send(&bytes).unwrap();
    }
    let mut answers: Vec<_> = (0..30).map(|_| answer(&peer)).collect();
    answers.sort();
    let expected: Vec<_> = (0..30_u32)
        .map(|number| number.to_be_bytes().to_vec())
        .collect();
    assert_eq!(answers, expected);
    assert!(
        world.figure(Metric::UringEnobufs) > 0,
        "there were too few blocks"
    );
    assert!(world.figure(Metric::UringRearmReceive) > 0);
    world.stop();
}

/// Answers a number with so many datagrams to a port where nobody is.
struct Gun(SocketAddr);

impl Behaviour for Gun {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, now: Tick, input: Input<()>) {
        let Input::Datagram { data, .. } = input else {
            return Echo.on(kit, now, input);
        };
        let count: u32 = std::str::from_utf8(&data).unwrap().parse().unwrap();
        for _ in 0..count {
            datagram(kit, FIRST, self.0, data.clone());
        }
    }
}

/// An address where nobody is.
fn dead_port() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

#[test]
fn so_many_datagrams_wait_and_one_more_is_lost() {
    const MOST: u64 = 256 + 4_096;
    for count in [MOST - 1, MOST, MOST + 1] {
        let dead = dead_port();
        let world = World::start(at("127.0.0.1:0"), move |_| Gun(dead));
        let peer = peer(address(&world));
        peer.send(count.to_string().as_bytes()).unwrap();
        world.wait_figure(Metric::DatagramsOut, count.min(MOST));
        assert_eq!(
            world.figure(Metric::DatagramsLostQueueFull),
            count.saturating_sub(MOST)
        );
        assert_eq!(world.figure(Metric::DatagramsWaiting), 0);
        world.stop();
    }
}

#[test]
fn nobody_at_the_other_end_harms_nobody_else() {
    let dead = dead_port();
    let mut config = at("127.0.0.1:0");
    config
        .listeners
        .push(ListenerSpec::udp("127.0.0.1:0".parse().unwrap()));
    let world = World::start(config, move |_| Shooting(dead));
    let ListenAddress::Udp(second) = world.addresses[1] else {
        panic!("not UDP");
    };
    for to in [address(&world), second] {
        let peer = peer(to);
        for _ in 0..20 {
            peer.send(b"x").unwrap();
            assert_eq!(answer(&peer), b"x");
        }
    }
    assert_eq!(world.figure(Metric::DatagramsOut), 160);
    // The other family, and a port that cannot be: refused by the kernel or before it.
    assert_eq!(world.figure(Metric::DatagramsLostUnreachable), 40);
    assert_eq!(world.figure(Metric::DatagramsLostOther), 40);
    world.stop();
}

/// Sends to a dead port, to an address of the other family, and to port 0, before it answers.
struct Shooting(SocketAddr);

impl Behaviour for Shooting {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, now: Tick, input: Input<()>) {
        let Input::Datagram {
            listener,
            from,
            data,
        } = input
        else {
            return Echo.on(kit, now, input);
        };
        let other: SocketAddr = "[2001:db8::1]:9".parse().unwrap();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        for to in [self.0, other, nowhere, self.0, self.0, from] {
            datagram(kit, listener, to, data.clone());
        }
    }
}

/// Stops listening at the first datagram, and answers it.
struct Once;

impl Behaviour for Once {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, now: Tick, input: Input<()>) {
        if matches!(input, Input::Datagram { .. }) {
            kit.out(Output::StopListening { listener: FIRST });
        }
        Mirror.on(kit, now, input);
    }
}

#[test]
fn a_listener_that_stopped_can_still_answer() {
    let world = World::start(at("127.0.0.1:0"), |_| Once);
    let peer = peer(address(&world));
    peer.send(b"the last").unwrap();
    assert_eq!(answer(&peer), b"the last");
    peer.send(b"too late").unwrap();
    assert_eq!(world.figure(Metric::DatagramsIn), 1);
    world.stop();
}

#[test]
fn an_end_in_the_middle_leaves_no_block_behind() {
    let dead = dead_port();
    let pool = PoolConfig::new(0).with(Class::Bulk, 16_384, 32);
    let config = EngineConfig {
        shards: 2,
        pool,
        datagram_buffers: 16,
        ..at("127.0.0.1:0")
    };
    let world = World::start(config, move |_| Gun(dead));
    let peers: Vec<_> = (0..8).map(|_| peer(address(&world))).collect();
    for _ in 0..20 {
        for peer in &peers {
            peer.send(b"300").unwrap();
        }
    }
    world.wait_figure(Metric::DatagramsOut, 1);
    world.stop();
}

/// A machine that cannot come to life; the listeners fail before.
struct Never;

impl Machine for Never {
    type Item = ();

    fn handle(&mut self, _: Tick, _: Input<()>) {}

    fn poll(&mut self) -> Option<Output<()>> {
        None
    }

    fn deadline(&self) -> Option<Tick> {
        None
    }

    fn outgoing(&self, _: megaphone_core::SocketId) -> Option<&Gather> {
        None
    }
}

#[test]
fn errors_name_the_address_and_the_limit() {
    let start = |config| {
        run(config, |_: Birth| Never, drop)
            .err()
            .map(|error| error.to_string())
    };
    let error = start(at("192.0.2.1:2944")).unwrap();
    assert!(
        error.contains("cannot listen on udp://192.0.2.1:2944"),
        "{error}"
    );
    let none_left = EngineConfig {
        sockets_max: Some(1),
        ..at("127.0.0.1:0")
    };
    let error = start(none_left).unwrap();
    assert!(error.contains("1 UDP listeners"), "{error}");
    let odd = EngineConfig {
        datagram_buffers: 3,
        ..at("127.0.0.1:0")
    };
    let error = start(odd).unwrap();
    assert!(error.contains("a power of two"), "{error}");
}
