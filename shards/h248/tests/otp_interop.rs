//! Both ways with Erlang/OTP's megaco codecs: what it encodes we decode to the same meaning, what we encode it accepts.
//!
//! Needs `escript` and the `megaco` application (Debian: erlang-base, erlang-megaco, erlang-asn1, erlang-runtime-tools);
//! without them the tests say so and pass.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use megaphone_h248::ber::{self, BerConfig, BerProfile};
use megaphone_h248::model::{
    AmmDescriptor, Command as Request, CommandRequest, MId, Message, MuxType, Transaction,
};
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

mod generate;
mod meaning;

/// Generated messages sent through the peer.
const GENERATED: usize = 8_000;

/// What the peer cannot do with correct messages: a piece of its complaint, and what it means. A complaint that has none
/// of these is a difference that nobody has looked into.
const REFUSALS: [(&str, &str); 19] = [
    ("ipv6_not_supported", "no IPv6 address in BER"),
    (
        "encode_root",
        "no names of version 2 and 3, and none in capitals, of the root package",
    ),
    (
        "enc_TopologyDirection",
        "no one-way topology with an extension",
    ),
    (
        "do_merge_action_requests",
        "no audit of a context without commands behind it",
    ),
    (
        "count_too_small",
        "no empty list, such as that of an empty descriptor",
    ),
    (
        "count_not_an_integer",
        "no list length where a list is left out",
    ),
    (
        "enc_AuditReturnParameter",
        "no descriptor that is only named, in text",
    ),
    (
        "enc_AuditDescriptor",
        "no token that its version has not, in BER",
    ),
    (
        "ensure_muxType",
        "no multiplex of an extension type, nor N64",
    ),
    ("do_enc_list", "no error or audit beside another item"),
    (
        "ensure_indAudSignal",
        "no audit of a signal with parameters",
    ),
    (
        "bad_merge_mediaDescriptor",
        "no stream parameters in several pieces",
    ),
    (
        "bad_IndAudMediaDescriptor_streamParm",
        "the same, in an audit",
    ),
    (
        "enc_StatisticsParameter",
        "no statistic with several values, in text",
    ),
    (
        "enc_notifyCompletionItem",
        "no completion by iteration, in text",
    ),
    ("encode_integer", "no integer left out, in BER"),
    (
        "invalid_SecondRequestedActions",
        "no second actions with everything in them",
    ),
    (
        "bad_extension_parameter",
        "no audit in a ServiceChange of version 2",
    ),
    ("not_an_integer", "a name that begins like a number"),
];

/// An encoding the peer reads.
#[derive(Clone, Copy)]
enum From {
    Text = 1,
    Ber = 2,
}

/// An encoding the peer writes.
#[derive(Clone, Copy)]
enum To {
    Pretty = 1,
    Compact = 2,
    Ber = 3,
}

/// Why a message cannot be compared: the peer refuses it, or changes it all by itself.
#[derive(Debug)]
struct Unable(String);

impl Unable {
    /// What it comes to, for this message; `None` for a complaint that is not known.
    fn meaning(&self, message: &Message<'_>, text: &str) -> Option<&'static str> {
        let Self(why) = self;
        if why.contains("syntax error before") {
            return beyond_its_grammar(message, text);
        }
        for known in [MTP, SELECTION, TEXT, BER] {
            if why == known {
                return Some(known);
            }
        }
        let known = REFUSALS.iter().find(|(piece, _)| why.contains(piece));
        known.map(|&(_, meaning)| meaning)
    }
}

/// What a message has that the standard's grammar allows and the peer's does not.
fn beyond_its_grammar(message: &Message<'_>, text: &str) -> Option<&'static str> {
    // Its scanner takes the escaped brace for the end.
    if text.contains("\\}") {
        return Some("no closing brace in a session description");
    }
    let transactions = message.transactions();
    let is_segment = |it: &Transaction<'_>| matches!(it, Transaction::SegmentReply(_));
    if transactions.len() > 1 && transactions.iter().any(is_segment) {
        return Some("no segment acknowledgement beside other transactions");
    }
    let actions = transactions
        .iter()
        .flat_map(|transaction| match transaction {
            Transaction::Request(request) => request.actions.as_slice(),
            _ => &[],
        });
    let commands = actions.flat_map(|action| &action.commands);
    for CommandRequest { command, .. } in commands {
        match command {
            Request::Notify(notify) if notify.error.is_some() => {
                return Some("no error in a Notify");
            }
            Request::Add(request) | Request::Move(request) | Request::Modify(request)
                if request.descriptors.iter().any(is_nx64k) =>
            {
                return Some("no multiplex of an extension type, nor N64");
            }
            _ => {}
        }
    }
    let debug = format!("{message:?}");
    if message.version == 2 && debug.matches("TopologyRequest {").count() > 1 {
        return Some("no topology of several associations without streams, in version 2");
    }
    if message.version > 1 && debug.contains("IndAudTerminationStateDescriptor {") {
        return Some("no audit of several things of a termination's state");
    }
    Some(OTHER_GRAMMAR)
}

/// Differences of grammars that are not told apart: one message in a hundred.
const OTHER_GRAMMAR: &str = "another order or form of something";

fn is_nx64k(descriptor: &AmmDescriptor<'_>) -> bool {
    matches!(descriptor, AmmDescriptor::Mux(mux) if mux.mux_type == MuxType::Nx64k)
}

/// Changes that the peer makes by itself.
const MTP: &str = "writes the digits of an MTP address as its octets";
const SELECTION: &str = "reads a property and a selection by it as one";
const TEXT: &str = "changes it from text to text";
const BER: &str = "changes it from text to BER to text";

struct Peer {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Peer {
    /// Starts the peer, or says why there is none.
    fn start() -> Option<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/peers/megaco_codec_peer.escript");
        let check = "application:load(megaco), case application:get_key(megaco, vsn) of {ok, V} -> \
                     io:put_chars(V), halt(0); _ -> halt(1) end.";
        let found = Command::new("erl")
            .args(["-noshell", "-eval", check])
            .output();
        match found {
            Err(error) => {
                println!(
                    "skipped: erl cannot be run ({error}); install erlang-base and erlang-megaco"
                );
                return None;
            }
            Ok(output) if !output.status.success() => {
                println!("skipped: this Erlang has no megaco application; install erlang-megaco");
                return None;
            }
            Ok(output) => println!("megaco {}", String::from_utf8_lossy(&output.stdout)),
        }
        let mut child = Command::new("escript")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("escript comes with erl");
        let input = child.stdin.take().expect("piped");
        let output = child.stdout.take().expect("piped");
        Some(Self {
            child,
            input,
            output,
        })
    }

    fn transcode(&mut self, from: From, to: To, message: &[u8]) -> Result<Vec<u8>, Unable> {
        let length = u32::try_from(message.len() + 3).expect("a message is short");
        let mut frame = length.to_be_bytes().to_vec();
        frame.extend([to as u8, from as u8, 0]);
        frame.extend(message);
        self.input.write_all(&frame).expect("the peer reads");
        self.input.flush().expect("the peer reads");
        let mut length = [0; 4];
        self.output
            .read_exact(&mut length)
            .expect("the peer answers");
        let mut reply = vec![0; u32::from_be_bytes(length) as usize];
        self.output
            .read_exact(&mut reply)
            .expect("the peer answers");
        let bytes = reply.split_off(1);
        match reply[0] {
            0 => Ok(bytes),
            1 => Err(Unable(format!(
                "refuses to decode: {}",
                String::from_utf8_lossy(&bytes)
            ))),
            _ => Err(Unable(format!(
                "refuses to encode: {}",
                String::from_utf8_lossy(&bytes)
            ))),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Its input ends with us; killing it as well keeps a broken peer from outliving the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn otp() -> BerConfig {
    BerConfig {
        profile: BerProfile::Otp,
        ..BerConfig::default()
    }
}

fn our_text(message: &Message<'_>, layout: Layout) -> Vec<u8> {
    let mut out = Vec::new();
    text::encode(message, layout, &mut out).expect("expressible in text");
    out
}

fn our_ber(message: &Message<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    ber::encode(message, &otp(), &mut out).expect("expressible in BER");
    out
}

fn meaning_of_text(bytes: &[u8]) -> Result<String, String> {
    let arena = Arena::new();
    let decoded =
        text::decode(bytes, &arena, &Limits::default()).map_err(|error| error.to_string())?;
    let message = decoded.clean().map_err(|fault| fault.to_string())?;
    Ok(in_order(&meaning::of(&message)))
}

fn meaning_of_ber(bytes: &[u8]) -> Result<String, String> {
    let arena = Arena::new();
    let decoded = ber::decode(bytes, &arena, &Limits::default(), &otp())
        .map_err(|error| error.to_string())?;
    let message = decoded.clean().map_err(|fault| fault.to_string())?;
    Ok(in_order(&meaning::of(&message)))
}

/// Fails with the place where two meanings part; whole messages are too long to look at.
fn same(actual: Result<String, String>, expected: &str, what: &str, shown: &str) {
    let actual = actual.unwrap_or_else(|error| panic!("{what}: {error}\nof {shown}"));
    if actual != expected {
        let at = actual
            .bytes()
            .zip(expected.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        let near = |text: &str| text[at.saturating_sub(60)..(at + 60).min(text.len())].to_owned();
        panic!(
            "{what}:\n  {}\nexpected\n  {}\nof {shown}",
            near(&actual),
            near(expected)
        );
    }
}

/// A meaning with its empty descriptors counted, for the peer writes them in an order of its own.
fn in_order(meaning: &str) -> String {
    const EMPTY: [&str; 7] = [
        "empty(mux)",
        "empty(modem)",
        "empty(media)",
        "empty(digitmap)",
        "empty(observedevents)",
        "empty(packages)",
        "statistics([])",
    ];
    let mut rest = meaning.to_owned();
    for empty in EMPTY {
        let count = rest.matches(empty).count();
        rest = rest
            .replace(&format!("{empty}, "), "")
            .replace(&format!(", {empty}"), "")
            .replace(empty, "");
        rest.push_str(&format!(" {count} {empty}"));
    }
    rest
}

/// Sends a message through the peer in every way that this crate and the peer share.
///
/// `original` is its text. What the peer cannot carry from text to text, or from text to BER and back, without our help
/// is no matter for comparison.
fn compare(
    peer: &mut Peer,
    message: &Message<'_>,
    original: &[u8],
    shown: &str,
) -> Result<(), Unable> {
    let expected = in_order(&meaning::of(message));
    if expected.contains("mtpaddress") {
        return Err(Unable(MTP.into()));
    }
    if expected.contains("select: some(") && expected.contains("indaudpropertyparm") {
        return Err(Unable(SELECTION.into()));
    }
    let changed = |text: &[u8], how: &str| match meaning_of_text(text) {
        Ok(meaning) if meaning == expected => Ok(()),
        _ => Err(Unable(how.into())),
    };
    changed(&peer.transcode(From::Text, To::Compact, original)?, TEXT)?;
    let theirs = peer.transcode(From::Text, To::Ber, original)?;
    changed(&peer.transcode(From::Ber, To::Compact, &theirs)?, BER)?;

    same(
        meaning_of_ber(&theirs),
        &expected,
        "its BER of the text",
        shown,
    );
    let accepted = |outcome: Result<Vec<u8>, Unable>, what: &str| {
        outcome.unwrap_or_else(|Unable(why)| panic!("{what}: {why}\nof {shown}"))
    };
    // It reads a topology extension only together with "Oneway", which the grammar does not allow.
    let extended = expected.contains("extension: some(");
    let ways = [
        (Layout::Pretty, To::Pretty),
        (Layout::Compact, To::Pretty),
        (Layout::Compact, To::Ber),
    ];
    for (layout, to) in ways.into_iter().filter(|_| !extended) {
        let ours = our_text(message, layout);
        let back = accepted(peer.transcode(From::Text, to, &ours), "our text");
        let meaning = if let To::Ber = to {
            meaning_of_ber(&back)
        } else {
            meaning_of_text(&back)
        };
        same(meaning, &expected, "our text after it", shown);
    }
    let ours = our_ber(message);
    for to in [To::Pretty, To::Compact] {
        let back = accepted(peer.transcode(From::Ber, to, &ours), "our BER");
        same(meaning_of_text(&back), &expected, "our BER after it", shown);
    }
    let back = accepted(peer.transcode(From::Ber, To::Ber, &ours), "our BER");
    same(meaning_of_ber(&back), &expected, "our BER after it", shown);
    Ok(())
}

#[test]
fn the_measurement_pack() {
    let Some(mut peer) = Peer::start() else {
        return;
    };
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/time_test");
    let (mut count, mut unable) = (0, Vec::new());
    for entry in fs::read_dir(dir).expect("corpus directory") {
        let path = entry.expect("corpus entry").path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let shown = path.display().to_string();
        let input = fs::read(&path).expect("readable");
        let arena = Arena::new();
        let message = text::decode(&input, &arena, &Limits::default())
            .expect("decodes")
            .clean()
            .expect("clean");
        match compare(&mut peer, &message, &input, &shown) {
            Ok(()) => count += 1,
            Err(why) => unable.push(why),
        }
    }
    // The one message that selects by a property.
    assert_eq!((count, unable.len()), (147, 1), "{unable:?}");
}

#[test]
fn generated_messages_of_all_versions() {
    let Some(mut peer) = Peer::start() else {
        return;
    };
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(any::<u8>(), 0..400);
    let mut unable: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut accepted, mut unknown) = (0, Vec::new());
    for number in 0..GENERATED {
        let bytes = strategy.new_tree(&mut runner).expect("bytes").current();
        let mut message = generate::message(&bytes, generate::Dialect::Both);
        // The peer leaves out leading zeros when it writes the octets of this header in text.
        message.auth_header = None;
        // Of the senders that it cannot say, a few are enough.
        if number % 8 > 0 && matches!(message.mid, MId::MtpAddress(_) | MId::Ip6Address(..)) {
            message.mid = MId::Ip4Address([10, 0, 0, 1].into(), Some(2945));
        }
        let shown = String::from_utf8(our_text(&message, Layout::Pretty)).expect("UTF-8");
        match compare(&mut peer, &message, shown.as_bytes(), &shown) {
            Ok(()) => accepted += 1,
            Err(why) => match why.meaning(&message, &shown) {
                Some(meaning) => *unable.entry(meaning).or_default() += 1,
                None => unknown.push(why),
            },
        }
    }
    println!("{accepted} of {GENERATED} compared; with the others the peer has");
    for (why, count) in &unable {
        println!("  {why} ({count})");
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    let others = unable.get(OTHER_GRAMMAR).copied().unwrap_or_default();
    assert!(others <= GENERATED / 50, "{others} syntax errors");
    assert!(
        accepted > GENERATED / 4,
        "only {accepted} could be compared"
    );
}

/// Correct messages that the peer refuses, each with what it says: should it learn one of them, this tells.
#[test]
fn what_the_peer_refuses() {
    let Some(mut peer) = Peer::start() else {
        return;
    };
    let refused = [
        (
            "!/1 [2001:db8::1]:2944 PN=1{}",
            To::Ber,
            "ipv6_not_supported",
        ),
        (
            "!/1 <mg> T=1{C=1{MF=ROOT{M{TS{root/maxTerminationsPerContext=5}}}}}",
            To::Ber,
            "encode_root",
        ),
        (
            "!/1 <mg> T=1{C=1{MF=*{MX=X-foo{*}}}}",
            To::Compact,
            "enc_MuxType",
        ),
        (
            "!/3 <mg> P=1{C=1{S=*{SA{rtp/ps=[1,2]}}}}",
            To::Compact,
            "enc_StatisticsParameter",
        ),
        (
            "!/3 <mg> T=1{C=1{TP{*,*,OWE}}}",
            To::Compact,
            "enc_TopologyDirection",
        ),
        (
            "!/1 <mg> T=1{C=1{MF=*{M{L{v=0\ns={a\\}\n}}}}}",
            To::Compact,
            "syntax error before",
        ),
        (
            "!/3 <mg> SM=1/2 T=1{C=1{S=*}}",
            To::Compact,
            "syntax error before",
        ),
        (
            "!/1 <mg> T=1{C=1{N=*{OE=1{al/of},ER=500{}}}}",
            To::Compact,
            "syntax error before",
        ),
        (
            "!/3 <mg> T=1{C=1{MF=*{MX=N64{*}}}}",
            To::Compact,
            "syntax error before",
        ),
        (
            "!/2 <mg> T=1{C=1{TP{a,b,IS,c,d,OW},S=*}}",
            To::Compact,
            "syntax error before",
        ),
        (
            "!/3 <mg> T=1{C=1{AV=*{AT{M{TS{tdmc/ec,BF}}}}}}",
            To::Compact,
            "syntax error before",
        ),
    ];
    for (text, to, complaint) in refused {
        let arena = Arena::new();
        let decoded = text::decode(text.as_bytes(), &arena, &Limits::default());
        let message = decoded.expect(text).clean().expect(text);
        assert_eq!(our_text(&message, Layout::Compact), text.as_bytes());
        match peer.transcode(From::Text, to, text.as_bytes()) {
            Err(Unable(why)) => assert!(why.contains(complaint), "{text}: {why}"),
            Ok(_) => panic!("the peer takes {text} now"),
        }
    }
}
