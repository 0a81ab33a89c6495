//! A Pending for a request that nobody knows is told to the user; a known one outlives its re-sends.

use crate::harness::{Talk, config, doubling, notify, pending};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Timer};

#[test]
fn otp_7189() {
    let mut talk = Talk::connected(Config {
        request_timer: doubling(1000, 3),
        long_request_timer: Timer::Once(10_000),
        ..config()
    });
    talk.peer(&pending(99))
        .told(&format!("handle_unexpected_trans {}", pending(99)));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1))
        .peer(&pending(1))
        .nothing_for(9999)
        .told_nothing();
    talk.pass(1)
        .told("handle_trans_reply timeout data 0")
        .leaves_nothing();
}
