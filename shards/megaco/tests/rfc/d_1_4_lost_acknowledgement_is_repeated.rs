//! A reply that asks again for an acknowledgement gets it again.

use crate::harness::{Talk, ack, config, notified_ia, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Profile};

#[test]
fn d_1_4_lost_acknowledgement_is_repeated() {
    let mut talk = Talk::connected(Config {
        profile: Profile::Rfc,
        ..config()
    });
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1))
        .peer(&notified_ia(1))
        .gets(&ack("1"));
    talk.peer(&notified_ia(1)).gets(&ack("1"));
}
