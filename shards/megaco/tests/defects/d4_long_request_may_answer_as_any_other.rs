//! A long request may be answered with a sloppy acknowledgement or an error. OTP: 500.

use crate::harness::{Plan, Talk, ack, config, notified, notify, pending};
use megaphone_megaco::user::AckRequest;

#[test]
fn d4_long_request_may_answer_as_any_other() {
    let mut talk = Talk::connected(config());
    talk.plan(Plan::Pending(1))
        .plan(Plan::Reply(AckRequest::HandleSloppy(6)))
        .peer(&notify(1));
    talk.gets(&pending(1))
        .gets(&notified(1))
        .forget()
        .peer(&ack("1"))
        .told("handle_trans_ack ok data 6");
    talk.plan(Plan::Pending(1))
        .plan(Plan::Error(430))
        .peer(&notify(2))
        .gets(&pending(2))
        .gets("P=2{ER=430{}}");
    talk.leaves_nothing();
}
