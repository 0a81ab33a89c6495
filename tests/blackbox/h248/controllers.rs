//! Our gateways against Erlang's controller.

use super::bench::{Bench, gateways};
use super::peer::Megaco;
use super::{Tongue, tongues};
use crate::appliance::own_address;
use std::net::SocketAddr;

/// Gateways and requests of each.
const MANY: [&str; 6] = ["--gateways", "10", "--requests", "12", "--window", "4"];
const REQUESTS: u64 = 120;

fn place() -> SocketAddr {
    SocketAddr::from((own_address(), 2944))
}

fn notify_in(encoding: &'static str) {
    for tongue in tongues(encoding) {
        let at = place();
        let mut controller = Megaco::start("mgc", at, tongue, &[]);
        gateways(at, tongue, &MANY).assert_clean(REQUESTS);
        let stats = controller.stats();
        assert_eq!(
            stats["requests"],
            REQUESTS + 10,
            "{tongue:?}: and 10 registrations"
        );
        for name in ["syntax_errors", "message_errors", "unexpected"] {
            assert_eq!(stats[name], 0, "{name} with {tongue:?}");
        }
    }
}

#[test]
fn an_erlang_controller_answers_our_gateways_in_pretty_text() {
    notify_in("pretty");
}

#[test]
fn an_erlang_controller_answers_our_gateways_in_compact_text() {
    notify_in("compact");
}

#[test]
fn an_erlang_controller_answers_our_gateways_in_ber() {
    notify_in("ber");
}

#[test]
fn answers_that_come_late_are_announced_and_acknowledged() {
    for tongue in [("tcp", "pretty", 1), ("udp", "ber", 2)] {
        let at = place();
        let more = ["--pending", "300", "--ack", "true"];
        let mut controller = Megaco::start("mgc", at, tongue, &more);
        let outcome = gateways(
            at,
            tongue,
            &["--gateways", "4", "--requests", "3", "--resend", "100ms"],
        );
        outcome.assert_clean(12);
        // The last acknowledgement may still be on its way when the gateways are done.
        let acked = crate::appliance::wait_for("acknowledgements", || {
            Some(controller.stats()["acks"]).filter(|&acks| acks >= 12)
        });
        assert!(
            (12..=16).contains(&acked),
            "{acked}: requests, and registrations"
        );
    }
}

/// The controller commands the gateways, which want each answer acknowledged; how many acknowledgements that took.
fn command(tongue: Tongue, settings: &[&str]) -> (u64, u64) {
    let at = place();
    let sets = settings.iter().flat_map(|setting| ["--set", setting]);
    let more: Vec<&str> = sets.chain(["--window", "8"]).collect();
    let mut controller = Megaco::start("mgc", at, tongue, &more);
    let arguments = ["--gateways", "5", "--send", "nothing", "--ack-required"];
    let arguments = [&arguments[..], &["--duration", "3s", "--grace", "3s"]].concat();
    let run = Bench::start("mg", at, tongue, &arguments);
    crate::appliance::wait_for("gateways", || {
        (controller.stats()["requests"] == 5).then_some(())
    });
    controller.command("call 8");
    // Five gateways, eight rounds of four commands.
    assert_eq!(controller.done(), (160, 0), "{tongue:?} {settings:?}");
    let outcome = run.outcome();
    assert_eq!(outcome.count("errors"), 0, "{tongue:?} {settings:?}");
    (outcome.count("acks"), outcome.count("ack_messages"))
}

#[test]
fn our_gateways_obey_an_erlang_controller_and_see_each_acknowledgement() {
    for tongue in [
        ("tcp", "compact", 1),
        ("udp", "pretty", 2),
        ("tcp", "ber", 3),
    ] {
        assert_eq!(command(tongue, &[]).0, 160);
        assert_eq!(command(tongue, &["auto_ack=true"]).0, 160);
    }
}

#[test]
fn acknowledgements_and_requests_that_the_sender_gathers_are_understood() {
    let gathered = ["auto_ack=true", "trans_ack=true", "trans_timer=50"];
    for tongue in [("tcp", "compact", 1), ("udp", "pretty", 3)] {
        let both = [&gathered[..], &["trans_req=true", "trans_req_maxcount=4"]].concat();
        let (acks, _) = command(tongue, &both);
        assert_eq!(acks, 160, "{tongue:?}");
    }
}
