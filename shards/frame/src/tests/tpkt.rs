//! TPKT: lengths at every edge, the version byte.

use super::{cut_stream, frames_of};
use crate::{FrameFault, Framing, Limits, tpkt};

const NO_LIMIT: Limits = Limits {
    frame_bytes_max: u32::MAX,
};

#[test]
fn golden_packets() {
    assert_eq!(&*tpkt::header(5).expect("short"), [3, 0, 0, 9]);
    let frames = frames_of(Framing::Tpkt, b"\x03\x00\x00\x09hello\x03\xff\x00\x04");
    assert_eq!(
        frames.iter().map(|frame| &frame.1[..]).collect::<Vec<_>>(),
        [&b"hello"[..], b""]
    );
}

#[test]
fn lengths_below_the_header() {
    for length in 0..=3 {
        let (frames, end) = cut_stream(Framing::Tpkt, NO_LIMIT, [&[3, 0, 0, length][..]]);
        let expected = FrameFault::LengthBelowHeader {
            length: u64::from(length),
            least: 4,
        };
        assert_eq!((frames.len(), end), (0, Err(expected)));
    }
}

#[test]
fn the_shortest_and_the_longest() {
    assert_eq!(frames_of(Framing::Tpkt, &[3, 0, 0, 4])[0].0.body_bytes, 0);
    let body = vec![7; 65_531];
    let stream = [&tpkt::header(65_531).expect("the longest"), &body[..]].concat();
    assert_eq!(stream[2..4], [0xff, 0xff]);
    assert_eq!(frames_of(Framing::Tpkt, &stream)[0].1, body);
    let above = FrameFault::TooLong {
        body_bytes: 65_532,
        limit: 65_531,
    };
    assert_eq!(tpkt::header(65_532), Err(above));
    assert_eq!(
        Framing::Tpkt.data_header(0, u32::MAX).map(drop),
        Err(FrameFault::TooLong {
            body_bytes: u64::from(u32::MAX),
            limit: 65_531
        })
    );
}

#[test]
fn the_listeners_limit_counts_too() {
    for (body, good) in [(99, true), (100, true), (101, false)] {
        let stream = [
            &tpkt::header(body).expect("short"),
            &vec![0; body as usize][..],
        ]
        .concat();
        let (frames, end) = cut_stream(
            Framing::Tpkt,
            Limits {
                frame_bytes_max: 100,
            },
            [&stream[..]],
        );
        assert_eq!((frames.len() == 1, end.is_ok()), (good, good));
    }
}

#[test]
fn only_version_three() {
    for byte in (0..=255).filter(|&byte| byte != 3) {
        let (_, end) = cut_stream(Framing::Tpkt, NO_LIMIT, [&[byte][..]]);
        assert_eq!(
            end,
            Err(FrameFault::TpktVersion { byte }),
            "the first byte is enough"
        );
    }
}
