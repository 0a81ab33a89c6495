//! A segment's acknowledgement takes nothing along: some read `SM=1/1K{1}` as a segment numbered `1K`.

use crate::harness::{Talk, acks, notified, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Config;

#[test]
fn v3_segment_reply_goes_alone() {
    let mut talk = Talk::connected(Config {
        protocol_version: 3,
        ..acks(10)
    });
    talk.cast(&[notify(1), notify(1)], &CallOptions::default())
        .gets(&[notify(1), notify(2)].concat());
    talk.peer(&notified(1)).nothing();
    talk.peer("P=2/1{C=1{MF=A1}}").gets("SM=2/1").nothing();
    talk.peer("P=2/2/&{C=2{MF=A2}}").gets("SM=2/2/&");
    talk.gets("K{1-2}").nothing();
}
