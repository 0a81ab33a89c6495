//! A single-shot `segment_send_timer` repeats for as long as the reply is kept.

use crate::harness::{Plan, Talk, notify, segmented, three};
use megaphone_megaco::config::SegmentSend;
use megaphone_megaco::user::AckRequest;

#[test]
fn v3_segment_timer_of_one_period() {
    let mut talk = Talk::connected(segmented(SegmentSend::Window(1)));
    talk.plan(Plan::ReplyText(AckRequest::Handle(2), three()))
        .peer(&notify(1))
        .forget();
    for _ in 0..6 {
        talk.gets("P=1/1{C=1{MF=A1}}").pass(5000);
    }
    talk.nothing()
        .told("handle_trans_ack segment failure [1, 2, 3] data 2")
        .leaves_nothing();
}
