//! Link frames: headers, types, and every payload both ways.

use super::{cut_stream, frames_of};
use crate::link::*;
use crate::{FrameFault, Framing, Label, Limits};

#[test]
fn golden_header() {
    let head = Head {
        kind: FrameType::Data,
        flags: Head::MORE,
        aux: 0x1234,
        connection: 0x0102_0304_0506_0708,
    };
    let bytes = head.header(3).expect("short");
    assert_eq!(
        *bytes,
        [0, 0, 0, 15, 0x20, 1, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8]
    );
    let frames = frames_of(Framing::Link, &[&bytes[..], b"abc"].concat());
    assert_eq!(
        (frames[0].0.label, &frames[0].1[..]),
        (Label::Link(head), &b"abc"[..])
    );
    assert!(head.more() && !head.with_more(false).more());
}

#[test]
fn lengths_at_the_edges() {
    let fault = |length: u32| {
        let stream = [&length.to_be_bytes()[..], &[0x20; 12]].concat();
        cut_stream(
            Framing::Link,
            Limits {
                frame_bytes_max: 100,
            },
            [&stream[..]],
        )
        .1
    };
    for length in [0, 1, 11] {
        let expected = FrameFault::LengthBelowHeader {
            length: u64::from(length),
            least: 12,
        };
        assert_eq!(fault(length), Err(expected));
    }
    assert_eq!(fault(12), Ok(()));
    assert_eq!(
        fault(112),
        Err(FrameFault::EofInBody {
            have: 16,
            want: 116
        })
    );
    for length in [113, u32::MAX] {
        let body_bytes = u64::from(length) - 12;
        assert_eq!(
            fault(length),
            Err(FrameFault::TooLong {
                body_bytes,
                limit: 100
            })
        );
    }
    assert!(Head::data(1).header(u32::MAX - 12).is_ok());
    assert!(Head::data(1).header(u32::MAX - 11).is_err());
}

#[test]
fn a_length_out_of_bounds_is_told_before_the_rest_of_the_header() {
    let (_, end) = cut_stream(Framing::Link, Limits::DEFAULT, [&[0, 0, 0, 3][..]]);
    assert_eq!(
        end,
        Err(FrameFault::LengthBelowHeader {
            length: 3,
            least: 12
        })
    );
}

#[test]
fn every_code_is_a_type_and_back() {
    for code in 0..=u8::MAX {
        let kind = FrameType::from_code(code);
        assert_eq!(kind.code(), code);
        let numbered = (0x10..=0x40).contains(&code) || (0x80..=0x8f).contains(&code);
        assert_eq!(kind.is_numbered(), numbered, "{code:#x}");
    }
    assert_eq!(FrameType::from_code(0x8f), FrameType::User(0x8f));
    assert_eq!(FrameType::from_code(0x90), FrameType::Unknown(0x90));
    assert!(!FrameType::Ack.is_numbered() && FrameType::Credit.is_numbered());
}

#[test]
fn the_placeholder_is_a_numbered_frame_that_says_nothing() {
    let frames = frames_of(Framing::Link, &PLACEHOLDER);
    assert_eq!(
        frames[0].0.label,
        Label::Link(Head::new(FrameType::Credit, 0))
    );
    assert_eq!(decode_credit(FrameType::Credit, &frames[0].1), Ok(0));
}

const HELLO: Hello<'_> = Hello {
    role: Role::Controller,
    flags: WANTS_ACK,
    max_frame: 65_536,
    epoch: 0x1122_3344_5566_7788,
    resume: 99,
    name: "Zürich-1",
    token: b"secret",
    more: b"",
};

fn encoded(hello: &Hello<'_>) -> Vec<u8> {
    let mut payload = Vec::new();
    hello.encode(&mut payload);
    payload
}

#[test]
fn hello_both_ways() {
    let payload = encoded(&HELLO);
    assert_eq!(Hello::decode(&payload), Ok(HELLO));
    assert!(HELLO.wants_ack());
    let longer = [&payload[..], b"\0from version 1.5"].concat();
    let behind = Hello::decode(&longer).expect("what is behind is ignored");
    assert_eq!(
        Hello {
            more: b"",
            ..behind
        },
        HELLO
    );
    assert_eq!(behind.mids(), Ok(Vec::new()));
    let name = "n".repeat(255);
    let largest = Hello {
        name: &name,
        token: &[7; 1024],
        more: b"",
        ..HELLO
    };
    assert_eq!(Hello::decode(&encoded(&largest)), Ok(largest));
}

#[test]
fn a_controller_says_whom_it_serves() {
    let more = b"\x02\0\x04<mg>\0\x01x later";
    let hello = Hello { more, ..HELLO };
    let payload = encoded(&hello);
    let read = Hello::decode(&payload).expect("well-formed");
    assert_eq!(read.mids(), Ok(vec!["<mg>", "x"]));
    for cut in 1..10 {
        let more = &more[..cut];
        let fault = Hello { more, ..HELLO }.mids().expect_err("it is cut");
        assert!(matches!(fault, PayloadFault::Short { .. }), "{fault}");
    }
    let backend = Hello {
        role: Role::Backend,
        ..hello
    };
    assert_eq!(backend.mids(), Ok(Vec::new()), "backends serve no MIDs");
    let more = b"\x01\0\x01\xff";
    assert_eq!(
        Hello { more, ..HELLO }.mids(),
        Err(PayloadFault::Text {
            kind: FrameType::Hello
        })
    );
}

#[test]
fn hello_cut_anywhere_is_a_fault() {
    let payload = encoded(&HELLO);
    for n in 0..payload.len() {
        let fault = Hello::decode(&payload[..n]).expect_err("it is cut");
        assert!(
            matches!(fault, PayloadFault::Magic | PayloadFault::Short { .. }),
            "{fault} at {n}"
        );
    }
}

#[test]
fn hello_out_of_range() {
    let spoilt = |at: usize, byte: u8| {
        let mut payload = encoded(&HELLO);
        payload[at] = byte;
        Hello::decode(&payload).map(|_| ())
    };
    assert_eq!(spoilt(0, b'm'), Err(PayloadFault::Magic));
    assert_eq!(spoilt(4, 2), Err(PayloadFault::Version { version: 2 }));
    assert_eq!(spoilt(5, 3), Err(PayloadFault::Role { role: 3 }));
    assert_eq!(spoilt(9, 0), Err(PayloadFault::MaxFrame { max_frame: 0 }));
    assert_eq!(spoilt(29, 0xff), Err(PayloadFault::Name), "no UTF-8");
    assert_eq!(
        spoilt(29, b'\n'),
        Err(PayloadFault::Name),
        "a control character"
    );
    let long = [&encoded(&HELLO)[..], &[0; HELLO_BYTES_MAX]].concat();
    assert!(matches!(
        Hello::decode(&long),
        Err(PayloadFault::Long { .. })
    ));
    for (max_frame, good) in [(1023, false), (1024, true), (1025, true)] {
        assert_eq!(
            Hello::decode(&encoded(&Hello { max_frame, ..HELLO })).is_ok(),
            good
        );
    }
    let mut token = encoded(&Hello {
        token: b"",
        more: b"",
        ..HELLO
    });
    let end = token.len();
    token[end - 2..].copy_from_slice(&1025_u16.to_be_bytes());
    token.resize(end + 1025, 0);
    let fault = PayloadFault::Long {
        kind: FrameType::Hello,
        bytes: 1025,
        limit: 1024,
    };
    assert_eq!(Hello::decode(&token), Err(fault));
}

#[test]
fn names_are_cut_between_characters() {
    let name = "ü".repeat(128);
    let payload = encoded(&Hello {
        name: &name,
        ..HELLO
    });
    assert_eq!(
        Hello::decode(&payload).expect("still good").name,
        "ü".repeat(127)
    );
}

#[test]
fn verdicts_both_ways() {
    for &reason in Reason::ALL {
        let mut payload = Vec::new();
        Verdict::of(reason).encode(&mut payload);
        assert_eq!(
            Verdict::decode(FrameType::Close, &payload),
            Ok(Verdict::of(reason))
        );
        assert_eq!(Reason::from_code(reason.code()), reason);
        assert!(reason.to_string().contains(reason.text()));
    }
    assert_eq!(Reason::from_code(0x8001), Reason::Other(0x8001));
    assert_eq!(Reason::Other(0x8001).code(), 0x8001);
}

#[test]
fn verdicts_of_strange_payloads() {
    fn of(payload: &[u8]) -> Result<Verdict<'_>, PayloadFault> {
        Verdict::decode(FrameType::Reject, payload)
    }
    assert_eq!(
        of(b""),
        Ok(Verdict {
            reason: Reason::Normal,
            text: ""
        })
    );
    assert_eq!(
        of(b"\0"),
        Err(PayloadFault::Short {
            kind: FrameType::Reject,
            field: "reason"
        })
    );
    assert_eq!(
        of(b"\0\x07busy\xffxx"),
        Ok(Verdict {
            reason: Reason::Overload,
            text: "busy"
        })
    );
    for (bytes, kept) in [(1023, 1023), (1024, 1024), (1025, 1024)] {
        let payload = [&[0, 9][..], &vec![b'a'; bytes]].concat();
        assert_eq!(of(&payload).expect("good").text.len(), kept);
    }
}

fn ack(ranges: &[(u64, u64)]) -> Vec<u8> {
    let mut payload = Vec::new();
    let ranges = ranges.iter().map(|&(first, last)| Range { first, last });
    encode_ack(ranges, &mut payload);
    payload
}

#[test]
fn acks_both_ways() {
    let ranges = [(1, 1), (2, 5), (7, u64::MAX)];
    let payload = ack(&ranges);
    let decoded: Vec<_> = decode_ack(&payload)
        .expect("good")
        .map(|range| (range.first, range.last))
        .collect();
    assert_eq!(decoded, ranges);
}

#[test]
fn one_bad_range_spoils_the_ack() {
    for ranges in [
        &[(0, 1)][..],
        &[(5, 4)],
        &[(1, 3), (3, 4)],
        &[(4, 5), (1, 2)],
        &[(1, 2), (4, 3)],
        &[(1, u64::MAX), (1, 2)],
    ] {
        assert!(
            matches!(decode_ack(&ack(ranges)), Err(PayloadFault::Range { .. })),
            "{ranges:?}"
        );
    }
    for n in (0..48).filter(|n| n % 16 != 0).chain([0]) {
        let payload = ack(&[(1, 1), (3, 3), (5, 5)]);
        assert!(
            matches!(decode_ack(&payload[..n]), Err(PayloadFault::Short { .. })),
            "{n} bytes"
        );
    }
}

#[test]
fn acks_are_bounded() {
    let ranges: Vec<_> = (1..=65).map(|n| (2 * n, 2 * n)).collect();
    for (count, good) in [(63, true), (64, true)] {
        assert_eq!(decode_ack(&ack(&ranges[..count])).is_ok(), good);
    }
    let mut payload = ack(&ranges);
    assert_eq!(payload.len(), 64 * 16, "the encoder stops at the limit");
    payload.extend_from_slice(&ack(&[(200, 200)]));
    assert!(matches!(
        decode_ack(&payload),
        Err(PayloadFault::Long { .. })
    ));
}

#[test]
fn numbers_both_ways() {
    for number in [0, 1, 65_536, u32::MAX] {
        assert_eq!(
            decode_credit(FrameType::OpenOk, &encode_credit(number)),
            Ok(number)
        );
        assert_eq!(decode_drain(&encode_drain(number)), Ok(number));
    }
    assert_eq!(
        decode_ping(FrameType::Ping, b"12345678ignored"),
        Ok(*b"12345678")
    );
    for n in 0..4 {
        let short = PayloadFault::Short {
            kind: FrameType::Credit,
            field: "credit",
        };
        assert_eq!(decode_credit(FrameType::Credit, &[1; 4][..n]), Err(short));
        assert!(decode_drain(&[1; 4][..n]).is_err());
    }
    assert!(decode_ping(FrameType::Pong, b"1234567").is_err());
    for (bytes, aux) in [
        (0, 0),
        (1023, 0),
        (1024, 1),
        (65_536, 64),
        (u32::MAX, u16::MAX),
    ] {
        assert_eq!(open_credit_aux(bytes), aux);
    }
    assert_eq!(open_credit_bytes(u16::MAX), 65_535 * 1024);
}
