//! Items of our own side, from `serve --config` and from a controller: acknowledgements and requests that our sender gathers, and how
//! often one may say Pending, to and by Erlang's peers.

use super::Tongue;
use super::bench::gateways;
use super::link_controllers::{Controller, serve_with};
use super::peer::Megaco;
use crate::appliance::{own_address, wait_for};
use serde_json::Value;
use std::net::SocketAddr;

/// Gateways, requests that each sends, and requests that our controller sends each.
const GATEWAYS: u64 = 4;
const NOTIFIES: u64 = 10;
const MODIFIES: u64 = 8;

/// Erlang's gateways notify while our controller modifies them, with these items on either side. One shard: Erlang's node takes
/// requests of the same number to its other gateways for duplicates.
fn both_ways(tongue: Tongue, ours: &str, theirs: &[&str]) {
    let served = serve_with(1, ours);
    let modifies = MODIFIES.to_string();
    let mut controller = Controller::start(served.link, "one", &["--modify", &modifies]);
    let counts = [GATEWAYS, NOTIFIES].map(|count| count.to_string());
    let sets = theirs.iter().flat_map(|setting| ["--set", setting]);
    let more = ["--connections", &counts[0], "--requests", &counts[1]];
    let more: Vec<&str> = more
        .into_iter()
        .chain(["--ack", "true", "--set", "reply_timer=3000"])
        .chain(sets)
        .collect();
    let mut peers = Megaco::start("mg", served.gateways, tongue, &more);
    let told = format!("{tongue:?}, ours: {ours:?}, theirs: {theirs:?}");
    assert_eq!(peers.done(), (GATEWAYS * NOTIFIES, 0), "{told}");
    controller.wait_for_line(&format!("has {} results", GATEWAYS * MODIFIES));
    let modified = GATEWAYS * MODIFIES;
    let stats = wait_for("acknowledgements", || {
        let stats = peers.stats();
        let ended = stats["acks"] + stats["ack_failures"];
        (ended >= modified).then_some(stats)
    });
    // OTP notes that a reply waits for its acknowledgement only after it has sent it: one that is quick enough is taken for an error
    // of ours, and dropped.
    assert!(2 * stats["acks"] > modified, "{stats:?}: {told}");
    for (name, count) in [
        ("requests", modified),
        ("syntax_errors", 0),
        ("message_errors", 0),
        ("unexpected", 0),
    ] {
        assert_eq!(stats[name], count, "{name}: {told}");
    }
    let figures = controller.figures();
    assert_eq!(figures["results"], GATEWAYS * MODIFIES, "{figures}: {told}");
    assert_eq!(
        figures["requests"],
        GATEWAYS * (NOTIFIES + 1),
        "{figures}: {told}"
    );
    for name in ["failed", "faults", "offered_again"] {
        assert_eq!(figures[name], 0, "{name}: {told}");
    }
    served
        .appliance
        .must_count("megaphone_h248_faults_total", 0);
}

const GATHERED: &str = "auto_ack = true\ntrans_ack = true\ntrans_req = true\ntrans_req_maxcount = 4\ntrans_timer = 40\n";

#[test]
fn what_our_side_gathers_is_understood_and_acknowledged() {
    for (number, ours) in [
        "",
        "auto_ack = true\n",
        "auto_ack = true\ntrans_ack = true\ntrans_timer = 40\n",
        "trans_req = true\ntrans_req_maxcount = 4\ntrans_timer = 20\n",
    ]
    .into_iter()
    .enumerate()
    {
        both_ways(
            [("tcp", "pretty", 1), ("udp", "compact", 2)][number % 2],
            ours,
            &[],
        );
    }
    // OTP has no sender in BER; ours works in it.
    both_ways(("tcp", "ber", 3), GATHERED, &[]);
}

#[test]
fn both_sides_may_gather_at_the_same_time() {
    let theirs = [
        "auto_ack=true",
        "trans_ack=true",
        "trans_req=true",
        "trans_timer=40",
    ];
    both_ways(("tcp", "compact", 1), GATHERED, &theirs);
    both_ways(("udp", "pretty", 3), GATHERED, &theirs);
}

/// Erlang's gateway notifies a controller that never answers a Notify; what it was told, and what the controller counted.
fn unanswered(ours: &str, controller: &[&str], theirs: &[&str]) -> (String, Value) {
    let served = serve_with(2, ours);
    let more = [&["--ignore", "N"][..], controller].concat();
    let controller = Controller::start(served.link, "one", &more);
    let more = [&["--requests", "1"][..], theirs].concat();
    let mut gateway = Megaco::start("mg", served.gateways, ("tcp", "pretty", 1), &more);
    let failure = gateway.wait_for_line("FAILURE");
    assert_eq!(gateway.done(), (0, 1), "{failure}");
    (failure, controller.figures())
}

/// Pendings by themselves, in short order.
const PENDINGS: &str = "{ wait_for = 50, factor = 1, max_retries = \"infinity\" }";

#[test]
fn a_request_that_was_told_pending_too_often_ends_with_error_506() {
    let limited = format!("sent_pending_limit = 2\npending_timer = {PENDINGS}\n");
    let (failure, figures) = unanswered(&limited, &[], &[]);
    assert!(failure.contains("'ErrorDescriptor',506"), "{failure}");
    assert_eq!(figures["aborted"], 1, "the controller is told: {figures}");
    // The same items, by the controller, for all that it serves.
    let pendings = format!("pending_timer = {PENDINGS}\n");
    let by_controller = ["--configure-users", "sent_pending_limit=2"];
    let (failure, figures) = unanswered(&pendings, &by_controller, &[]);
    assert!(failure.contains("'ErrorDescriptor',506"), "{failure}");
    let counted = (&figures["configured"], &figures["aborted"]);
    assert_eq!(counted, (&1.into(), &1.into()), "{figures}");
}

#[test]
fn a_gateway_of_erlang_s_takes_so_many_pendings_of_ours_and_no_more() {
    let pendings = format!("pending_timer = {PENDINGS}\n");
    let theirs = ["--set", "recv_pending_limit=2"];
    let (failure, _) = unanswered(&pendings, &[], &theirs);
    assert!(failure.contains("exceeded_recv_pending_limit"), "{failure}");
}

#[test]
fn our_side_takes_so_many_pendings_of_erlang_s_and_no_more() {
    for (limit, told) in [("2", (1, 0)), ("\"infinity\"", (0, 1))] {
        let served = serve_with(2, &format!("recv_pending_limit = {limit}\n"));
        let mut controller = Controller::start(served.link, "one", &["--modify"]);
        let timer = "pending_timer={megaco_incr_timer,60,1,0,infinity}";
        let theirs = [
            "--pending",
            "1000",
            "--slow",
            "but_registrations",
            "--set",
            timer,
        ];
        let mut gateway = Megaco::start("mg", served.gateways, ("tcp", "compact", 1), &theirs);
        controller.wait_for_line("has 1 results");
        assert_eq!(gateway.stats()["requests"], 1, "it was asked once");
        let figures = controller.figures();
        let counted = (&figures["pending_limit"], &figures["results"]);
        assert_eq!(counted, (&told.0.into(), &told.1.into()), "{figures}");
    }
}

/// Erlang's controller needs longer than it may say Pending: our gateways are told error 506.
#[test]
fn erlang_s_controller_says_pending_so_often_to_ours_and_no_more() {
    let at = SocketAddr::from((own_address(), 2944));
    let more = ["--pending", "3000", "--slow", "but_registrations"];
    let sets = [
        "--set",
        "sent_pending_limit=2",
        "--set",
        "pending_timer={megaco_incr_timer,50,1,0,infinity}",
    ];
    let _controller = Megaco::start(
        "mgc",
        at,
        ("udp", "pretty", 2),
        &[&more[..], &sets].concat(),
    );
    let outcome = gateways(
        at,
        ("udp", "pretty", 2),
        &["--gateways", "3", "--requests", "1"],
    );
    assert_eq!(
        outcome.count("errors"),
        3,
        "each request has its one answer"
    );
    assert_eq!(outcome.count("unanswered"), 0);
}
