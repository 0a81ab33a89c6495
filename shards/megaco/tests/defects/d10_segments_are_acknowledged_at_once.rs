//! A segment is noted as sent before it leaves: its acknowledgement may come at once. OTP notes it afterwards, loses what comes in between,
//! and with a window never sends the rest of the reply.

use crate::harness::{Plan, Talk, notify, segmented};
use megaphone_megaco::config::SegmentSend;
use megaphone_megaco::user::AckRequest;

#[test]
fn d10_segments_are_acknowledged_at_once() {
    let mut talk = Talk::connected(segmented(SegmentSend::Window(2)));
    let five = "C=1{MF=A1},C=2{MF=A2},C=3{MF=A3},C=4{MF=A4},C=5{MF=A5}";
    talk.plan(Plan::ReplyText(AckRequest::Handle(1), five.to_owned()));
    // Both come before the transport has even taken the first two.
    talk.peer(&notify(1)).peer("SM=1/1").peer("SM=1/2");
    for segment in [
        "P=1/1{C=1{MF=A1}}",
        "P=1/2{C=2{MF=A2}}",
        "P=1/3{C=3{MF=A3}}",
        "P=1/4{C=4{MF=A4}}",
    ] {
        talk.gets(segment);
    }
    talk.nothing()
        .peer("SM=1/4")
        .gets("P=1/5/&{IA,C=5{MF=A5}}")
        .peer("SM=1/5/&")
        .peer("SM=1/3")
        .peer("K{1}");
    talk.told("handle_trans_request 1")
        .told("handle_trans_ack ok data 1")
        .leaves_nothing();
}
