//! A window of two.

use crate::harness::{Plan, Talk, notify, segmented, three};
use megaphone_megaco::config::SegmentSend;
use megaphone_megaco::user::AckRequest;

#[test]
fn send_segmented_msg_plain3() {
    let mut talk = Talk::connected(segmented(SegmentSend::Window(2)));
    talk.plan(Plan::ReplyText(AckRequest::Discard, three()))
        .peer(&notify(1));
    talk.gets("P=1/1{C=1{MF=A1}}")
        .gets("P=1/2{C=2{MF=A2}}")
        .nothing()
        .peer("SM=1/2")
        .gets("P=1/3/&{C=3{MF=A3}}")
        .nothing();
}
