//! Split invariance: however a stream is cut into arrivals, the same frames come out, and the same fault.

use super::{Outcome, arrive, cut_stream, frames_of, golden_streams, pool};
use crate::stanza::{Phase, UnitKind};
use crate::{Expect, FrameFault, Framing, Label, Limits};
use proptest::prelude::*;

#[test]
fn every_cut_into_two() {
    for (framing, stream) in golden_streams() {
        let whole = cut_stream(framing, Limits::DEFAULT, [&stream[..]]);
        for at in 0..=stream.len() {
            let parts = cut_stream(framing, Limits::DEFAULT, [&stream[..at], &stream[at..]]);
            assert_eq!(
                parts,
                whole,
                "{framing} cut at {at}: {}",
                stream.escape_ascii()
            );
        }
    }
}

#[test]
fn byte_by_byte() {
    for (framing, stream) in golden_streams() {
        let whole = cut_stream(framing, Limits::DEFAULT, [&stream[..]]);
        assert_eq!(
            cut_stream(framing, Limits::DEFAULT, stream.chunks(1)),
            whole,
            "{framing}"
        );
    }
}

/// Cuts `stream` at `cuts`, taken modulo its length.
fn partition<'a>(stream: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    at.extend([0, stream.len()]);
    at.sort_unstable();
    at.windows(2)
        .map(|pair| &stream[pair[0]..pair[1]])
        .collect()
}

fn framings_with_headers() -> impl Strategy<Value = Framing> {
    prop::sample::select(vec![
        Framing::Link,
        Framing::ClassicFixed,
        Framing::ClassicVar,
        Framing::Tpkt,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_frames_in_any_partition(
        framing in framings_with_headers(),
        bodies in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..3000)), 1..12),
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let mut stream = Vec::new();
        for (connection, body) in &bodies {
            stream.extend_from_slice(&framing.data_header(*connection, body.len() as u32).expect("short"));
            stream.extend_from_slice(body);
        }
        let (frames, end) = cut_stream(framing, Limits::DEFAULT, partition(&stream, &cuts));
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(frames.len(), bodies.len());
        for ((head, found), (connection, body)) in frames.iter().zip(&bodies) {
            prop_assert_eq!(found, body);
            prop_assert_eq!(head.body_bytes as usize, body.len());
            let id = match head.label {
                Label::None | Label::Unit(_) => *connection,
                Label::Classic { connection } => connection,
                Label::Link(head) => head.connection,
            };
            prop_assert_eq!(id, *connection);
        }
    }

    #[test]
    fn any_bytes_in_any_partition(
        framing in framings_with_headers(),
        stream in prop::collection::vec(prop::sample::select(b"0123|\x00\x03\x20 +".to_vec()), 0..200),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        let limits = Limits { frame_bytes_max: 50 };
        let whole = cut_stream(framing, limits, [&stream[..]]);
        prop_assert_eq!(cut_stream(framing, limits, partition(&stream, &cuts)), whole);
    }
}

#[test]
fn raw_frames_are_the_arrivals() {
    let arrivals: [&[u8]; 4] = [b"one", b"", b"two ", b"three"];
    let (frames, end) = cut_stream(Framing::Raw, Limits::DEFAULT, arrivals);
    let bodies: Vec<_> = frames.into_iter().map(|(_, body)| body).collect();
    assert_eq!(
        (bodies, end),
        (
            vec![b"one".to_vec(), b"two ".to_vec(), b"three".to_vec()],
            Ok(())
        )
    );
    let limit = Limits { frame_bytes_max: 4 };
    let bodies: Vec<_> = cut_stream(Framing::Raw, limit, [&b"123456789"[..]])
        .0
        .into_iter()
        .map(|(_, body)| body)
        .collect();
    assert_eq!(
        bodies,
        [&b"1234"[..], b"5678", b"9"],
        "the limit cuts, it does not refuse"
    );
    assert_eq!(
        cut_stream(Framing::Raw, Limits { frame_bytes_max: 0 }, [&b"ab"[..]])
            .0
            .len(),
        2,
        "0 counts as 1"
    );
}

#[test]
fn thousands_of_frames_in_one_block() {
    for framing in [
        Framing::Link,
        Framing::ClassicFixed,
        Framing::ClassicVar,
        Framing::Tpkt,
    ] {
        let mut stream = Vec::new();
        let mut count = 0;
        loop {
            let header = framing
                .data_header(count % 10, (count % 3) as u32)
                .expect("short");
            if stream.len() + header.len() + 2 > 16_384 {
                break;
            }
            stream.extend_from_slice(&header);
            stream.extend_from_slice(&b"ab"[..(count % 3) as usize]);
            count += 1;
        }
        assert!(count > 450, "{framing}: {count}");
        let pool = pool();
        let mut writer = pool.writable(megaphone_pool::Class::Bulk).expect("a block");
        writer.put(&stream);
        let (mut input, mut body, mut expect) = (pool.gather(), pool.gather(), Expect::default());
        input.push_lease(writer.freeze());
        for n in 0..count {
            let head = framing
                .next(&mut expect, &mut input, &mut body, Limits::DEFAULT)
                .expect("good")
                .expect("complete");
            assert_eq!(
                (u64::from(head.body_bytes), &body.to_vec()[..]),
                (n % 3, &b"ab"[..(n % 3) as usize])
            );
            body.clear();
        }
        assert!(input.is_empty() && pool.is_whole());
    }
}

#[test]
fn a_frame_may_span_hundreds_of_blocks() {
    let body: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
    let limits = Limits {
        frame_bytes_max: 1_000_000,
    };
    for framing in [Framing::Link, Framing::ClassicFixed, Framing::ClassicVar] {
        let stream = [&framing.data_header(1, 1_000_000).expect("fits"), &body[..]].concat();
        let (frames, end) = cut_stream(framing, limits, [&stream[..]]);
        assert_eq!((frames.len(), end), (1, Ok(())));
        assert_eq!(frames[0].1, body);
    }
}

#[test]
fn no_look_before_it_is_worth_while() {
    let pool = pool();
    let (mut input, mut body, mut expect) = (pool.gather(), pool.gather(), Expect::default());
    let stream = [
        &Framing::ClassicFixed.data_header(1, 100).expect("short"),
        &[b'x'; 100][..],
    ]
    .concat();
    arrive(&pool, &mut input, &stream[..5]);
    assert_eq!(
        Framing::ClassicFixed.next(&mut expect, &mut input, &mut body, Limits::DEFAULT),
        Ok(None)
    );
    assert_eq!((expect.bytes(), expect.in_body()), (32, false));
    arrive(&pool, &mut input, &stream[5..40]);
    assert_eq!(
        Framing::ClassicFixed.next(&mut expect, &mut input, &mut body, Limits::DEFAULT),
        Ok(None)
    );
    assert_eq!(
        (expect.bytes(), expect.in_body(), size_of::<Expect>()),
        (132, true, 24)
    );
    assert_eq!(frames_of(Framing::ClassicFixed, &stream).len(), 1);
}

/// The units of a stream, white space left out: how much of it comes at once is a matter of arrival.
fn units(stream: &[u8], at: usize) -> Outcome {
    let (mut frames, end) = cut_stream(
        Framing::Stanza,
        Limits::DEFAULT,
        [&stream[..at], &stream[at..]],
    );
    frames.retain(|(head, _)| head.label != Label::Unit(UnitKind::Keepalive));
    (frames, end)
}

#[test]
fn units_of_a_stream_cut_anywhere() {
    let stream = b"<?xml version='1.0'?> <stream:stream to='a'>\n<a b='>'/> \t<b><![CDATA[</b>]]></b>\n</stream:stream>\n";
    let whole = units(stream, 0);
    let kinds: Vec<_> = whole.0.iter().map(|(head, _)| head.label).collect();
    assert_eq!(
        kinds,
        [
            UnitKind::Header,
            UnitKind::Stanza,
            UnitKind::Stanza,
            UnitKind::End
        ]
        .map(Label::Unit)
    );
    assert_eq!(whole.1, Ok(()));
    for at in 0..=stream.len() {
        assert_eq!(units(stream, at), whole, "cut at {at}");
    }
}

#[test]
fn a_stream_that_ends_inside_a_stanza() {
    let (frames, end) = cut_stream(
        Framing::Stanza,
        Limits::DEFAULT,
        [&b"<stream:stream><a>"[..]],
    );
    assert_eq!(frames.len(), 1);
    assert_eq!(end, Err(FrameFault::EofInBody { have: 3, want: 4 }));
}

#[test]
fn a_stream_goes_on_from_its_phase_alone() {
    let pool = pool();
    let mut expect = Expect::default();
    assert_eq!(expect.phase(), Phase::Before);
    for (bytes, phase) in [
        (&b"<stream:stream>"[..], Phase::Inside),
        (b"<a><b/></a>", Phase::Inside),
        (b" ", Phase::Inside),
        (b"<?xml version='1.0'?><stream:stream>", Phase::Inside),
        (b"</stream:stream>", Phase::After),
        (b"\n", Phase::After),
    ] {
        let (mut input, mut body) = (pool.gather(), pool.gather());
        arrive(&pool, &mut input, bytes);
        expect = Expect::at(expect.phase());
        let head = Framing::Stanza
            .next(&mut expect, &mut input, &mut body, Limits::DEFAULT)
            .expect("no fault");
        assert_eq!(head.map(|head| head.body_bytes as usize), Some(bytes.len()));
        assert_eq!(expect.phase(), phase);
    }
    let (mut input, mut body) = (pool.gather(), pool.gather());
    arrive(&pool, &mut input, b"<a/>");
    let mut expect = Expect::at(Phase::After);
    assert!(
        Framing::Stanza
            .next(&mut expect, &mut input, &mut body, Limits::DEFAULT)
            .is_err(),
        "nothing follows the end"
    );
}
