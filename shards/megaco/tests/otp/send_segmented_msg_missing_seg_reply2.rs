//! Segments that are never acknowledged, and no acknowledgement of the whole: they are sent again, and in the end the user is told which.

use crate::harness::{Plan, Talk, notify, segmented, three};
use megaphone_megaco::config::{Config, Retries, SegmentSend, Timer};
use megaphone_megaco::user::AckRequest;

#[test]
fn send_segmented_msg_missing_seg_reply2() {
    let mut talk = Talk::connected(Config {
        segment_send_timer: Timer::incremental(1000, 1, 0, Retries::Count(1)),
        ..segmented(SegmentSend::Unlimited)
    });
    talk.plan(Plan::ReplyText(AckRequest::Handle(1), three()))
        .peer(&notify(1))
        .told("handle_trans_request 1");
    for _ in 0..3 {
        talk.sent().expect("a segment");
    }
    talk.peer("SM=1/3/&").nothing();
    talk.gets_after(1000, "P=1/1{C=1{MF=A1}}")
        .gets("P=1/2{C=2{MF=A2}}")
        .nothing()
        .told_nothing();
    talk.nothing_for(1000)
        .told("handle_trans_ack segment failure [1, 2] data 1")
        .leaves_nothing();
}
