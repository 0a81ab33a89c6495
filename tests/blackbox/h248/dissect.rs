//! A third opinion: Wireshark's dissectors on what the appliance and gateways say to each other.

use super::bench::gateways;
use super::capture;
use super::peer::Megaco;
use super::pipe::Pipe;
use super::relay::{Relay, Weather};
use super::served::serve;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;

/// Messages of a test's two gateways at least: two registrations, six requests, and their answers.
const MESSAGES: usize = 16;

/// What Wireshark calls text and BER, and the ports at which it expects them.
const TEXT: (&str, u16) = ("megaco", 2944);
const BER: (&str, u16) = ("h248", 2945);

/// What tshark says of each packet of a capture, a line each: versions of the messages in it, malformations, remarks.
pub(crate) fn tshark(capture: &[u8], dissector: &str, more: &[&str]) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().expect("a scratch file");
    fs::write(file.path(), capture).expect("a capture file");
    let output = Command::new("tshark")
        .args(more)
        .args(["-T", "fields", "-E", "separator=|"])
        .args(["-e", &format!("{dissector}.version")])
        .args(["-e", "_ws.malformed", "-e", "_ws.expert.message", "-r"])
        .arg(file.path())
        .output()
        .expect("tshark is installed (Debian: tshark; scripts/test installs it)");
    let said = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{why}");
    said.lines().map(String::from).collect()
}

/// What is said over UDP when gateways register and notify.
fn over_udp((dissector, port): (&str, u16), gateways: impl FnOnce(SocketAddr)) -> Vec<String> {
    let (_appliance, at) = serve();
    let relay = Relay::start(SocketAddr::new(at.ip(), 0), at, Weather::default(), 1);
    gateways(relay.address);
    let carried = relay.carried();
    assert!(carried.len() >= MESSAGES, "{}", carried.len());
    let decode = format!("udp.port=={port},{dissector}");
    let lines = tshark(
        &capture::datagrams(&carried, port),
        dissector,
        &["-d", &decode],
    );
    assert_eq!(lines.len(), carried.len());
    lines
}

/// The same over TCP: the versions of all messages found in the streams. Nothing else may be said of them.
fn over_tcp((dissector, port): (&str, u16), gateways: impl FnOnce(SocketAddr)) -> Vec<String> {
    let (_appliance, at) = serve();
    let pipe = Pipe::start(at);
    gateways(pipe.address);
    let carried = pipe.carried();
    // Wireshark knows by the port that messages come in TPKT.
    let lines = tshark(&capture::streams(&carried, port), dissector, &[]);
    let mut versions = Vec::new();
    for line in lines {
        let (found, remarks) = line.split_once('|').expect("three fields");
        assert_eq!(remarks, "|", "{line}");
        let found = found.split(',').filter(|version| !version.is_empty());
        versions.extend(found.map(String::from));
    }
    assert!(versions.len() >= MESSAGES, "{}", versions.len());
    versions
}

/// Erlang's gateways in text.
fn erlang(at: SocketAddr, transport: &'static str, encoding: &'static str, version: u8) {
    let more = ["--connections", "2", "--requests", "3"];
    let mut gateways = Megaco::start("mg", at, (transport, encoding, version), &more);
    assert_eq!(gateways.done(), (6, 0));
}

/// Ours in BER: Erlang's do not wrap the value of a ServiceChange's reason as RFC 3525 A.2 demands, and Wireshark says so.
fn ours(at: SocketAddr, transport: &'static str, version: u8) {
    let more = ["--gateways", "2", "--requests", "3"];
    gateways(at, (transport, "ber", version), &more).assert_clean(6);
}

#[test]
fn wireshark_finds_no_fault_with_text() {
    for (encoding, version) in [("pretty", 1), ("compact", 2)] {
        let lines = over_udp(TEXT, |at| erlang(at, "udp", encoding, version));
        for line in lines {
            assert_eq!(line, format!("{version}||"), "{encoding}");
        }
        for found in over_tcp(TEXT, |at| erlang(at, "tcp", encoding, version)) {
            assert_eq!(found, version.to_string(), "{encoding}");
        }
    }
}

#[test]
fn wireshark_finds_no_fault_with_standard_ber() {
    for version in [1, 2, 3] {
        for line in over_udp(BER, |at| ours(at, "udp", version)) {
            assert_eq!(line, format!("{version}||"));
        }
        for found in over_tcp(BER, |at| ours(at, "tcp", version)) {
            assert_eq!(found, version.to_string());
        }
    }
}
