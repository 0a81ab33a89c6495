//! `docs/link-protocol.md` says what the code does: its hex conversation, its reason codes, its table of types.

use super::cut_stream;
use crate::link::{FrameType, Head, Hello, Reason, Role, Verdict, WANTS_ACK, encode_credit};
use crate::proxy::{self, Endpoints};
use crate::{Framing, Label, Limits, link};

const DOCUMENT: &str = include_str!("../../../../docs/link-protocol.md");

/// The conversation's frames, in order: who sends it, its bytes.
pub(super) fn conversation() -> Vec<(char, Vec<u8>)> {
    let block = DOCUMENT
        .split("```hex\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a hex block");
    let line = |line: &str| {
        let (who, rest) = line.split_at(1);
        let hex: String = rest
            .split(';')
            .next()
            .unwrap_or("")
            .split_whitespace()
            .collect();
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits");
        (
            who.chars().next().expect("who"),
            (0..hex.len()).step_by(2).map(byte).collect(),
        )
    };
    block.lines().map(line).collect()
}

fn hello(role: Role, flags: u16, epoch: u64, name: &str) -> Vec<u8> {
    let mut payload = Vec::new();
    Hello {
        role,
        flags,
        max_frame: 65_536,
        epoch,
        resume: 0,
        name,
        token: b"",
        more: b"",
    }
    .encode(&mut payload);
    payload
}

#[test]
fn the_conversation_is_what_the_encoders_make() {
    const CLIENT: u64 = 0x0010_0001_0000_0005;
    let mut proxy_header = Vec::new();
    let endpoints = Endpoints::Ip {
        source: "192.0.2.7:50000".parse().expect("an address"),
        destination: "198.51.100.1:5222".parse().expect("an address"),
        datagram: false,
    };
    proxy::encode(&endpoints, [], &mut proxy_header);
    let mut bye = Vec::new();
    Verdict {
        reason: Reason::Normal,
        text: "",
    }
    .encode(&mut bye);
    let ping = [1, 2, 3, 4, 5, 6, 7, 8];
    let frames: [(char, Head, Vec<u8>); 12] = [
        (
            'B',
            Head::new(FrameType::Hello, 0),
            hello(Role::Backend, 0, 0, "chat"),
        ),
        (
            'A',
            Head::new(FrameType::HelloOk, 0),
            hello(Role::Appliance, WANTS_ACK, 1, "megaphone"),
        ),
        ('A', Head::open(CLIENT, 65_536), proxy_header),
        (
            'B',
            Head::new(FrameType::OpenOk, CLIENT),
            encode_credit(65_536).to_vec(),
        ),
        ('A', Head::data(CLIENT), b"hello".to_vec()),
        ('B', Head::data(CLIENT), b"hello".to_vec()),
        (
            'B',
            Head::new(FrameType::Credit, CLIENT),
            encode_credit(5).to_vec(),
        ),
        (
            'A',
            Head::new(FrameType::Credit, CLIENT),
            encode_credit(5).to_vec(),
        ),
        ('A', Head::new(FrameType::Close, CLIENT), bye.clone()),
        ('B', Head::new(FrameType::Close, CLIENT), bye),
        ('A', Head::new(FrameType::Ping, 0), ping.to_vec()),
        ('B', Head::new(FrameType::Pong, 0), ping.to_vec()),
    ];
    let documented = conversation();
    assert_eq!(documented.len(), frames.len());
    for ((who, bytes), (sender, head, payload)) in documented.into_iter().zip(frames) {
        let made = [
            &head.header(payload.len() as u32).expect("short"),
            &payload[..],
        ]
        .concat();
        assert_eq!((who, &bytes), (sender, &made), "{:?}", head.kind);
        let (decoded, end) = cut_stream(Framing::Link, Limits::DEFAULT, [&bytes[..]]);
        assert_eq!((end, decoded.len()), (Ok(()), 1));
        assert_eq!(
            (decoded[0].0.label, &decoded[0].1),
            (Label::Link(head), &payload)
        );
    }
}

#[test]
fn every_reason_is_in_the_table() {
    for &reason in Reason::ALL {
        let row = format!("| {} | {} |", reason.code(), reason.text());
        assert!(DOCUMENT.contains(&row), "no row {row:?}");
    }
}

#[test]
fn every_type_is_in_the_table_with_its_numbering() {
    let rows = || DOCUMENT.lines().filter(|line| line.starts_with("| `"));
    for code in 0..=u8::MAX {
        let kind = FrameType::from_code(code);
        if matches!(kind, FrameType::Unknown(_) | FrameType::User(_)) {
            continue;
        }
        let row = rows()
            .find(|row| row.starts_with(&format!("| `{code:02X}` ")))
            .expect("a row for each type");
        assert_eq!(row.ends_with("| yes |"), kind.is_numbered(), "{row}");
        let name: String = row
            .split('|')
            .nth(2)
            .expect("a name")
            .trim()
            .replace('_', "");
        assert_eq!(name.to_lowercase(), format!("{kind:?}").to_lowercase());
    }
}

#[test]
fn documented_limits_are_the_constants() {
    for (text, number) in [
        (
            "at most 1,024 bytes, may be empty",
            link::TEXT_BYTES_MAX == 1024,
        ),
        (
            "| payload of HELLO, HELLO_OK | 4,096 bytes",
            link::HELLO_BYTES_MAX == 4096,
        ),
        (
            "| PROXY header in OPEN | 4,096 bytes, 64 TLVs",
            proxy::PROXY_BYTES_MAX == 4096 && proxy::TLVS_MAX == 64,
        ),
        ("| ranges in an ACK | 64 |", link::RANGES_MAX == 64),
        ("| `length` | at least 12 |", link::LENGTH_MIN == 12),
        (
            "at least 1,024. Longer messages",
            link::MAX_FRAME_MIN == 1024,
        ),
        (
            "at most 1,024 bytes. A wrong one",
            link::TOKEN_BYTES_MAX == 1024,
        ),
    ] {
        assert!(DOCUMENT.contains(text) && number, "{text}");
    }
}
