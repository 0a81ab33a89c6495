//! A segmented reply whose acknowledgement never comes is repeated segment by segment and ends. OTP: crashes and leaks.

use crate::harness::{Plan, Talk, doubling, notify, segmented, three};
use megaphone_megaco::config::{Config, SegmentSend};
use megaphone_megaco::user::AckRequest;

#[test]
fn d6_segmented_reply_with_incremental_timer() {
    let config = Config {
        reply_timer: doubling(1000, 2),
        ..segmented(SegmentSend::Unlimited)
    };
    let mut talk = Talk::connected(Config {
        segment_send_timer: doubling(500, 1),
        ..config
    });
    talk.plan(Plan::ReplyText(AckRequest::Handle(1), three()))
        .peer(&notify(1));
    talk.sent()
        .and(talk.sent())
        .and(talk.sent())
        .expect("three segments");
    talk.forget()
        .peer("SM=1/2")
        .pass(499)
        .nothing()
        .pass(1)
        .gets("P=1/1{C=1{MF=A1}}")
        .gets("P=1/3/&{IA,C=3{MF=A3}}");
    talk.nothing_for(999)
        .told_nothing()
        .pass(1)
        .told("handle_trans_ack segment failure [1, 3] data 1")
        .leaves_nothing();
}
