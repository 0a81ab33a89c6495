//! Segments may come in any order; a repeated one is acknowledged again and not delivered again.

use crate::harness::{Talk, ack, notify, segmented};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::SegmentSend;

#[test]
fn recv_segmented_msg_ooo_seg() {
    let mut talk = Talk::connected(segmented(SegmentSend::Off));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    talk.peer("P=1/3/&{C=3{MF=A3}}")
        .gets("SM=1/3/&")
        .told("handle_trans_reply segment 3 ok 1 data 0");
    talk.peer("P=1/1{C=1{MF=A1}}")
        .gets("SM=1/1")
        .told("handle_trans_reply segment 1 ok 1 data 0");
    talk.peer("P=1/1{C=1{MF=A1}}").gets("SM=1/1").told_nothing();
    talk.peer("P=1/2{C=2{MF=A2}}")
        .gets("SM=1/2")
        .told("handle_trans_reply segment 2 last ok 1 data 0")
        .gets(&ack("1"))
        .leaves_nothing();
}
