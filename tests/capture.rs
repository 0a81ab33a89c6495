//! A capture as `megaphone trace --pcapng` writes it, read by tshark.
//!
//! Needs `tshark` (Debian: tshark); without it the test says so and passes.
#![forbid(unsafe_code)]

use megaphone::ctl::wire::{Message, Over};
use megaphone::trace::Capture;
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::{Arena, Limits, text};
use std::fs::File;
use std::process::Command;

const TEXT: &str = "!/1 [192.0.2.1]:2944 T=9{C=-{SC=ROOT{SV{MT=RS,RE=\"901 Cold Boot\"}}}}";

fn message(unix_ns: u64, bytes: Vec<u8>, received: bool, ends: [&str; 2], over: Over) -> Message {
    let [theirs, ours] = ends.map(|end| Some(end.parse().expect("an address")));
    Message {
        unix_ns,
        received,
        over,
        theirs,
        ours,
        base64: bytes,
    }
}

#[test]
fn tshark_opens_a_trace_as_h248() {
    if let Err(error) = Command::new("tshark").arg("--version").output() {
        println!("skipped: tshark cannot be run ({error}); install tshark");
        return;
    }
    let arena = Arena::new();
    let decoded = text::decode(TEXT.as_bytes(), &arena, &Limits::default()).expect("decodes");
    let mut binary = Vec::new();
    ber::encode(&decoded.message, &BerConfig::default(), &mut binary).expect("encodes");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trace.pcapng");
    let mut capture = Capture::start(File::create(&path).expect("a file")).expect("a head");
    let v4 = ["192.0.2.1:2944", "192.0.2.9:2944"];
    let v6 = ["[2001:db8::1]:2945", "[2001:db8::9]:2945"];
    let at = 1_700_000_000_123_456_789;
    for message in [
        message(at, TEXT.into(), true, v4, Over::Udp),
        message(at + 1, binary, false, v6, Over::Tcp),
    ] {
        capture.add(&message).expect("the file takes it");
    }
    drop(capture);

    let fields = [
        "frame.time_epoch",
        "frame.protocols",
        "ip.src",
        "ipv6.dst",
        "megaco.transid",
        "h248.transactionRequest.transactionId",
    ];
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&path).args(["-T", "fields"]);
    for field in fields {
        tshark.args(["-e", field]);
    }
    let output = tshark.output().expect("tshark runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let rows: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(
        rows.len(),
        2,
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let pdu = "exported_pdu";
    let expected = [
        [
            "1700000000.123456789",
            &format!("{pdu}:megaco"),
            "192.0.2.1",
            "",
            "9",
            "",
        ],
        [
            "1700000000.123456790",
            &format!("{pdu}:h248"),
            "",
            "2001:db8::1",
            "",
            "9",
        ],
    ];
    assert_eq!(rows, expected);
}
