//! Frames of controllers: every payload both ways, cut anywhere.

use crate::link::user::*;
use crate::link::{FrameType, PayloadFault};

const TOKEN: Token = *b"01234567890123456789";

#[test]
fn what_controllers_say_is_read() {
    let tagged = |rest: &[u8]| [&7_u64.to_be_bytes()[..], rest].concat();
    let reply = [&TOKEN[..], &9_u64.to_be_bytes(), b"!/1"].concat();
    let cases: [(UserFrame, &[u8], FromController<'_>, usize); 7] = [
        (UserFrame::Disconnect, b"", FromController::Disconnect, 0),
        (UserFrame::Cancel, b"", FromController::Cancel, 0),
        (
            UserFrame::Pending,
            &TOKEN,
            FromController::Pending { token: TOKEN },
            20,
        ),
        (
            UserFrame::Reply,
            &reply,
            FromController::Reply {
                token: TOKEN,
                data: 9,
                message: b"!/1",
            },
            28,
        ),
        (
            UserFrame::Call,
            &tagged(b"!/1"),
            FromController::Call {
                tag: 7,
                message: b"!/1",
            },
            8,
        ),
        (
            UserFrame::Cast,
            &tagged(b""),
            FromController::Cast {
                tag: 7,
                message: b"",
            },
            8,
        ),
        (
            UserFrame::Configure,
            &tagged(b"\x04item12"),
            FromController::Configure {
                tag: 7,
                item: "item",
                value: "12",
            },
            13,
        ),
    ];
    for (frame, payload, said, least) in cases {
        let FrameType::User(code) = frame.kind() else {
            panic!("{frame:?} is no frame of controllers");
        };
        assert_eq!(FromController::decode(code, payload), Ok(Some(said)));
        for cut in 0..least {
            let fault = FromController::decode(code, &payload[..cut]);
            assert!(
                matches!(fault, Err(PayloadFault::Short { .. })),
                "{frame:?} cut at {cut}"
            );
        }
    }
    assert_eq!(
        FromController::decode(0x8d, &tagged(b"\x01\xff")),
        Err(PayloadFault::Text {
            kind: FrameType::User(0x8d)
        })
    );
    for code in [0x80, 0x82, 0x87, 0x8f] {
        assert_eq!(FromController::decode(code, b""), Ok(None), "{code:x}");
    }
}

#[test]
fn what_controllers_are_told_is_written() {
    let mut out = Vec::new();
    Connect {
        local: "<mgc>",
        remote: "",
        encoding: 2,
        transport: 1,
    }
    .encode(&mut out);
    assert_eq!(out, b"\0\x05<mgc>\0\0\x02\x01");
    out.clear();
    encode_result(1, Outcome::Timeout, 2, b"late", &mut out);
    assert_eq!(out, b"\0\0\0\0\0\0\0\x01\x04\0\x02late");
    out.clear();
    encode_ack(1, true, "", &mut out);
    encode_configured(2, false, "no", &mut out);
    assert_eq!(out, b"\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\x02\x01no");
}
