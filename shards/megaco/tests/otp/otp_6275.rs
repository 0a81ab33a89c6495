//! The controller commands before it has answered the ServiceChange: the gateway learns its MID from that, refuses with 505, and its own
//! request times out.

use crate::harness::{Plan, Talk, config, notify, service_change};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Timer};

#[test]
fn otp_6275() {
    let mut talk = Talk::new(Config {
        request_timer: Timer::Once(3000),
        ..config()
    });
    talk.connect_preliminary();
    talk.told("handle_connect preliminary");
    talk.cast(&[service_change(1)], &CallOptions::default())
        .gets(&service_change(1))
        .nothing_for(1000);
    talk.plan(Plan::Error(505)).peer(&notify(2));
    talk.told("handle_connect <mg>")
        .told("handle_trans_request 2")
        .gets_code(2, 505)
        .nothing_for(1999)
        .told_nothing();
    talk.pass(1)
        .told("handle_trans_reply timeout data 0")
        .leaves_nothing();
}
