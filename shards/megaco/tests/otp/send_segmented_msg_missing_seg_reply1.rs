//! An acknowledgement of the whole while segments are not: the user is told which.

use crate::harness::{Plan, Talk, ack, notify, segmented, three};
use megaphone_megaco::config::SegmentSend;
use megaphone_megaco::user::AckRequest;

#[test]
fn send_segmented_msg_missing_seg_reply1() {
    let mut talk = Talk::connected(segmented(SegmentSend::Unlimited));
    talk.plan(Plan::ReplyText(AckRequest::Handle(1), three()))
        .peer(&notify(1));
    talk.sent()
        .and(talk.sent())
        .and(talk.sent())
        .expect("three segments");
    talk.forget()
        .peer("SM=1/1")
        .peer("SM=1/3/&")
        .peer(&ack("1"));
    talk.told("handle_trans_ack segment failure [2] data 1")
        .leaves_nothing();
}
