//! On a gateway, commands that arrive before the reply to its ServiceChange get error 505. OTP: nothing enforces it.

use crate::harness::{Talk, config, notified, notify, service_change, service_changed};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Registration};

#[test]
fn a7_requests_before_registration_get_505() {
    let mut talk = Talk::connected(Config {
        registration: Registration::Gateway,
        ..config()
    });
    talk.call(&[service_change(1)], &CallOptions::default());
    talk.gets(&service_change(1))
        .peer(&notify(7))
        .gets_code(7, 505)
        .told_nothing();
    talk.peer(&service_changed(1))
        .told("call 1: ok 1")
        .peer(&notify(8))
        .gets(&notified(8));
    assert_eq!(talk.engine.totals().unregistered, 1);
}
