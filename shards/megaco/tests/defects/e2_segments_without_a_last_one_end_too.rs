//! A peer that sends a segment and never the last one does not hold a request for ever.

use crate::harness::{Talk, notify, segmented};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::SegmentSend;

#[test]
fn e2_segments_without_a_last_one_end_too() {
    let mut talk = Talk::connected(segmented(SegmentSend::Off));
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .peer("P=1/1{C=1{MF=A1}}")
        .gets("SM=1/1")
        .pass(10_000);
    talk.told("call 1: segment_timeout missing [] received [1 ok 1]")
        .leaves_nothing();
}
