//! RFC 3525 9.2: registrations are admitted at a rate; who waits gets a Pending, who is too many error 510.

use crate::harness::{Plan, Talk, config, service_change};
use megaphone_megaco::Options;
use megaphone_megaco::config::{Config, Registration};
use megaphone_megaco::registration::AdmissionRate;
use megaphone_megaco::user::AckRequest;

#[test]
fn s_9_2_restart_avalanche() {
    let rate = AdmissionRate {
        per_second: 10,
        burst: 2,
        queue_max: 5,
    };
    let config = Config {
        registration: Registration::Controller,
        ..config()
    };
    let mut talk = Talk::with(
        config,
        Options {
            admission: Some(rate),
            ..Options::default()
        },
    );
    for gateway in 0..8 {
        talk.plan(Plan::ReplyText(
            AckRequest::Discard,
            "C=-{SC=ROOT}".to_owned(),
        ));
        talk.peer_as(&format!("mg{gateway}"), &service_change(1));
    }
    let now: Vec<String> = std::iter::from_fn(|| talk.sent()).collect();
    let count = |start: &str| now.iter().filter(|text| text.starts_with(start)).count();
    assert_eq!(
        (count("P=1{C=-"), count("PN=1"), count("P=1{ER=510")),
        (2, 5, 1),
        "{now:?}"
    );
    talk.pass(499);
    assert_eq!(std::iter::from_fn(|| talk.sent()).count(), 4);
    talk.pass(1);
    assert_eq!(std::iter::from_fn(|| talk.sent()).count(), 1);
    talk.leaves_nothing();
}
