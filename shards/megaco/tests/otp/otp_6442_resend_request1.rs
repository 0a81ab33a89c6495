//! A request is repeated until it is answered.

use crate::harness::{Talk, config, doubling, notified, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Config;

#[test]
fn otp_6442_resend_request1() {
    let mut talk = Talk::connected(Config {
        request_timer: doubling(500, 5),
        ..config()
    });
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1))
        .gets_after(500, &notify(1))
        .gets_after(1000, &notify(1));
    talk.peer(&notified(1))
        .told("handle_trans_reply ok 1 data 0")
        .leaves_nothing();
}
