//! Gateways that restart all at once are admitted at a pace; others that are established are served meanwhile.

use super::bench::Bench;
use crate::appliance::{Setup, own_address};
use std::net::SocketAddr;

const STORM: u32 = 2_000;
const ESTABLISHED: u32 = 50;
/// Requests of each established gateway.
const REQUESTS: u32 = 40;

const ASSOCIATIONS: &str = "megaphone_h248_associations";
const DELAYED: &str = "megaphone_h248_registrations_delayed_total";

#[test]
fn all_register_and_established_gateways_are_served() {
    let at = SocketAddr::from((own_address(), 2944));
    // Half of them are at home on each of two shards. These read newcomers at ten times that pace, so that most wait for seconds.
    let document = format!(
        "listen = ['h248+tcp://{at}']\n\
         [megaco]\nadmission = {{ per_second = 200, burst = 10, queue_max = {STORM} }}\n\
         [[megaco.user]]\nmid = '<mgc.example>'\nregistration = 'mgc'\n"
    );
    let mut appliance = Setup::new().document(&document).start();
    let tongue = ("tcp", "compact", 1);
    let text = |number: u32| number.to_string();
    let (established, requests) = (text(ESTABLISHED), text(REQUESTS));
    let traffic = [
        "--gateways",
        &established,
        "--name",
        "kept",
        "--rate",
        "500",
    ];
    let kept = [&traffic[..], &["--requests", &requests]].concat();
    let kept = Bench::start("mg", at, tongue, &kept);
    appliance.wait_until("established gateways", |figures| {
        figures.sum(ASSOCIATIONS) >= f64::from(ESTABLISHED)
    });
    let storm = text(STORM);
    let all_at_once = ["--gateways", &storm, "--name", "storm", "--opening", &storm];
    let patience = ["--answer", "60s", "--patience", "60s"];
    let silent = ["--send", "nothing", "--warmup", "0s", "--duration", "1s"];
    let storm = [&all_at_once[..], &patience, &silent].concat();
    let storm = Bench::start("mg", at, tongue, &storm).outcome();
    assert_eq!(storm.count("errors"), 0);
    assert_eq!(storm.count("registered"), u64::from(STORM));
    kept.outcome()
        .assert_clean(u64::from(ESTABLISHED * REQUESTS));
    let figures = appliance.wait_until("some to have had to wait", |f| f.sum(DELAYED) > 0.0);
    assert_eq!(figures.sum("megaphone_h248_refused_total"), 0.0);
    appliance.must_run();
}
