//! RFC 3525 11.3: the version of the ServiceChange reply rules from there on.

use crate::harness::{Talk, config, notified, notify, service_change};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Registration};

#[test]
fn s_11_3_lower_version_wins() {
    let mut talk = Talk::connected(Config {
        registration: Registration::Gateway,
        protocol_version: 2,
        ..config()
    });
    talk.call(&[service_change(1)], &CallOptions::default());
    talk.gets(&service_change(1))
        .peer("P=1{C=-{SC=ROOT{SV{V=1}}}}")
        .told("call 1: ok 1");
    talk.version = 1;
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(2))
        .peer(&notified(2));
    talk.told("handle_trans_reply ok 1 data 0");
}
