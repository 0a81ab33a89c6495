//! A long request may be answered in segments. OTP: a malformed row.

use crate::harness::{Plan, Talk, notify, pending, segmented, three};
use megaphone_megaco::config::SegmentSend;
use megaphone_megaco::user::AckRequest;

#[test]
fn d6_long_request_answered_in_segments() {
    let mut talk = Talk::connected(segmented(SegmentSend::Unlimited));
    talk.plan(Plan::Pending(1))
        .plan(Plan::ReplyText(AckRequest::Discard, three()))
        .peer(&notify(1))
        .gets(&pending(1));
    talk.gets("P=1/1{C=1{MF=A1}}")
        .gets("P=1/2{C=2{MF=A2}}")
        .gets("P=1/3/&{C=3{MF=A3}}");
    talk.peer("SM=1/1")
        .peer("SM=1/2")
        .peer("SM=1/3/&")
        .leaves_nothing();
}
