//! A second opinion: Wireshark's H.248 dissector on what the standard profile writes.
//!
//! Needs `tshark` (Debian: tshark); without it the test says so and passes.

use std::fs;
use std::path::Path;
use std::process::Command;

use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::text;
use megaphone_h248::{Arena, Limits};

/// Link type of packets that begin with an IPv4 header.
const LINKTYPE_RAW: u32 = 101;

/// The port of binary H.248 (RFC 3525 D.1).
const PORT: u16 = 2945;

/// A capture with each message in a UDP datagram of its own.
fn capture(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, LINKTYPE_RAW] {
        file.extend(u32::to_le_bytes(word));
    }
    for message in messages {
        let udp = u16::try_from(message.len() + 8).expect("fits a datagram");
        let total = udp + 20;
        for word in [0, 0, u32::from(total), u32::from(total)] {
            file.extend(u32::to_le_bytes(word));
        }
        file.extend([0x45, 0]);
        file.extend(total.to_be_bytes());
        file.extend([0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        file.extend(
            [
                PORT.to_be_bytes(),
                PORT.to_be_bytes(),
                udp.to_be_bytes(),
                [0, 0],
            ]
            .concat(),
        );
        file.extend(message);
    }
    file
}

#[test]
fn wireshark_reads_the_measurement_pack() {
    if let Err(error) = Command::new("tshark").arg("--version").output() {
        println!("skipped: tshark cannot be run ({error}); install tshark");
        return;
    }
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/time_test");
    let mut paths: Vec<_> = fs::read_dir(dir)
        .expect("corpus directory")
        .map(|entry| entry.expect("corpus entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    let mut messages = Vec::new();
    for path in &paths {
        let input = fs::read(path).expect("readable");
        let arena = Arena::new();
        let decoded = text::decode(&input, &arena, &Limits::default()).expect("decodes");
        let mut out = Vec::new();
        ber::encode(&decoded.message, &BerConfig::default(), &mut out).expect("encodes");
        messages.push(out);
    }
    let file = std::env::temp_dir().join(format!("megaphone-h248-{}.pcap", std::process::id()));
    fs::write(&file, capture(&messages)).expect("a capture file");
    let output = Command::new("tshark")
        .args([
            "-d",
            "udp.port==2945,h248",
            "-T",
            "fields",
            "-E",
            "separator=|",
            "-e",
            "h248.version",
        ])
        .args(["-e", "_ws.malformed", "-e", "_ws.expert.message", "-r"])
        .arg(&file)
        .output()
        .expect("tshark runs");
    let _ = fs::remove_file(&file);
    let lines = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        lines.lines().count(),
        messages.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut complaints = [0, 0];
    for (line, path) in lines.lines().zip(&paths) {
        let columns: Vec<_> = line.splitn(3, '|').collect();
        assert!(
            !columns[0].is_empty(),
            "not read as H.248: {}",
            path.display()
        );
        match columns[2] {
            // It remarks that a reply holds an error.
            "" | "Errored Command" => assert_eq!(columns[1], "", "{line} {}", path.display()),
            // The pack gives the BOOLEAN tdmc/ec the value "g165".
            expert if expert.contains("Echo Cancellation: length of item (4)") => {
                complaints[0] += 1
            }
            // It knows another AuditReply in version 1 than RFC 3525 has.
            expert if columns[0] == "1" && expert.contains("expected class:CONTEXT(2) tag:0") => {
                complaints[1] += 1
            }
            _ => panic!("{line} {}", path.display()),
        }
    }
    assert_eq!(complaints, [3, 1]);
}
