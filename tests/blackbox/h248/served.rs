//! `megaphone serve` as the controller of gateways that nobody here wrote, and of ours; on two shards, so that client and home
//! are mostly on different ones.

use super::bench::gateways;
use super::peer::Megaco;
use super::relay::{Relay, Weather};
use super::{Tongue, tongues};
use crate::appliance::{Appliance, PATIENCE, Setup, own_address, own_place_in_ip_6, wait_for};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Requests of gateways, each counted once, registrations included.
const REQUESTS: &str = "megaphone_h248_transactions_total{dir=\"in\"}";
const FAULTS: &str = "megaphone_h248_faults_total";

/// An appliance with TCP and UDP listeners for gateways, and where they are.
pub(crate) fn serve() -> (Appliance, SocketAddr) {
    let at = SocketAddr::from((own_address(), 2944));
    (serve_at(at, &[]), at)
}

/// The same at a place of the caller's, with more options.
pub(crate) fn serve_at(at: SocketAddr, more: &[&str]) -> Appliance {
    let setup = Setup::new()
        .argument("--listen")
        .argument(&format!("h248+tcp://{at}"))
        .argument("--listen")
        .argument(&format!("h248+udp://{at}"));
    let setup = more.iter().fold(setup, |setup, one| setup.argument(one));
    setup.start()
}

/// Erlang gateways with these settings register and notify.
fn erlang(at: SocketAddr, tongue: Tongue, name: &str, settings: &[&str]) {
    let sets = settings.iter().flat_map(|setting| ["--set", setting]);
    let more = [
        "--name",
        name,
        "--connections",
        "6",
        "--requests",
        "10",
        "--window",
        "4",
    ];
    let more: Vec<&str> = more.into_iter().chain(sets).collect();
    let mut gateways = Megaco::start("mg", at, tongue, &more);
    assert_eq!(gateways.done(), (60, 0), "{tongue:?} {settings:?}");
    let stats = gateways.stats();
    for name in ["syntax_errors", "message_errors", "unexpected"] {
        assert_eq!(stats[name], 0, "{name} with {tongue:?} {settings:?}");
    }
}

/// All that was asked was counted once, and nothing was wrong with it.
fn must_have_served(appliance: &mut Appliance, requests: u32) {
    appliance.must_count(REQUESTS, requests);
    appliance.must_count(FAULTS, 0);
    appliance.must_come_to_rest();
}

fn erlang_in(encoding: &'static str) {
    let (mut appliance, at) = serve();
    for (number, tongue) in tongues(encoding).enumerate() {
        erlang(at, tongue, &format!("g{number}x"), &[]);
    }
    must_have_served(&mut appliance, 6 * 66);
}

#[test]
fn erlang_gateways_are_served_in_pretty_text() {
    erlang_in("pretty");
}

#[test]
fn erlang_gateways_are_served_in_compact_text() {
    erlang_in("compact");
}

#[test]
fn erlang_gateways_are_served_in_ber() {
    erlang_in("ber");
}

#[test]
fn erlang_gateways_with_other_settings_are_served_too() {
    let (mut appliance, at) = serve();
    let settings: [&[&str]; 4] = [
        &["auto_ack=true"],
        &["auto_ack=true", "trans_ack=true", "trans_timer=50"],
        &["trans_req=true", "trans_req_maxcount=4", "trans_timer=20"],
        &[
            "auto_ack=true",
            "trans_ack=true",
            "trans_req=true",
            "trans_timer=50",
        ],
    ];
    for (number, settings) in settings.into_iter().enumerate() {
        let tongue = [("tcp", "pretty", 1), ("udp", "compact", 3)][number % 2];
        erlang(at, tongue, &format!("s{number}x"), settings);
    }
    must_have_served(&mut appliance, 4 * 66);
}

#[test]
fn our_gateways_are_served_in_every_way() {
    let (mut appliance, at) = serve();
    let mut runs = 0;
    for encoding in ["pretty", "compact", "ber"] {
        for tongue in tongues(encoding) {
            let name = format!("b{runs}x");
            let more = [
                "--gateways",
                "8",
                "--requests",
                "10",
                "--window",
                "4",
                "--name",
                &name,
            ];
            gateways(at, tongue, &more).assert_clean(80);
            runs += 1;
        }
    }
    must_have_served(&mut appliance, runs * 88);
}

#[test]
fn gateways_are_served_over_ip_6() {
    let at = own_place_in_ip_6();
    let mut appliance = serve_at(at, &[]);
    let tongues = [
        ("tcp", "pretty", 1),
        ("udp", "compact", 2),
        ("tcp", "ber", 3),
        ("udp", "ber", 1),
    ];
    for (number, tongue) in tongues.into_iter().enumerate() {
        erlang(at, tongue, &format!("six{number}x"), &[]);
        let name = format!("sox{number}x");
        let more = ["--gateways", "6", "--requests", "10", "--name", &name];
        gateways(at, tongue, &more).assert_clean(60);
    }
    must_have_served(&mut appliance, 4 * (66 + 66));
    appliance.wait_until("peers known by address, and homes elsewhere", |figures| {
        figures.sum("megaphone_h248_datagram_peers") > 6.0
            && figures.sum("megaphone_h248_hops_total") > 0.0
    });
}

#[test]
fn who_connects_and_says_nothing_is_closed_and_who_registered_is_not() {
    let at = SocketAddr::from((own_address(), 2944));
    let mut appliance = serve_at(at, &["--limit", "first_message_ms=2000"]);
    let connect = || {
        let stream = TcpStream::connect(at).expect("connects");
        stream.set_read_timeout(Some(PATIENCE)).expect("possible");
        stream
    };
    let (mut silent, mut gateway) = (connect(), connect());
    let mut ask = |message: &str| {
        let length = u16::try_from(message.len() + 4).expect("short");
        let header = [&[3, 0][..], &length.to_be_bytes()].concat();
        gateway
            .write_all(&[&header[..], message.as_bytes()].concat())
            .expect("it is read");
        let mut header = [0; 4];
        gateway.read_exact(&mut header).expect("an answer");
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let mut answer = vec![0; length - 4];
        gateway.read_exact(&mut answer).expect("all of it");
        String::from_utf8_lossy(&answer).into_owned()
    };
    let registered = ask("!/1 <gw.example> T=1{C=-{SC=ROOT{SV{MT=RS,RE=\"901\"}}}}");
    assert!(registered.contains("P=1{"), "{registered}");
    // Closed or reset, but not left alone.
    let mut heard = Vec::new();
    let _ = silent.read_to_end(&mut heard);
    assert!(heard.is_empty(), "{heard:?}");
    let notified = ask("!/1 <gw.example> T=2{C=-{N=A1{OE=1{19990729T22000000:al/of}}}}");
    assert!(notified.contains("P=2{"), "{notified}");
    appliance.must_count("megaphone_h248_faults_total{kind=\"silent\"}", 1);
    appliance.must_count("megaphone_h248_newcomers", 0);
    appliance.must_come_to_rest();
}

#[test]
fn a_bad_network_costs_time_and_no_request() {
    let (mut appliance, at) = serve();
    let weather = Weather {
        lost: 10,
        doubled: 10,
        delayed: 20,
    };
    let relay = Relay::start(SocketAddr::new(at.ip(), 0), at, weather, 20_260_101);
    let more = ["--gateways", "20", "--requests", "20", "--window", "4"];
    let more = [&more[..], &["--resend", "100ms", "--duration", "60s"]].concat();
    let outcome = gateways(relay.address, ("udp", "compact", 2), &more);
    outcome.assert_clean(400);
    assert!(outcome.count("resends") > 20, "the network was bad");
    assert!(outcome.count("duplicates") > 5, "and gave replies twice");
    must_have_served(&mut appliance, 420);
    appliance.wait_until("what came again to be counted", |f| {
        f.sum("megaphone_h248_duplicates_total") > 20.0
    });
}

#[test]
fn a_bad_network_costs_erlang_s_gateways_time_and_no_request() {
    let (mut appliance, at) = serve();
    // Each loss costs them a second: their timers are not ours to set.
    let weather = Weather {
        lost: 4,
        doubled: 15,
        delayed: 20,
    };
    let relay = Relay::start(SocketAddr::new(at.ip(), 0), at, weather, 20_260_102);
    let more = ["--connections", "4", "--requests", "8", "--window", "4"];
    let mut gateways = Megaco::start("mg", relay.address, ("udp", "pretty", 1), &more);
    assert_eq!(gateways.done(), (32, 0));
    appliance.must_count(REQUESTS, 36);
    appliance.must_count("megaphone_h248_faults_total{kind=\"syntax\"}", 0);
    appliance.must_come_to_rest();
}

#[test]
fn a_gateway_that_was_killed_comes_back_and_goes_on() {
    let (mut appliance, at) = serve();
    for tongue in [("tcp", "pretty", 1), ("udp", "ber", 2)] {
        let more = ["--connections", "4", "--name", tongue.0];
        let many = [&more[..], &["--requests", "100000"]].concat();
        let before = appliance.figures().sum(REQUESTS);
        let mut doomed = Megaco::start("mg", at, tongue, &many);
        appliance.wait_until("traffic", |f| f.sum(REQUESTS) > before + 50.0);
        doomed.kill();
        let few = [&more[..], &["--requests", "25"]].concat();
        let mut back = Megaco::start("mg", at, tongue, &few);
        assert_eq!(back.done(), (100, 0), "{tongue:?}");
    }
    appliance.must_count(FAULTS, 0);
    appliance.must_come_to_rest();
}

#[test]
fn established_gateways_are_served_while_many_register_at_once() {
    let (appliance, at) = serve();
    let tongue = ("tcp", "compact", 1);
    let steady = [
        "--gateways",
        "10",
        "--rate",
        "200",
        "--duration",
        "6s",
        "--warmup",
        "0s",
    ];
    let steady = [&steady[..], &["--name", "steady"]].concat();
    let established = super::bench::Bench::start("mg", at, tongue, &steady);
    wait_for("established traffic", || {
        (appliance.figures().sum(REQUESTS) > 50.0).then_some(())
    });
    let storm = ["--gateways", "1500", "--opening", "1500", "--requests", "1"];
    gateways(at, tongue, &[&storm[..], &["--name", "storm"]].concat()).assert_clean(1_500);
    let outcome = established.outcome();
    for name in ["errors", "unanswered", "misrouted"] {
        assert_eq!(outcome.count(name), 0, "{name}");
    }
    assert!(
        outcome.count("transactions") >= 1_190,
        "{}",
        outcome.count("transactions")
    );
}
