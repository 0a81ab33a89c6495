//! The same with an incremental timer.

use crate::harness::{Talk, doubling, notify, segmented};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, SegmentSend};

#[test]
fn recv_segmented_msg_missing_seg2() {
    let config = Config {
        segment_recv_timer: doubling(1000, 2),
        ..segmented(SegmentSend::Off)
    };
    let mut talk = Talk::connected(config);
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .peer("P=1/2/&{C=2{MF=A2}}")
        .gets("SM=1/2/&")
        .gets_after(7000, r#"ER=459{"1"}"#);
    talk.told("call 1: segment_timeout missing [1] received [2 ok 1]")
        .leaves_nothing();
}
