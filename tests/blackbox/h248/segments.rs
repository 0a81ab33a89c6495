//! Replies in segments (version 3), in both directions: Erlang's to our gateways, and the appliance's to Erlang's, in text and in BER.
//!
//! Where segments or their acknowledgements come together, Erlang's side is told to take one message after the other (`serialize`): else
//! they overtake each other in it (`docs/transactions.md`, D8 and D10), and now and then a reply is never completed.

use super::Tongue;
use super::bench::gateways;
use super::peer::Megaco;
use crate::appliance::{Appliance, Setup, own_address};
use std::net::SocketAddr;

#[test]
fn erlangs_segments_are_put_together() {
    for (tongue, window) in [
        (("tcp", "pretty", 3), "infinity"),
        (("tcp", "compact", 3), "2"),
        (("udp", "compact", 3), "1"),
    ] {
        let at = SocketAddr::from((own_address(), 2944));
        let sets = [
            &format!("segment_send={window}"),
            "max_pdu_size=220",
            "segment_reply_ind=true",
        ];
        let sets = sets.iter().flat_map(|&set| ["--set", set]);
        let more = ["--parts", "6", "--serialize", "true"];
        let more: Vec<&str> = more.into_iter().chain(sets).collect();
        let mut controller = Megaco::start("mgc", at, tongue, &more);
        gateways(at, tongue, &["--gateways", "3", "--requests", "4"]).assert_clean(12);
        let stats = controller.stats();
        assert!(stats["segments"] >= 12 * 6, "{window}: {stats:?}");
        assert_eq!(stats["requests"], 15, "{window}");
    }
}

/// An appliance that answers in segments, so many of them unacknowledged at a time.
fn serve(window: &str) -> (Appliance, SocketAddr) {
    let at = SocketAddr::from((own_address(), 2944));
    let document = format!(
        "listen = ['h248+tcp://{at}', 'h248+udp://{at}']\n\
         [[megaco.user]]\nmid = '<mgc.example>'\nprotocol_version = 3\n\
         segment_send = {window}\nmax_pdu_size = 220\n"
    );
    (Setup::new().document(&document).start(), at)
}

/// Erlang gateways whose requests have eight actions: each answer is larger than a message may be.
fn ask(at: SocketAddr, tongue: Tongue, name: &str) {
    let more = ["--name", name, "--connections", "3", "--requests", "4"];
    let more = [&more[..], &["--actions", "8", "--serialize", "true"]].concat();
    let mut peer = Megaco::start("mg", at, tongue, &more);
    assert_eq!(peer.done(), (12, 0), "{tongue:?}");
    let stats = peer.stats();
    assert_eq!(stats["segmented"], 12, "{tongue:?}: {stats:?}");
    for name in ["syntax_errors", "message_errors", "unexpected"] {
        assert_eq!(stats[name], 0, "{name} with {tongue:?}");
    }
}

#[test]
fn the_appliance_answers_in_segments_that_erlang_puts_together() {
    for window in ["'infinity'", "2"] {
        let (mut appliance, at) = serve(window);
        for (number, tongue) in [
            ("tcp", "pretty", 3),
            ("tcp", "binary", 3),
            ("udp", "compact", 3),
        ]
        .into_iter()
        .enumerate()
        {
            ask(at, tongue, &format!("g{number}x"));
        }
        appliance.must_count("megaphone_h248_faults_total", 0);
        appliance.must_come_to_rest();
    }
}
