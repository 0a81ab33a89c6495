//! A warm shard allocates nothing per packet: an echo, and client -> shard -> mesh -> shard -> link and back, with numbers and
//! acknowledgements. What drives the shards here allocates nothing either.
#![forbid(unsafe_code)]

mod support;

use allocation_counter::measure;
use megaphone_core::{
    ClientListener, Dialect, LinkSide, LinkSpec, ListenerId, Route, ShardConfig, ShardId, SocketId,
    home_shard,
};
use megaphone_frame::Framing;
use megaphone_frame::link::{FrameType, HEADER_BYTES, Head, Hello, Role, WANTS_ACK, encode_credit};
use std::time::Duration;
use support::{World, push_frame};

const ECHO: ListenerId = ListenerId(0);
const TO_LINK: ListenerId = ListenerId(1);
/// Where the link listens: behind the listeners of clients.
const LINK: ListenerId = ListenerId(2);

fn config() -> ShardConfig {
    let mut config = ShardConfig::new(ShardId(0), 2);
    for route in [Route::Echo, Route::Link(String::from("chat"))] {
        config.listeners.push(ClientListener {
            framing: Framing::Raw,
            route,
            frame_bytes_max: None,
            domain: String::new(),
        });
    }
    config.links.push(LinkSpec {
        name: String::from("chat"),
        side: LinkSide::Listen,
        dialect: Dialect::V1,
        token: Vec::new(),
    });
    config
}

/// A backend at home on shard 1 that sends every packet back, gives credit for it, and acknowledges it.
struct Backend {
    socket: SocketId,
    received: u64,
    says: Vec<u8>,
}

impl Backend {
    fn greet(world: &mut World) -> Backend {
        let name = (0..)
            .map(|n| format!("node-{n}"))
            .find(|name| home_shard("chat", name.as_bytes(), 2) == ShardId(1))
            .expect("some name is at home there");
        let socket = world.accept(1, LINK);
        let (mut payload, mut says) = (Vec::new(), Vec::with_capacity(1 << 20));
        Hello {
            role: Role::Backend,
            flags: WANTS_ACK,
            max_frame: 65_536,
            epoch: 0,
            resume: 0,
            name: &name,
            token: b"",
            more: b"",
        }
        .encode(&mut payload);
        push_frame(&mut says, Head::new(FrameType::Hello, 0), &payload);
        world.receive(1, socket, &says);
        world.settle();
        world.send(1, socket);
        assert_eq!(world.sent[4], FrameType::HelloOk.code());
        Backend {
            socket,
            received: 0,
            says,
        }
    }

    /// Takes what is outgoing on the link and answers it.
    fn turn(&mut self, world: &mut World) {
        world.send(1, self.socket);
        self.says.clear();
        let (mut at, first) = (0, self.received + 1);
        while at < world.sent.len() {
            let length = u32::from_be_bytes(*world.sent[at..].first_chunk().expect("a length"));
            let frame = &world.sent[at..at + 4 + length as usize];
            at += frame.len();
            self.answer(frame);
        }
        if self.received >= first {
            let mut range = [0; 16];
            range[..8].copy_from_slice(&first.to_be_bytes());
            range[8..].copy_from_slice(&self.received.to_be_bytes());
            push_frame(&mut self.says, Head::new(FrameType::Ack, 0), &range);
        }
        world.receive(1, self.socket, &self.says);
        world.settle();
    }

    fn answer(&mut self, frame: &[u8]) {
        let connection = u64::from_be_bytes(*frame[8..].first_chunk().expect("a connection"));
        let (kind, payload) = (FrameType::from_code(frame[4]), &frame[HEADER_BYTES..]);
        self.received += u64::from(kind.is_numbered());
        let says = &mut self.says;
        match kind {
            FrameType::Open => {
                let ok = Head::new(FrameType::OpenOk, connection);
                push_frame(says, ok, &encode_credit(1 << 20));
            }
            FrameType::Data => {
                let more = frame[5] & Head::MORE != 0;
                push_frame(says, Head::data(connection).with_more(more), payload);
                let credit = Head::new(FrameType::Credit, connection);
                push_frame(says, credit, &encode_credit(payload.len() as u32));
            }
            FrameType::Credit | FrameType::Ack => {}
            other => panic!("a {other:?} that nobody expects"),
        }
    }
}

const SIZES: [usize; 4] = [1, 64, 1_000, 9_000];
const CLIENTS: usize = 10;

/// Runs `round` with packets of all sizes until it is warm, then counts.
fn allocates_nothing(mut round: impl FnMut(&[u8])) {
    let bodies = SIZES.map(|bytes| vec![7; bytes]);
    let mut all = |rounds: usize| {
        for _ in 0..rounds {
            bodies.iter().for_each(|body| round(body));
        }
    };
    let cold = measure(|| all(1));
    assert!(cold.count_total > 0, "what counts allocations sees none");
    all(200);
    let warm = measure(|| all(200));
    let packets = CLIENTS * SIZES.len() * 200;
    assert_eq!(warm.count_total, 0, "for {packets} packets: {warm:?}");
}

#[test]
fn an_echoed_packet_costs_no_allocation() {
    let mut world = World::new(&config());
    let clients: Vec<SocketId> = (0..CLIENTS).map(|_| world.accept(0, ECHO)).collect();
    allocates_nothing(|body| {
        for &client in &clients {
            world.receive(0, client, body);
        }
        for &client in &clients {
            world.send(0, client);
            assert_eq!(world.sent, body);
        }
        world.pass(Duration::from_millis(1));
    });
}

#[test]
fn a_packet_through_two_shards_and_a_link_and_back_costs_no_allocation() {
    let mut world = World::new(&config());
    let mut backend = Backend::greet(&mut world);
    let clients: Vec<SocketId> = (0..CLIENTS).map(|_| world.accept(0, TO_LINK)).collect();
    backend.turn(&mut world);
    allocates_nothing(|body| {
        for &client in &clients {
            world.receive(0, client, body);
        }
        world.settle();
        backend.turn(&mut world);
        for &client in &clients {
            world.send(0, client);
            assert_eq!(world.sent, body);
        }
        // Acknowledgements both ways are due.
        world.pass(Duration::from_millis(20));
        backend.turn(&mut world);
    });
    assert_eq!(world.nodes[0].shard.gauges().sessions, CLIENTS as u32);
}
