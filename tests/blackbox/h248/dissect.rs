//! A third opinion: Wireshark's dissectors on what the appliance and gateways say to each other.

use super::bench::gateways;
use super::peer::Megaco;
use super::relay::{Relay, Weather};
use super::served::serve;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;

/// Link type of packets that begin with an IPv4 header.
const LINKTYPE_RAW: u32 = 101;
const GATEWAY_PORT: u16 = 40_000;

/// A capture with each message in a UDP datagram of its own.
fn capture(messages: &[(bool, Vec<u8>)], port: u16) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, LINKTYPE_RAW] {
        file.extend(u32::to_le_bytes(word));
    }
    for (forth, message) in messages {
        let udp = u16::try_from(message.len() + 8).expect("fits a datagram");
        let total = udp + 20;
        for word in [0, 0, u32::from(total), u32::from(total)] {
            file.extend(u32::to_le_bytes(word));
        }
        file.extend([0x45, 0]);
        file.extend(total.to_be_bytes());
        file.extend([0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        let (from, to) = match forth {
            true => (GATEWAY_PORT, port),
            false => (port, GATEWAY_PORT),
        };
        file.extend(
            [
                from.to_be_bytes(),
                to.to_be_bytes(),
                udp.to_be_bytes(),
                [0, 0],
            ]
            .concat(),
        );
        file.extend(message);
    }
    file
}

/// What is said when gateways register and notify, and what tshark makes of each message of it: version, remarks.
fn dissected((dissector, port): (&str, u16), gateways: impl FnOnce(SocketAddr)) -> Vec<String> {
    let (_appliance, at) = serve();
    let relay = Relay::start(SocketAddr::new(at.ip(), 0), at, Weather::default(), 1);
    gateways(relay.address);
    let carried = relay.carried();
    assert!(
        carried.len() >= 16,
        "two registrations, six requests, and their answers"
    );
    let file = tempfile::NamedTempFile::new().expect("a scratch file");
    fs::write(file.path(), capture(&carried, port)).expect("a capture file");
    let output = Command::new("tshark")
        .args(["-d", &format!("udp.port=={port},{dissector}")])
        .args(["-T", "fields", "-E", "separator=|"])
        .args(["-e", &format!("{dissector}.version")])
        .args(["-e", "_ws.malformed", "-e", "_ws.expert.message", "-r"])
        .arg(file.path())
        .output()
        .expect("tshark is installed (Debian: tshark; scripts/test installs it)");
    let lines = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<String> = lines.lines().map(String::from).collect();
    let why = String::from_utf8_lossy(&output.stderr);
    assert_eq!(lines.len(), carried.len(), "{why}");
    lines
}

#[test]
fn wireshark_finds_no_fault_with_text() {
    for (encoding, version) in [("pretty", 1), ("compact", 2)] {
        let lines = dissected(("megaco", 2944), |at| {
            let more = ["--connections", "2", "--requests", "3"];
            let mut gateways = Megaco::start("mg", at, ("udp", encoding, version), &more);
            assert_eq!(gateways.done(), (6, 0));
        });
        for line in lines {
            assert_eq!(line, format!("{version}||"), "{encoding}");
        }
    }
}

/// With gateways of ours: Erlang's do not wrap the value of a ServiceChange's reason as RFC 3525 A.2 demands, and Wireshark says so.
#[test]
fn wireshark_finds_no_fault_with_standard_ber() {
    for version in [1, 2, 3] {
        let lines = dissected(("h248", 2945), |at| {
            let more = ["--gateways", "2", "--requests", "3"];
            gateways(at, ("udp", "ber", version), &more).assert_clean(6);
        });
        for line in lines {
            assert_eq!(line, format!("{version}||"));
        }
    }
}
