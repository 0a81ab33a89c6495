//! Controllers on links answer for H.248 users: gateways on any shard, controllers at home on any shard, in any encoding.

use crate::serve;
use crate::support::{World, push_frame};
use megaphone_core::{
    Answers, Dialect, Input, LinkSide, LinkSpec, ListenerId, ShardConfig, ShardId, SocketId,
    home_shard,
};
use megaphone_frame::link::user::{LAST, Outcome, TAKEN_OVER, TOKEN_BYTES, UNREADABLE, UserFrame};
use megaphone_frame::link::{FrameType, HEADER_BYTES, Head, Hello, Reason, Role, Verdict};
use megaphone_frame::tpkt;
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::{Arena, Limits, text};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const GATEWAYS: ListenerId = ListenerId(0);
const LINK: ListenerId = ListenerId(1);

fn config(shards: u16) -> ShardConfig {
    let mut config = ShardConfig::new(ShardId(0), shards);
    serve(&mut config, Answers::Controllers("mgc".into()));
    config.links.push(LinkSpec {
        name: "mgc".into(),
        side: LinkSide::Listen,
        dialect: Dialect::V1,
        token: Vec::new(),
    });
    config
}

/// A frame as a controller reads it.
#[derive(Clone, Debug)]
struct Said {
    kind: u8,
    flags: u8,
    aux: u16,
    association: u64,
    payload: Vec<u8>,
}

impl Said {
    fn is(&self, kind: UserFrame) -> bool {
        self.kind == kind as u8
    }

    fn text(&self, from: usize) -> String {
        String::from_utf8(self.payload[from..].to_vec()).expect("text")
    }
}

/// A controller at home on a shard.
struct Controller {
    at: usize,
    socket: SocketId,
    begun: Vec<u8>,
}

impl Controller {
    /// Connects to its home shard, so that nothing has to be handed over.
    fn connect(world: &mut World, at: usize, role: Role, more: &[u8]) -> Controller {
        let shards = world.nodes.len() as u16;
        let name = (0..)
            .map(|n| format!("controller-{at}-{n}"))
            .find(|name| home_shard("mgc", name.as_bytes(), shards) == ShardId(at as u16));
        let socket = world.accept(at, LINK);
        let mut payload = Vec::new();
        Hello {
            role,
            flags: 0,
            max_frame: 2_048,
            epoch: 0,
            resume: 0,
            name: &name.expect("some name is at home there"),
            token: b"",
            more,
        }
        .encode(&mut payload);
        let mut controller = Controller {
            at,
            socket,
            begun: Vec::new(),
        };
        controller.say(world, Head::new(FrameType::Hello, 0), &payload);
        controller
    }

    fn new(world: &mut World, at: usize) -> Controller {
        let mut controller =
            Controller::connect(world, at, Role::Controller, b"\x01\0\x0d<mgc.example>");
        let heard = controller.hear(world);
        assert_eq!(heard[0].kind, FrameType::HelloOk.code(), "{heard:?}");
        controller
    }

    fn say(&mut self, world: &mut World, head: Head, payload: &[u8]) {
        let mut bytes = Vec::new();
        push_frame(&mut bytes, head, payload);
        world.receive(self.at, self.socket, &bytes);
        world.settle();
    }

    /// Says something about an association.
    fn tell(&mut self, world: &mut World, kind: UserFrame, association: u64, payload: &[u8]) {
        self.say(world, Head::new(kind.kind(), association), payload);
    }

    /// Everything that was sent to it, with parts put together.
    fn hear(&mut self, world: &mut World) -> Vec<Said> {
        world.send(self.at, self.socket);
        let (mut heard, mut rest) = (Vec::new(), &world.sent[..]);
        while let Some(length) = rest.first_chunk() {
            let (frame, more) = rest.split_at(4 + u32::from_be_bytes(*length) as usize);
            rest = more;
            self.begun.extend_from_slice(&frame[HEADER_BYTES..]);
            if frame[4] >= 0x80 && frame[5] & Head::MORE != 0 {
                continue;
            }
            heard.push(Said {
                kind: frame[4],
                flags: frame[5],
                aux: u16::from_be_bytes([frame[6], frame[7]]),
                association: u64::from_be_bytes(*frame[8..].first_chunk().expect("an id")),
                payload: std::mem::take(&mut self.begun),
            });
        }
        heard
    }

    /// Answers a request with a reply of these contexts.
    fn answer(&mut self, world: &mut World, request: &Said, contexts: &str) {
        assert!(request.is(UserFrame::Request), "{request:?}");
        let token = &request.payload[..TOKEN_BYTES];
        let text = format!("!/1 <mgc.example> P=1{{{contexts}}}");
        let payload = [token, &[0; 8], text.as_bytes()].concat();
        self.tell(world, UserFrame::Reply, request.association, &payload);
    }

    fn die(self, world: &mut World) {
        let (at, socket) = (self.at, self.socket);
        world.tell(at, Input::Ended { socket });
        world.settle();
        // Its associations are looked for a stretch at a time.
        (0..5).for_each(|_| world.pass(Duration::from_millis(5)));
    }
}

/// A gateway on a shard.
struct Gateway {
    at: usize,
    socket: SocketId,
    mid: String,
}

impl Gateway {
    fn new(world: &mut World, number: usize) -> Gateway {
        let at = number % world.nodes.len();
        Gateway {
            at,
            socket: world.accept(at, GATEWAYS),
            mid: format!("<gw{number}.example>"),
        }
    }

    fn send(&self, world: &mut World, message: &[u8]) {
        let header = tpkt::header(message.len() as u32).expect("short enough");
        let bytes = [&header[..], message].concat();
        world.receive(self.at, self.socket, &bytes);
        world.settle();
    }

    fn register(&self, world: &mut World) {
        self.send(world, self.registration(1).as_bytes());
    }

    fn registration(&self, version: u8) -> String {
        format!(
            "!/{version} {} T=9{{C=-{{SC=ROOT{{SV{{MT=RS,RE=\"901 Cold Boot\"}}}}}}}}",
            self.mid
        )
    }

    /// The messages that were sent to it.
    fn hear(&self, world: &mut World) -> Vec<Vec<u8>> {
        world.send(self.at, self.socket);
        let (mut heard, mut rest) = (Vec::new(), &world.sent[..]);
        while let [_, _, high, low, ..] = *rest {
            let (message, more) = rest.split_at(usize::from(u16::from_be_bytes([high, low])));
            heard.push(message[4..].to_vec());
            rest = more;
        }
        heard
    }

    fn hear_text(&self, world: &mut World) -> Vec<String> {
        let heard = self.hear(world).into_iter();
        heard
            .map(|message| String::from_utf8(message).expect("text"))
            .collect()
    }
}

const REGISTERED: &str = "C=-{SC=ROOT}";

#[test]
fn a_controller_reads_text_whatever_the_gateway_speaks() {
    let mut world = World::new(&config(2));
    let mut controller = Controller::new(&mut world, 1);
    let gateways: Vec<Gateway> = (0..8).map(|n| Gateway::new(&mut world, n)).collect();
    for (n, gateway) in gateways.iter().enumerate() {
        let message = gateway.registration(2);
        match n % 2 {
            0 => gateway.send(&mut world, message.as_bytes()),
            _ => gateway.send(&mut world, &in_ber(message.as_bytes())),
        }
    }
    let heard = controller.hear(&mut world);
    let connects: Vec<&Said> = heard
        .iter()
        .filter(|it| it.is(UserFrame::Connect))
        .collect();
    assert_eq!(connects.len(), 8);
    for connect in connects {
        let text = connect.text(0);
        assert!(text.starts_with("\0\x0d<mgc.example>\0\x0d<gw"), "{text:?}");
        assert_eq!(
            (connect.flags, connect.aux),
            (0, 2),
            "nobody had it, version 2"
        );
    }
    let requests: Vec<&Said> = heard
        .iter()
        .filter(|it| it.is(UserFrame::Request))
        .collect();
    assert_eq!(requests.len(), 8);
    for request in requests {
        let text = request.text(TOKEN_BYTES);
        assert!(text.starts_with("!/2 <gw"), "{text}");
        assert!(
            text.contains("T=9{C=-{SC=ROOT{SV{MT=RS,RE=\"901 Cold Boot\"}}}}"),
            "{text}"
        );
        controller.answer(&mut world, request, REGISTERED);
    }
    for (n, gateway) in gateways.iter().enumerate() {
        let heard = gateway.hear(&mut world);
        assert_eq!(heard.len(), 1, "gateway {n}");
        let answer = match n % 2 {
            0 => heard[0].clone(),
            _ => in_text(&heard[0]),
        };
        let answer = String::from_utf8(answer).expect("text");
        assert!(answer.contains("P=9{C=-{SC=ROOT"), "{answer}");
    }
}

fn in_ber(message: &[u8]) -> Vec<u8> {
    let (arena, mut bytes) = (Arena::new(), Vec::new());
    let decoded = text::decode(message, &arena, &Limits::default()).expect("decodes");
    ber::encode(&decoded.message, &BerConfig::default(), &mut bytes).expect("encodes");
    bytes
}

fn in_text(message: &[u8]) -> Vec<u8> {
    let (arena, mut bytes) = (Arena::new(), Vec::new());
    let (limits, config) = (Limits::default(), BerConfig::default());
    let decoded = ber::decode(message, &arena, &limits, &config).expect("decodes");
    text::encode(&decoded.message, text::Layout::Compact, &mut bytes).expect("encodes");
    bytes
}

#[test]
fn a_dead_controller_s_gateways_and_open_requests_go_to_another() {
    let mut world = World::new(&config(2));
    let (mut one, mut other) = (
        Controller::new(&mut world, 0),
        Controller::new(&mut world, 1),
    );
    let gateways: Vec<Gateway> = (0..40).map(|n| Gateway::new(&mut world, n)).collect();
    gateways
        .iter()
        .for_each(|gateway| gateway.register(&mut world));
    let requests = |heard: &[Said]| -> BTreeMap<u64, Said> {
        let requests = heard.iter().filter(|it| it.is(UserFrame::Request));
        requests.map(|it| (it.association, it.clone())).collect()
    };
    let (of_one, of_other) = (one.hear(&mut world), other.hear(&mut world));
    let (of_one, of_other) = (requests(&of_one), requests(&of_other));
    assert_eq!(
        of_one.len() + of_other.len(),
        40,
        "each request is offered once"
    );
    assert!(
        of_one.len() >= 8 && of_other.len() >= 8,
        "both have a share"
    );
    // Half of its own is answered before it dies.
    let half = of_one.len() / 2;
    for request in of_one.values().take(half) {
        one.answer(&mut world, request, REGISTERED);
    }
    one.die(&mut world);
    let heard = other.hear(&mut world);
    let taken = heard.iter().filter(|it| it.is(UserFrame::Connect));
    assert_eq!(taken.clone().count(), of_one.len(), "all associations");
    assert!(taken.clone().all(|it| it.flags & TAKEN_OVER != 0));
    let again = requests(&heard);
    let expected: Vec<u64> = of_one.keys().skip(half).copied().collect();
    assert_eq!(
        again.keys().copied().collect::<Vec<_>>(),
        expected,
        "what was open"
    );
    assert!(again.values().all(|it| it.flags & TAKEN_OVER != 0));
    for request in again.values().chain(of_other.values()) {
        other.answer(&mut world, request, REGISTERED);
    }
    for gateway in &gateways {
        let replies = gateway.hear_text(&mut world);
        let replies = replies.iter().filter(|text| text.contains("P=9{"));
        assert_eq!(replies.count(), 1, "{} is answered once", gateway.mid);
    }
}

#[test]
fn requests_wait_for_a_controller_up_to_the_limit() {
    for (most, refused) in [(2, 1), (3, 0), (4, 0)] {
        let mut config = config(1);
        assert!(config.limits.set("controller_requests_max", most));
        let mut world = World::new(&config);
        let gateways: Vec<Gateway> = (0..3).map(|n| Gateway::new(&mut world, n)).collect();
        gateways
            .iter()
            .for_each(|gateway| gateway.register(&mut world));
        let answered: usize = gateways
            .iter()
            .map(|gateway| gateway.hear_text(&mut world))
            .map(|heard| heard.iter().filter(|it| it.contains("ER=510")).count())
            .sum();
        assert_eq!(answered, refused, "at most {most} wait");
        let mut controller = Controller::new(&mut world, 0);
        world.pass(Duration::from_millis(5));
        let heard = controller.hear(&mut world);
        let requests: Vec<&Said> = heard
            .iter()
            .filter(|it| it.is(UserFrame::Request))
            .collect();
        assert_eq!(requests.len(), 3 - refused);
        for request in requests {
            assert_eq!(
                request.flags & TAKEN_OVER,
                0,
                "nobody was offered it before"
            );
            controller.answer(&mut world, request, REGISTERED);
        }
        let registered = gateways
            .iter()
            .flat_map(|gateway| gateway.hear_text(&mut world));
        let registered = registered.filter(|text| text.contains("SC=ROOT"));
        assert_eq!(registered.count(), 3 - refused);
    }
}

#[test]
fn a_controller_calls_gateways_and_changes_their_items() {
    let mut world = World::new(&config(2));
    let mut controller = Controller::new(&mut world, 0);
    let gateway = Gateway::new(&mut world, 1);
    gateway.register(&mut world);
    let heard = controller.hear(&mut world);
    controller.answer(&mut world, &heard[1], REGISTERED);
    gateway.hear(&mut world);
    let association = heard[0].association;

    let call = |message: &str| [&7_u64.to_be_bytes()[..], message.as_bytes()].concat();
    let two = call("!/1 <mgc.example> T=1{C=1{MF=t1}}T=2{C=2{S=t2}}");
    controller.tell(&mut world, UserFrame::Call, association, &two);
    let asked = gateway.hear_text(&mut world).concat();
    assert!(asked.contains("MF=t1") && asked.contains("S=t2"), "{asked}");
    let numbers: Vec<&str> = asked.split("T=").skip(1).collect();
    let numbers: Vec<&str> = numbers
        .iter()
        .filter_map(|it| it.split('{').next())
        .collect();
    assert_eq!(numbers.len(), 2, "{asked}");
    let reply = format!("!/1 {} P={}{{ER=430{{}}}}", gateway.mid, numbers[1]);
    gateway.send(&mut world, reply.as_bytes());
    assert!(
        controller.hear(&mut world).is_empty(),
        "results of a call come together"
    );
    let reply = format!("!/1 {} P={}{{C=1{{MF=t1}}}}", gateway.mid, numbers[0]);
    gateway.send(&mut world, reply.as_bytes());
    let results = controller.hear(&mut world);
    let shown = results
        .iter()
        .map(|it| (it.payload[7], it.payload[8], it.payload[10], it.flags));
    let expected = [
        (7, Outcome::Ok as u8, 0, 0),
        (7, Outcome::Error as u8, 1, LAST),
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    assert_eq!(
        results[0].text(11),
        format!("!/1 {} P=1{{C=1{{MF=t1}}}}", gateway.mid)
    );

    let bad = call("!/1 <mgc.example> T=1{C=1{MF=");
    controller.tell(&mut world, UserFrame::Cast, association, &bad);
    let failed = controller.hear(&mut world);
    assert_eq!(failed[0].payload[8], Outcome::Failed as u8, "{failed:?}");

    for (item, value, done) in [
        ("trans_ack_maxcount", "3", 0),
        ("trans_ack_maxcount", "many", 1),
        ("nothing", "1", 1),
        // Who answers is settled when the shard starts.
        ("user_mod", "megaco_user_default", 1),
    ] {
        let payload = setting(item, value);
        controller.tell(&mut world, UserFrame::Configure, association, &payload);
        let configured = controller.hear(&mut world);
        assert_eq!(
            configured[0].payload[8],
            done,
            "{item}: {}",
            configured[0].text(9)
        );
    }

    controller.tell(&mut world, UserFrame::Cancel, association + 1, b"");
    world.pass(Duration::from_millis(5));
    let reset = controller.hear(&mut world);
    assert_eq!(reset[0].kind, FrameType::Reset.code(), "{reset:?}");
    let verdict = Verdict::decode(FrameType::Reset, &reset[0].payload).expect("well-formed");
    assert_eq!(verdict.reason, Reason::UnknownConnection);

    controller.tell(&mut world, UserFrame::Disconnect, association, b"");
    let gone = controller.hear(&mut world);
    assert!(gone[0].is(UserFrame::Disconnect), "{gone:?}");
}

/// The payload of CONFIGURE.
fn setting(item: &str, value: &str) -> Vec<u8> {
    let length = [item.len() as u8];
    [&[0; 8][..], &length, item.as_bytes(), value.as_bytes()].concat()
}

#[test]
fn a_controller_changes_the_items_of_its_user_on_every_shard() {
    let mut world = World::new(&config(3));
    let mut controller = Controller::new(&mut world, 1);
    let gateways: Vec<Gateway> = (0..12).map(|n| Gateway::new(&mut world, n)).collect();
    for (item, value, done) in [
        ("auto_ack", "perhaps", 1),
        ("nothing", "1", 1),
        ("registration", "\"mgc\"", 0),
    ] {
        let payload = setting(item, value);
        controller.tell(&mut world, UserFrame::Configure, 0, &payload);
        let heard = controller.hear(&mut world);
        assert!(heard[0].is(UserFrame::Configured), "{heard:?}");
        let done = (0, done);
        assert_eq!((heard[0].association, heard[0].payload[8]), done, "{item}");
    }
    // They are at home on all shards, and none of them may ask anything before it has registered.
    for gateway in &gateways {
        let message = format!("!/1 {} T=1{{C=-{{N=a{{OE=1{{al/of}}}}}}}}", gateway.mid);
        gateway.send(&mut world, message.as_bytes());
        let heard = gateway.hear_text(&mut world).concat();
        assert!(heard.contains("ER=505"), "{heard}");
    }
    let heard = controller.hear(&mut world);
    assert!(!heard.iter().any(|it| it.is(UserFrame::Request)));
}

#[test]
fn long_messages_go_in_parts_both_ways() {
    let mut world = World::new(&config(2));
    let mut controller = Controller::new(&mut world, 0);
    let gateway = Gateway::new(&mut world, 1);
    let names: Vec<String> = (0..900)
        .map(|n| format!("N=a/termination/with/a/long/name/{n}{{OE=1{{al/on}}}}"))
        .collect();
    let message = format!("!/1 {} T=5{{C=1{{{}}}}}", gateway.mid, names.join(","));
    assert!(message.len() > 40_000, "{}", message.len());
    gateway.send(&mut world, message.as_bytes());
    let heard = controller.hear(&mut world);
    let asked = heard[1].text(TOKEN_BYTES);
    let end = "N=a/termination/with/a/long/name/899{OE=1{al/on}}}}";
    assert!(
        asked.ends_with(end),
        "{} of {} bytes: …{}",
        asked.len(),
        message.len(),
        &asked[asked.len() - 60..]
    );
    let names: Vec<String> = (0..900)
        .map(|n| format!("N=a/termination/with/a/long/name/{n}"))
        .collect();
    // Said in three frames, as a controller may.
    let text = format!("!/1 <mgc.example> P=1{{C=1{{{}}}}}", names.join(","));
    let payload = [&heard[1].payload[..TOKEN_BYTES], &[0; 8], text.as_bytes()].concat();
    let third = payload.len() / 3;
    let head = Head::new(UserFrame::Reply.kind(), heard[1].association);
    controller.say(&mut world, head.with_more(true), &payload[..third]);
    controller.say(&mut world, head.with_more(true), &payload[third..2 * third]);
    controller.say(&mut world, head, &payload[2 * third..]);
    let answer = gateway.hear_text(&mut world).concat();
    assert!(answer.starts_with("!/1 <mgc.example>"), "{}", &answer[..60]);
    assert!(answer.contains("P=5{") && answer.ends_with("N=a/termination/with/a/long/name/899}}"));
}

#[test]
fn an_answer_that_cannot_be_read_is_told_to_both() {
    let mut world = World::new(&config(1));
    let mut controller = Controller::new(&mut world, 0);
    let gateway = Gateway::new(&mut world, 0);
    gateway.register(&mut world);
    let heard = controller.hear(&mut world);
    controller.answer(&mut world, &heard[1], "C=-{SC=ROOT");
    assert!(gateway.hear_text(&mut world).concat().contains("ER=500"));
    let fault = controller.hear(&mut world);
    assert!(
        fault[0].is(UserFrame::Fault) && fault[0].aux == 500,
        "{fault:?}"
    );
    assert!(
        fault[0]
            .text(0)
            .starts_with("your answer to transaction 9: ")
    );
}

#[test]
fn a_gateway_s_message_that_cannot_be_read_is_told_and_a_stranger_s_is_not() {
    let mut world = World::new(&config(2));
    let mut controller = Controller::new(&mut world, 1);
    let gateways: Vec<Gateway> = (0..4).map(|n| Gateway::new(&mut world, n)).collect();
    for gateway in &gateways {
        gateway.register(&mut world);
    }
    controller.hear(&mut world);
    for (gateway, other) in gateways.iter().zip(gateways.iter().rev()) {
        let broken = format!("!/1 {} no transaction", gateway.mid);
        // By somebody else's socket, under this gateway's name.
        other.send(&mut world, broken.as_bytes());
        assert!(controller.hear(&mut world).is_empty());
        gateway.send(&mut world, broken.as_bytes());
        let heard = controller.hear(&mut world);
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].is(UserFrame::Fault), "{heard:?}");
        assert_eq!((heard[0].flags, heard[0].aux), (UNREADABLE, 400));
        assert!(!heard[0].payload.is_empty());
    }
}

#[test]
fn a_controller_for_nobody_here_is_refused_and_a_backend_answers_nobody() {
    let mut world = World::new(&config(1));
    let stranger = Controller::connect(&mut world, 0, Role::Controller, b"\x01\0\x07<other>");
    let (_, socket, words) = world.closed.pop().expect("it is closed");
    assert_eq!(
        (socket, words[4]),
        (stranger.socket, FrameType::Close.code())
    );
    let verdict = Verdict::decode(FrameType::Close, &words[HEADER_BYTES..]).expect("well-formed");
    assert_eq!(verdict.reason, Reason::Refused);

    let mut backend = Controller::connect(&mut world, 0, Role::Backend, b"");
    backend.hear(&mut world);
    Gateway::new(&mut world, 0).register(&mut world);
    world.pass(Duration::from_millis(5));
    assert!(
        backend.hear(&mut world).is_empty(),
        "backends are told of no gateway"
    );
}
