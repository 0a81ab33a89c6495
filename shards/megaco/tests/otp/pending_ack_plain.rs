//! A long request is answered with a Pending, later with the reply, and acknowledged.

use crate::harness::{Plan, Talk, ack, limited, notified_ia, notify, pending};
use megaphone_megaco::user::AckRequest;

#[test]
fn pending_ack_plain() {
    let mut talk = Talk::connected(limited());
    talk.plan(Plan::Pending(3))
        .plan(Plan::Later)
        .peer(&notify(1))
        .gets(&pending(1));
    talk.told("handle_trans_request 1")
        .told("handle_trans_long_request 1 data 3")
        .nothing_for(500);
    talk.answer(Plan::Reply(AckRequest::HandlePending(4)))
        .gets(&notified_ia(1));
    talk.peer(&ack("1"))
        .told("handle_trans_ack ok data 4")
        .leaves_nothing();
}
