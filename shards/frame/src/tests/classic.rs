//! The classic formats: golden packets, and every way in which their headers can be wrong.

use super::{cut_stream, frames_of};
use crate::{Field, FrameFault, Framing, Label, Limits, classic};

const HELLO_FIXED: &[u8] = b"0000000037|00000000000000000042|hello";
const HELLO_VAR: &[u8] = b"42|5|hello";

/// The fault that `stream` ends with, all of it arriving at once.
fn fault(framing: Framing, stream: &[u8]) -> FrameFault {
    cut_stream(
        framing,
        Limits {
            frame_bytes_max: 1000,
        },
        [stream],
    )
    .1
    .expect_err("a fault")
}

#[test]
fn golden_packets() {
    for (framing, stream, connection, content) in [
        (Framing::ClassicFixed, HELLO_FIXED, 42, &b"hello"[..]),
        (
            Framing::ClassicFixed,
            b"0000000032|18446744073709551615|",
            u64::MAX,
            b"",
        ),
        (
            Framing::ClassicFixed,
            b"0000000036|00000000000000000000||0|1",
            0,
            b"|0|1",
        ),
        (Framing::ClassicVar, HELLO_VAR, 42, b"hello"),
        (
            Framing::ClassicVar,
            b"18446744073709551615|0|",
            u64::MAX,
            b"",
        ),
        (Framing::ClassicVar, b"0|4||0|1", 0, b"|0|1"),
        (
            Framing::ClassicVar,
            b"00000000000000000007|0000000003|abc",
            7,
            b"abc",
        ),
    ] {
        let frames = frames_of(framing, stream);
        assert_eq!(frames.len(), 1, "{}", stream.escape_ascii());
        assert_eq!(frames[0].0.label, Label::Classic { connection });
        assert_eq!(
            (frames[0].0.body_bytes as usize, &frames[0].1[..]),
            (content.len(), content)
        );
    }
}

#[test]
fn headers_are_written_as_they_were_in_2011_and_2012() {
    assert_eq!(&*classic::fixed_header(42, 5), &HELLO_FIXED[..32]);
    assert_eq!(&*classic::var_header(42, 5), b"42|5|");
    assert_eq!(
        &*classic::fixed_header(u64::MAX, u32::MAX),
        b"4294967327|18446744073709551615|"
    );
    assert_eq!(
        &*classic::var_header(u64::MAX, u32::MAX),
        b"18446744073709551615|4294967295|"
    );
    assert_eq!(&*classic::var_header(0, 0), b"0|0|");
    assert_eq!(format!("{:?}", classic::var_header(9, 1)), "\"9|1|\"");
}

#[test]
fn a_length_that_does_not_cover_the_header() {
    for length in [0, 1, 31] {
        let stream = format!("{length:010}|00000000000000000001|");
        let expected = FrameFault::LengthBelowHeader { length, least: 32 };
        assert_eq!(fault(Framing::ClassicFixed, stream.as_bytes()), expected);
    }
}

#[test]
fn a_length_at_the_limit_and_above() {
    for (body, good) in [
        (999, true),
        (1000, true),
        (1001, false),
        (4_294_967_295, false),
    ] {
        let expected = FrameFault::TooLong {
            body_bytes: body,
            limit: 1000,
        };
        for (framing, header) in [
            (
                Framing::ClassicFixed,
                format!("{:010}|00000000000000000001|", body + 32),
            ),
            (Framing::ClassicVar, format!("1|{body}|")),
        ] {
            let found = fault(framing, header.as_bytes());
            if good {
                let have = header.len() as u64;
                assert_eq!(
                    found,
                    FrameFault::EofInBody {
                        have,
                        want: have + body
                    }
                );
            } else {
                assert_eq!(found, expected, "{framing}");
            }
        }
    }
}

#[test]
fn bytes_that_are_no_digits() {
    for byte in [b'+', b'-', b' ', b'a', b'/', b':', 0, 0xff, b'\n', b'.'] {
        for at in 0..32_u8 {
            let mut stream = HELLO_FIXED.to_vec();
            stream[usize::from(at)] = byte;
            let expected = match at {
                0..=9 => FrameFault::NotADigit {
                    field: Field::Length,
                    at,
                    byte,
                },
                11..=30 => FrameFault::NotADigit {
                    field: Field::Connection,
                    at,
                    byte,
                },
                _ => FrameFault::NotABar { at, byte },
            };
            assert_eq!(fault(Framing::ClassicFixed, &stream), expected);
        }
        for (at, field) in [
            (0, Field::Connection),
            (1, Field::Connection),
            (3, Field::Length),
        ] {
            let mut stream = HELLO_VAR.to_vec();
            stream[usize::from(at)] = byte;
            assert_eq!(
                fault(Framing::ClassicVar, &stream),
                FrameFault::NotADigit { field, at, byte }
            );
        }
    }
}

#[test]
fn fields_without_digits() {
    assert_eq!(
        fault(Framing::ClassicVar, b"|5|hello"),
        FrameFault::Empty {
            field: Field::Connection
        }
    );
    assert_eq!(
        fault(Framing::ClassicVar, b"42||hello"),
        FrameFault::Empty {
            field: Field::Length
        }
    );
}

#[test]
fn numbers_that_do_not_fit() {
    for (framing, stream, field) in [
        (
            Framing::ClassicFixed,
            &b"0000000032|18446744073709551616|"[..],
            Field::Connection,
        ),
        (
            Framing::ClassicFixed,
            b"0000000032|99999999999999999999|",
            Field::Connection,
        ),
        (
            Framing::ClassicVar,
            b"18446744073709551616|0|",
            Field::Connection,
        ),
        (
            Framing::ClassicVar,
            b"000000000000000000000|0|",
            Field::Connection,
        ),
        (
            Framing::ClassicVar,
            b"999999999999999999999|0|",
            Field::Connection,
        ),
        (Framing::ClassicVar, b"1|00000000000|", Field::Length),
        (
            Framing::ClassicVar,
            b"1|99999999999999999999999|",
            Field::Length,
        ),
    ] {
        assert_eq!(
            fault(framing, stream),
            FrameFault::Overflow { field },
            "{}",
            stream.escape_ascii()
        );
    }
    let ten_nines = FrameFault::TooLong {
        body_bytes: 9_999_999_999,
        limit: 1000,
    };
    assert_eq!(fault(Framing::ClassicVar, b"1|9999999999|"), ten_nines);
}

#[test]
fn the_longest_header_is_thirty_two_bytes() {
    let header = b"18446744073709551615|0000001000|";
    assert_eq!(header.len(), crate::HEADER_BYTES_MAX);
    let mut stream = header.to_vec();
    stream.resize(1032, b'x');
    let frames = cut_stream(
        Framing::ClassicVar,
        Limits {
            frame_bytes_max: 1000,
        },
        stream.chunks(1),
    );
    assert_eq!((frames.0.len(), frames.1), (1, Ok(())));
}

#[test]
fn an_end_inside_a_header_or_a_body() {
    for (framing, stream, header) in [
        (Framing::ClassicFixed, HELLO_FIXED, 32),
        (Framing::ClassicVar, HELLO_VAR, 5),
    ] {
        for have in 0..=stream.len() as u64 {
            let (frames, end) = cut_stream(framing, Limits::DEFAULT, [&stream[..have as usize]]);
            let (count, expected) = match have {
                0 => (0, Ok(())),
                _ if have < header => (0, Err(FrameFault::EofInHeader { have })),
                _ if have < stream.len() as u64 => (
                    0,
                    Err(FrameFault::EofInBody {
                        have,
                        want: stream.len() as u64,
                    }),
                ),
                _ => (1, Ok(())),
            };
            assert_eq!(
                (frames.len(), end),
                (count, expected),
                "{framing} after {have} bytes"
            );
        }
    }
}
