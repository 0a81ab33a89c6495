//! An error in one segment is listed as such, and the call's other transactions keep their results. OTP: they are dropped.

use crate::harness::{Talk, ack, notified, notify, segmented};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::SegmentSend;

#[test]
fn d7_segment_error_keeps_the_other_results() {
    let mut talk = Talk::connected(segmented(SegmentSend::Off));
    talk.call(&[notify(1), notify(1)], &CallOptions::default());
    talk.gets(&[notify(1), notify(2)].concat())
        .peer(&notified(2));
    talk.peer("P=1/1{ER=500{}}")
        .gets("SM=1/1")
        .peer("P=1/2/&{C=2{MF=A2}}")
        .gets("SM=1/2/&")
        .gets(&ack("1"));
    talk.told("call 1: segments [1 error 500, 2 ok 1]; ok 1")
        .leaves_nothing();
}
