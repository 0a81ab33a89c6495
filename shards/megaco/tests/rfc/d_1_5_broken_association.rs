//! RFC 3525 D.1.5: after the disconnection threshold the association counts as broken.

use crate::harness::{Talk, config, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Profile};

#[test]
fn d_1_5_broken_association() {
    let mut talk = Talk::connected(Config {
        profile: Profile::Rfc,
        disconnect_threshold: 7,
        t_max: 600_000,
        ..config()
    });
    talk.call(&[notify(1)], &CallOptions::default());
    talk.pass(60_000)
        .told("call 1: timeout")
        .told("handle_disconnect Broken")
        .told_nothing();
    assert_eq!(std::iter::from_fn(|| talk.sent()).count(), 8);
    talk.leaves_nothing();
}
