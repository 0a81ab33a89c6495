//! Segments are acknowledged one by one, the whole at the end, and the call gets them in order.

use crate::harness::{Talk, ack, notify, segmented};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::SegmentSend;

#[test]
fn recv_segmented_msg_plain() {
    let mut talk = Talk::connected(segmented(SegmentSend::Off));
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .peer("P=1/1{C=1{MF=A1}}")
        .gets("SM=1/1")
        .peer("P=1/2{C=2{MF=A2}}")
        .gets("SM=1/2");
    talk.told_nothing()
        .peer("P=1/3/&{C=3{MF=A3}}")
        .gets("SM=1/3/&")
        .gets(&ack("1"));
    talk.told("call 1: segments [1 ok 1, 2 ok 1, 3 ok 1]")
        .leaves_nothing();
}
