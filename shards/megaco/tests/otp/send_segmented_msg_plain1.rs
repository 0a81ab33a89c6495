//! All segments leave at once; each is acknowledged, then the whole.

use crate::harness::{Plan, Talk, ack, notify, segmented, three};
use megaphone_megaco::config::SegmentSend;
use megaphone_megaco::user::AckRequest;

#[test]
fn send_segmented_msg_plain1() {
    let mut talk = Talk::connected(segmented(SegmentSend::Unlimited));
    talk.plan(Plan::ReplyText(AckRequest::Handle(1), three()))
        .peer(&notify(1));
    talk.gets("P=1/1{C=1{MF=A1}}")
        .gets("P=1/2{C=2{MF=A2}}")
        .gets("P=1/3/&{IA,C=3{MF=A3}}")
        .nothing()
        .forget();
    talk.peer("SM=1/1")
        .peer("SM=1/2")
        .peer("SM=1/3/&")
        .peer(&ack("1"))
        .told("handle_trans_ack ok data 1")
        .leaves_nothing();
}
