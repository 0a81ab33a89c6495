//! A call whose segments never came leaves nothing behind. OTP: the request row.

use crate::harness::{Talk, notify, segmented};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::SegmentSend;

#[test]
fn e2_segment_timeout_leaves_no_request() {
    let mut talk = Talk::connected(segmented(SegmentSend::Off));
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .peer("P=1/2/&{C=2{MF=A2}}")
        .pass(10_000);
    assert_eq!(talk.numbers().requests, 0);
    assert_eq!(talk.numbers().timers, 0);
}
