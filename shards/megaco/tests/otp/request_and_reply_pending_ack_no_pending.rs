//! The user wants an acknowledgement only after a Pending, and none was sent.

use crate::harness::{Plan, Talk, ack, limited, notified, notify};
use megaphone_megaco::user::AckRequest;

#[test]
fn request_and_reply_pending_ack_no_pending() {
    let mut talk = Talk::connected(limited());
    talk.plan(Plan::Reply(AckRequest::HandlePending(5)))
        .peer(&notify(1))
        .gets(&notified(1));
    talk.told("handle_trans_request 1")
        .peer(&ack("1"))
        .told_nothing()
        .leaves_nothing();
}
