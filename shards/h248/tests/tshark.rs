//! A second opinion: Wireshark's H.248 dissector on what the standard profile writes, golden and generated.
//!
//! Needs `tshark` (Debian: tshark); without it the test says so and passes.

use std::fs;
use std::path::Path;
use std::process::Command;

use generate::Dialect;

use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::Message;
use megaphone_h248::text;
use megaphone_h248::{Arena, Limits};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

mod generate;

/// Link type of packets that begin with an IPv4 header.
const LINKTYPE_RAW: u32 = 101;

/// The port of binary H.248 (RFC 3525 D.1).
const PORT: u16 = 2945;

/// Generated messages that the dissector reads.
const GENERATED: usize = 3_000;

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

/// What the dissector says of one message.
struct Opinion {
    version: String,
    malformed: bool,
    remarks: String,
}

/// Has the dissector read messages; `None` where there is none.
fn opinions(name: &str, messages: &[Vec<u8>]) -> Option<Vec<Opinion>> {
    if let Err(error) = Command::new("tshark").arg("--version").output() {
        println!("skipped: tshark cannot be run ({error}); install tshark");
        return None;
    }
    let file = format!("megaphone-h248-{name}-{}.pcap", std::process::id());
    let file = std::env::temp_dir().join(file);
    fs::write(&file, capture(messages)).expect("a capture file");
    let output = Command::new("tshark")
        .args(["-d", "udp.port==2945,h248", "-T", "fields"])
        .args(["-E", "separator=|", "-e", "h248.version"])
        .args(["-e", "_ws.malformed", "-e", "_ws.expert.message", "-r"])
        .arg(&file)
        .output()
        .expect("tshark runs");
    let _ = fs::remove_file(&file);
    let opinion = |line: &str| {
        let columns: Vec<_> = line.splitn(3, '|').collect();
        Opinion {
            version: columns[0].to_owned(),
            malformed: !columns[1].is_empty(),
            remarks: columns[2].to_owned(),
        }
    };
    let opinions: Vec<_> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(opinion)
        .collect();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(opinions.len(), messages.len(), "{complaints}");
    Some(opinions)
}

fn binary(message: &Message<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    ber::encode(message, &BerConfig::default(), &mut out).expect("encodes");
    out
}

#[test]
fn wireshark_reads_the_measurement_pack() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/time_test");
    let mut paths: Vec<_> = fs::read_dir(dir)
        .expect("corpus directory")
        .map(|entry| entry.expect("corpus entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    let messages: Vec<_> = paths
        .iter()
        .map(|path| {
            let (input, arena) = (fs::read(path).expect("readable"), Arena::new());
            let decoded = text::decode(&input, &arena, &Limits::default());
            binary(&decoded.expect("decodes").message)
        })
        .collect();
    let Some(opinions) = opinions("pack", &messages) else {
        return;
    };
    let mut complaints = [0, 0];
    for (opinion, path) in opinions.iter().zip(&paths) {
        let (path, remarks) = (path.display(), opinion.remarks.as_str());
        assert!(!opinion.version.is_empty(), "not read as H.248: {path}");
        match remarks {
            // It remarks that a reply holds an error.
            "" | "Errored Command" => assert!(!opinion.malformed, "{path}"),
            // The pack gives the BOOLEAN tdmc/ec the value "g165".
            _ if remarks.contains("Echo Cancellation: length of item (4)") => complaints[0] += 1,
            // It knows another AuditReply in version 1 than RFC 3525 has.
            _ if opinion.version == "1" && remarks.contains("expected class:CONTEXT(2) tag:0") => {
                complaints[1] += 1
            }
            _ => panic!("{path}: {remarks}"),
        }
    }
    assert_eq!(complaints, [3, 1]);
}

/// What the dissector objects to in correct messages.
struct Objection {
    /// The version it is about; 0 for all.
    version: u8,
    /// A piece of the remark.
    remark: &'static str,
    /// A piece of the debug form of every message that it is about.
    about: &'static str,
}

const OBJECTIONS: [Objection; 5] = [
    // Not really one: it remarks that a reply holds an error.
    Objection {
        version: 0,
        remark: "Errored Command",
        about: "ErrorDescriptor {",
    },
    // The generator gives this BOOLEAN any value.
    Objection {
        version: 0,
        remark: "Echo Cancellation: length of item",
        about: "tdmc/ec",
    },
    // It knows another AuditReply in version 1 than RFC 3525 has.
    Objection {
        version: 1,
        remark: "Wrong field in SEQUENCE",
        about: "Audit",
    },
    Objection {
        version: 1,
        remark: "This field lies beyond the end of the known sequence",
        about: "ContextAuditResult(",
    },
    // It does not know the list of terminations that H.248.1 has behind the extension mark.
    Objection {
        version: 3,
        remark: "This field lies beyond the end of the known sequence",
        about: "AuditRequest {",
    },
];

#[test]
fn wireshark_reads_generated_messages() {
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(any::<u8>(), 0..400);
    let generated: Vec<_> = (0..GENERATED)
        .map(|_| {
            let bytes = strategy.new_tree(&mut runner).expect("bytes").current();
            generate::message(&bytes, Dialect::Both)
        })
        .collect();
    let messages: Vec<_> = generated.iter().map(binary).collect();
    let Some(opinions) = opinions("generated", &messages) else {
        return;
    };
    let mut unobjected = [0; 3];
    for (opinion, message) in opinions.iter().zip(&generated) {
        let (version, debug) = (message.version, format!("{message:?}"));
        assert_eq!(opinion.version, version.to_string(), "{debug}");
        for remark in opinion
            .remarks
            .split(",BER Error")
            .filter(|it| !it.is_empty())
        {
            let known = |it: &Objection| {
                (it.version == 0 || it.version == version)
                    && remark.contains(it.remark)
                    && debug.contains(it.about)
            };
            assert!(OBJECTIONS.iter().any(known), "{remark}: {debug}");
        }
        assert!(!opinion.malformed || !opinion.remarks.is_empty(), "{debug}");
        unobjected[usize::from(version) - 1] += usize::from(!opinion.malformed);
    }
    // What it objects to is in few messages of any version.
    assert!(
        unobjected.iter().all(|&count| count > GENERATED / 5),
        "{unobjected:?}"
    );
}
