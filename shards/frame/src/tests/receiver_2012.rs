//! The receive loop of the original Megaphone (January 2012) had five faults. One test per fault: none of them is here.

use super::{arrive, cut_stream, frames_of, pool};
use crate::{Expect, FrameFault, Framing, Limits};

const FORMATS: [Framing; 2] = [Framing::ClassicFixed, Framing::ClassicVar];

fn packet(framing: Framing, connection: u64, content: &[u8]) -> Vec<u8> {
    let header = framing
        .data_header(connection, content.len() as u32)
        .expect("short");
    [&header, content].concat()
}

/// It compared a size with the pattern `true`, so a packet that had arrived completely crashed it.
#[test]
fn fault_1_a_complete_packet_is_a_packet() {
    for framing in FORMATS {
        for content in [&b""[..], b"x", b"complete"] {
            let frames = frames_of(framing, &packet(framing, 9, content));
            assert_eq!((frames.len(), &frames[0].1[..]), (1, content), "{framing}");
        }
    }
}

/// It appended to what was left over with the operator of lists, on binaries: the second arrival crashed it. And where it
/// worked it would have copied everything again for each arrival.
#[test]
fn fault_2_what_is_left_over_is_joined_without_copying_it_again() {
    for framing in FORMATS {
        let content = vec![b'z'; 40_000];
        let stream = packet(framing, 9, &content);
        let pool = pool();
        let (mut input, mut body, mut expect) = (pool.gather(), pool.gather(), Expect::default());
        let mut frames = 0;
        for arrival in stream.chunks(300) {
            arrive(&pool, &mut input, arrival);
            let limits = Limits::DEFAULT;
            frames += usize::from(
                framing
                    .next(&mut expect, &mut input, &mut body, limits)
                    .expect("no fault")
                    .is_some(),
            );
        }
        assert_eq!((frames, body.to_vec()), (1, content));
        // The last arrival is short and was coalesced; nothing else was ever copied.
        assert!(pool.traffic().copied_bytes < 300, "{:?}", pool.traffic());
    }
}

/// It had no branch for a socket that is closed or broken: an end in the middle of a packet crashed it.
#[test]
fn fault_3_an_end_anywhere_is_told_and_never_a_crash() {
    for framing in FORMATS {
        let stream = packet(framing, 9, b"the end");
        for have in 0..stream.len() {
            let (frames, end) = cut_stream(framing, Limits::DEFAULT, [&stream[..have]]);
            assert_eq!((frames.len(), end.is_err()), (0, have > 0));
        }
    }
}

/// It waited for the rest of a packet without any deadline. Deadlines are not this crate's, but what they need is: whether a
/// frame was begun, and whether its header is complete.
#[test]
fn fault_4_a_packet_that_was_begun_is_known_to_be_incomplete() {
    for framing in FORMATS {
        let stream = packet(framing, 9, b"late");
        let header_bytes = stream.len() - 4;
        let pool = pool();
        let (mut input, mut body, mut expect) = (pool.gather(), pool.gather(), Expect::default());
        for (at, arrival) in stream.chunks(1).enumerate() {
            assert_eq!(
                (expect.bytes() > 0, expect.in_body()),
                (at > 0, at >= header_bytes),
                "{framing} at {at}"
            );
            arrive(&pool, &mut input, arrival);
            let _ = framing
                .next(&mut expect, &mut input, &mut body, Limits::DEFAULT)
                .expect("no fault");
        }
        assert_eq!(expect, Expect::default());
    }
}

/// It trusted the length in the header, whatever it said.
#[test]
fn fault_5_a_length_is_bounded_before_anything_follows_from_it() {
    for (framing, header) in [
        (Framing::ClassicFixed, &b"4294967328|"[..]),
        (Framing::ClassicVar, b"00000000000000000009|4294967296|"),
    ] {
        let pool = pool();
        let (mut input, mut body, mut expect) = (pool.gather(), pool.gather(), Expect::default());
        arrive(&pool, &mut input, header);
        let fault = framing
            .next(&mut expect, &mut input, &mut body, Limits::DEFAULT)
            .expect_err("above any limit");
        assert_eq!(
            fault,
            FrameFault::TooLong {
                body_bytes: 4_294_967_296,
                limit: 65_536
            }
        );
        assert_eq!(
            (input.len(), body.len()),
            (header.len(), 0),
            "nothing was taken"
        );
    }
}
