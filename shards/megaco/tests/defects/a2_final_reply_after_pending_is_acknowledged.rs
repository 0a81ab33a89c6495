//! A final reply after a Pending is acknowledged at once, asked for or not (RFC 3525 D.1.4). OTP: only if asked for.

use crate::harness::{Talk, ack, config, notified, notify, pending};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Profile};

#[test]
fn a2_final_reply_after_pending_is_acknowledged() {
    let mut talk = Talk::connected(Config {
        profile: Profile::Rfc,
        ..config()
    });
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .peer(&pending(1))
        .peer(&notified(1))
        .gets(&ack("1"))
        .told("call 1: ok 1")
        .leaves_nothing();
}
