//! RFC 3525 D.1.3: after fast answers a lost request is sent again soon.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Profile};

#[test]
fn d_1_3_the_timeout_follows_measured_delays() {
    let mut talk = Talk::connected(Config {
        profile: Profile::Rfc,
        ..config()
    });
    for id in 1..=50 {
        talk.cast(&[notify(1)], &CallOptions::default())
            .gets(&notify(id))
            .pass(10)
            .peer(&notified(id));
    }
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(51))
        .pass(30);
    assert!(talk.sent().is_some(), "it was sent again within 30 ms");
}
