//! A window larger than the reply has segments: all leave at once, and the whole is acknowledged.

use crate::harness::{Plan, Talk, ack, notify, segmented, three};
use megaphone_megaco::config::SegmentSend;
use megaphone_megaco::user::AckRequest;

#[test]
fn send_segmented_msg_plain4() {
    let mut talk = Talk::connected(segmented(SegmentSend::Window(4)));
    talk.plan(Plan::ReplyText(AckRequest::Handle(1), three()))
        .peer(&notify(1))
        .told("handle_trans_request 1");
    for _ in 0..3 {
        talk.sent().expect("a segment");
    }
    talk.nothing()
        .peer("SM=1/1")
        .peer("SM=1/2")
        .peer("SM=1/3/&")
        .nothing()
        .peer(&ack("1"))
        .told("handle_trans_ack ok data 1")
        .leaves_nothing();
}
