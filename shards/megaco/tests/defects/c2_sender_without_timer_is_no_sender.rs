//! `trans_req` without a timer: requests of both sides go at once. OTP: incoming requests crash and are never answered.

use crate::harness::{Talk, ack, config, notified, notified_ia, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Config;

#[test]
fn c2_sender_without_timer_is_no_sender() {
    let config = Config {
        trans_req: true,
        trans_ack: true,
        auto_ack: true,
        trans_timer: 0,
        ..config()
    };
    let mut talk = Talk::connected(config);
    talk.peer(&notify(1)).gets(&notified(1));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1))
        .peer(&notified_ia(1))
        .gets(&ack("1"));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(2))
        .peer(&notified(2))
        .gets(&ack("2"));
}
