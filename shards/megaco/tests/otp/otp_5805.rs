//! A reply from someone else is reported; the right one is then unexpected, for the call is over.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn otp_5805() {
    let mut talk = Talk::connected(config());
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1)).peer_as("other", &notified(1));
    talk.told("handle_connect <other>")
        .told("call 1: wrong_mid <other> for <mg>")
        .told_nothing();
    assert_eq!(talk.numbers().requests, 1, "the request stays");
    talk.peer(&notified(1)).told_nothing().leaves_nothing();
}
