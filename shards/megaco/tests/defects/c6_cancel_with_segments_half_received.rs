//! A cancel while segments are missing ends the call. OTP: crashes.

use crate::harness::{Talk, notify, segmented};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::SegmentSend;

#[test]
fn c6_cancel_with_segments_half_received() {
    let mut talk = Talk::connected(segmented(SegmentSend::Off));
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .peer("P=1/1{C=1{MF=A1}}")
        .gets("SM=1/1");
    talk.engine
        .cancel(talk.now, talk.connection(), 5)
        .expect("it is live");
    talk.told("call 1: user_cancel 5").leaves_nothing();
}
