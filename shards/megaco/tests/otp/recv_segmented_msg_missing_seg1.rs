//! A segment never comes: error 459 names it, the call gets what came.

use crate::harness::{Talk, notify, segmented};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::SegmentSend;

#[test]
fn recv_segmented_msg_missing_seg1() {
    let mut talk = Talk::connected(segmented(SegmentSend::Off));
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .peer("P=1/1{C=1{MF=A1}}")
        .gets("SM=1/1")
        .peer("P=1/4/&{C=4{MF=A4}}")
        .gets("SM=1/4/&");
    talk.gets_after(10_000, r#"ER=459{"2,3"}"#);
    talk.told("call 1: segment_timeout missing [2, 3] received [1 ok 1, 4 ok 1]")
        .leaves_nothing();
}
