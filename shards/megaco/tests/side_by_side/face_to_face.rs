//! Our engine as a gateway of OTP's, over TCP: each with and without its sender, and each answering in segments.
//!
//! OTP is told to take one message after the other: else segments that come together overtake each other in it, and acknowledgements of
//! its own overtake what it notes of them (D8, D10).

use super::otp::{self, Otp};
use super::ours::Ours;
use super::tongue::Tongue;
use megaphone_megaco::config::Config;
use megaphone_megaco::{ControlHandle, Remote, SendHandle};
use megaphone_wheel::Tick;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// Items of one side.
type Items = &'static [(&'static str, &'static str)];

const NONE: Items = &[];
const SENDER: Items = &[
    ("auto_ack", "true"),
    ("trans_ack", "true"),
    ("trans_req", "true"),
    ("trans_req_maxcount", "4"),
    ("trans_timer", "100"),
];
const SEGMENTS: Items = &[("segment_send", "infinity"), ("max_pdu_size", "148")];
const WINDOW: Items = &[("segment_send", "2"), ("max_pdu_size", "148")];
const BOTH: Items = &[
    ("auto_ack", "true"),
    ("trans_ack", "true"),
    ("trans_req", "true"),
    ("trans_timer", "100"),
    ("segment_send", "2"),
    ("max_pdu_size", "148"),
];

/// Ours, theirs, and the version they are for.
const PAIRS: &[(Items, Items, u8)] = &[
    (NONE, NONE, 1),
    (SENDER, NONE, 1),
    (NONE, SENDER, 1),
    (SENDER, SENDER, 1),
    (SEGMENTS, NONE, 3),
    (WINDOW, SEGMENTS, 3),
    (NONE, WINDOW, 3),
    (BOTH, SENDER, 3),
];

/// What we cast, and how often they cast to us for it.
const ASKED: [(&str, usize); 12] = [
    ("ok", 0),
    ("three", 3),
    ("ack", 0),
    ("ok", 0),
    ("parts", 0),
    ("slow", 0),
    ("fetch", 1),
    ("long", 0),
    ("three", 3),
    ("ack", 0),
    ("parts", 0),
    ("call", 1),
];

/// How long a pair may take; it ends when all has come.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn all_is_answered_once_and_acknowledged() {
    for tongue in Tongue::ALL {
        let fits = |(_, theirs, version): &&(Items, Items, u8)| {
            // C3: OTP's sender does not work with binary.
            *version <= tongue.version && !(tongue.is_binary() && *theirs == SENDER)
        };
        let pairs: Vec<_> = PAIRS.iter().filter(fits).collect();
        let in_erlang = pairs.iter().map(|(_, theirs, _)| {
            let items = theirs.iter().chain([&("serialize", "true")]);
            let items = items.map(|(name, value)| format!("{{{name},{value}}}"));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        });
        let Some(otp) = Otp::with(tongue, in_erlang) else {
            eprintln!("skipped: no Erlang with the megaco application on this machine");
            return;
        };
        let meetings: Vec<_> = pairs
            .iter()
            .zip(otp.ports())
            .map(|(&(ours, ..), &port)| thread::spawn(move || meet(tongue, ours, port)))
            .collect();
        for (pair, meeting) in pairs.iter().zip(meetings) {
            let came = meeting.join().expect("it ends");
            eprintln!("{tongue:?} {pair:?}: {came:?}");
            assert_eq!(came, Came::expected(), "{tongue:?} {pair:?}");
        }
    }
}

/// What a meeting came to.
#[derive(Debug, PartialEq, Eq)]
struct Came {
    /// Our casts that were answered well.
    answered: usize,
    failed: usize,
    /// Their casts.
    executed: usize,
    /// Their acknowledgements of our answers.
    acks: usize,
    ack_failures: usize,
}

impl Came {
    fn expected() -> Self {
        let theirs = ASKED.iter().map(|(_, casts)| casts).sum();
        Self {
            answered: ASKED.len(),
            failed: 0,
            executed: theirs,
            acks: theirs,
            ack_failures: 0,
        }
    }

    fn of(ours: &Ours) -> Self {
        let books = ours.books.borrow();
        Self {
            answered: books.replies.0,
            failed: books.replies.1,
            executed: books.executed,
            acks: books.acks,
            ack_failures: books.ack_failures,
        }
    }
}

fn meet(tongue: Tongue, items: Items, port: u16) -> Came {
    let mut config = Config::default();
    for (name, value) in items {
        let value = value.parse().expect("a value");
        config.set_by_name(name, &value).expect("a legal item");
    }
    let mut ours = Ours::new(tongue, &format!("mg{port}"), config);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the script listens");
    let timeout = Some(Duration::from_millis(5));
    stream.set_read_timeout(timeout).expect("a socket option");
    let (control, receive) = (Some(ControlHandle(1)), ours.receive);
    let made = ours.engine.connect(
        Tick::ZERO,
        &receive,
        Remote::Preliminary,
        SendHandle(1),
        control,
        None,
    );
    let connection = made.expect("a connection");
    let (start, mut buffer) = (Instant::now(), Vec::new());
    // The first alone: OTP drops what comes while it decides on the connection (D5).
    let (first, rest) = ASKED.split_at(1);
    ours.cast(connection, first[0].0);
    let mut rest = Some(rest);
    while start.elapsed() < PATIENCE && Came::of(&ours) != Came::expected() {
        if Came::of(&ours).answered > 0 {
            for (name, _) in rest.take().unwrap_or_default() {
                ours.cast(connection, name);
            }
        }
        for message in ours.sent() {
            otp::send(&mut stream, &message);
        }
        for message in otp::receive(&mut stream, &mut buffer) {
            ours.received(&message);
        }
        ours.turn(Tick::from(start.elapsed()));
    }
    Came::of(&ours)
}
