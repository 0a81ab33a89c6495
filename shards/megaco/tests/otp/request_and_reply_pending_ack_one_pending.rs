//! The user wants an acknowledgement only after a Pending, and one was sent.

use crate::harness::{Plan, Talk, ack, limited, notified_ia, notify, pending};
use megaphone_megaco::user::AckRequest;

#[test]
fn request_and_reply_pending_ack_one_pending() {
    let mut talk = Talk::connected(limited());
    talk.plan(Plan::Pending(3))
        .plan(Plan::Reply(AckRequest::HandlePending(5)))
        .peer(&notify(1));
    talk.gets(&pending(1)).gets(&notified_ia(1)).forget();
    talk.peer(&ack("1"))
        .told("handle_trans_ack ok data 5")
        .leaves_nothing();
}
