//! Both ways with Erlang/OTP's megaco codecs: what it encodes we decode to the same meaning, what we encode it accepts.
//!
//! Needs `escript` and the `megaco` application (Debian: erlang-base, erlang-megaco, erlang-asn1, erlang-runtime-tools);
//! without them the tests say so and pass.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use megaphone_h248::ber::{self, BerConfig, BerProfile};
use megaphone_h248::model::{IntoOwned, MId, Message};
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use peer::{From, Peer, To};
use refusals::{BER, MTP, SELECTION, TEXT, Unable};

#[path = "../generate/mod.rs"]
mod generate;
#[path = "../meaning/mod.rs"]
mod meaning;
mod peer;
mod refusals;

/// Generated messages sent through the peer.
const GENERATED: usize = 8_000;

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

/// The one termination of the generator's that has a wildcard between other levels.
const BETWEEN: &str = "10101010/*/00000001";

fn read_again(text: &str) -> Message<'static> {
    let arena = Arena::new();
    let decoded = text::decode(text.as_bytes(), &arena, &Limits::default());
    let message = decoded.expect("it was written").clean();
    message.expect("it was written").into_owned()
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
        let mut shown = String::from_utf8(our_text(&message, Layout::Pretty)).expect("UTF-8");
        // Nor does it read a wildcard between other levels as it wrote it in BER.
        if number % 4 > 0 && shown.contains(BETWEEN) {
            shown = shown.replace(BETWEEN, "10101010/00000000/00000001");
            message = read_again(&shown);
        }
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
        (
            "!/3 <mg> T=1{C=1{AV=*{AT{M{ST=1{O{MO},SA{nt/os}}}}}}}",
            To::Compact,
            "syntax error before: \",\"'COMMA'",
        ),
        (
            "!/2 <mg> T=1{C=1{AV=*{AT{M{ST=1{O{MO}},ST=2{O{MO}}}}}}}",
            To::Compact,
            "syntax error before: \",\"'COMMA'",
        ),
        (
            "!/2 <mg> T=1{C=1{AV=*{AT{E{al/on}}}}}",
            To::Compact,
            "syntax error before: \",\"'LBRKT'",
        ),
        (
            "!/2 <mg> T=1{C=1{AV=*{AT{SG{SL=5}}}}}",
            To::Compact,
            "syntax error before: \",\"'RBRKT'",
        ),
        (
            "!/3 <mg> T=1{C=1{SC=*{SV{MT=GR,RE=\"901 Cold Boot\",E{al/on},SIC}}}}",
            To::Compact,
            "syntax error before: \",[\"\\\"sic",
        ),
        (
            "!/1 [2001:db8::de]:2944 PN=1{}",
            To::Compact,
            "syntax error before: \",[\"\\\"de",
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
