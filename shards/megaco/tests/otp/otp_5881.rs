//! A cast answered by someone else: the user is told, and gets the right reply too.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn otp_5881() {
    let mut talk = Talk::connected(config());
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1))
        .peer_as("other", &notified(1));
    talk.told("handle_connect <other>")
        .told("handle_trans_reply wrong_mid <other> for <mg> data 0");
    talk.peer(&notified(1))
        .told("handle_trans_reply ok 1 data 0")
        .leaves_nothing();
}
