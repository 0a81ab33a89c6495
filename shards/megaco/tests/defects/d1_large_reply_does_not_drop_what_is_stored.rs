//! A reply that leaves no room: what is stored goes first, the reply second, nothing is lost. OTP: the stored items are lost.

use crate::harness::{Plan, Talk, ack, both, notified, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::user::AckRequest;

#[test]
fn d1_large_reply_does_not_drop_what_is_stored() {
    let mut talk = Talk::connected(both(10, 10, 100));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets_after(5000, &notify(1))
        .peer(&notified(1));
    talk.cast(&[notify(1)], &CallOptions::default()).nothing();
    let large = format!("C=-{{{}}}", ["N=A4444"; 12].join(","));
    talk.plan(Plan::ReplyText(AckRequest::Discard, large.clone()))
        .peer(&notify(7));
    talk.gets(&[ack("1"), notify(2)].concat())
        .gets(&format!("P=7{{{large}}}"))
        .nothing_for(5000);
}
