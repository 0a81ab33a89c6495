//! Erlang's gateways against a controller of ours.

use super::bench::Bench;
use super::peer::Megaco;
use super::tongues;
use crate::appliance::own_address;
use std::net::SocketAddr;

/// Both sides send: the gateways Notify, the controller Add, Modify, Subtract and AuditValue.
fn both_ways_in(encoding: &'static str) {
    for tongue in tongues(encoding) {
        let at = SocketAddr::from((own_address(), 2944));
        let more = ["--gateways", "6", "--requests", "12", "--grace", "3s"];
        // It has its own answers long before gateways on a busy machine have theirs.
        let controller = Bench::start("mgc", at, tongue, &more);
        let more = ["--connections", "6", "--requests", "10", "--window", "2"];
        let mut gateways = Megaco::start("mg", at, tongue, &more);
        assert_eq!(gateways.done(), (60, 0), "{tongue:?}");
        let stats = crate::appliance::wait_for("commands", || {
            Some(gateways.stats()).filter(|stats| stats["requests"] >= 72)
        });
        assert_eq!(stats["requests"], 72, "{tongue:?}: each once");
        for name in ["syntax_errors", "message_errors", "unexpected"] {
            assert_eq!(stats[name], 0, "{name} with {tongue:?}");
        }
        // Over TCP the controller ends with them; over UDP it cannot know.
        gateways.kill();
        controller.outcome().assert_clean(72);
    }
}

#[test]
fn erlang_gateways_and_our_controller_work_together_in_pretty_text() {
    both_ways_in("pretty");
}

#[test]
fn erlang_gateways_and_our_controller_work_together_in_compact_text() {
    both_ways_in("compact");
}

#[test]
fn erlang_gateways_and_our_controller_work_together_in_ber() {
    both_ways_in("ber");
}
