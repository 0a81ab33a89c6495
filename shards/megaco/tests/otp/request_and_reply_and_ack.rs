//! The user wants an acknowledgement and gets it.

use crate::harness::{Plan, Talk, ack, config, notified_ia, notify};
use megaphone_megaco::user::AckRequest;

#[test]
fn request_and_reply_and_ack() {
    let mut talk = Talk::connected(config());
    talk.plan(Plan::Reply(AckRequest::Handle(5)))
        .peer(&notify(1))
        .gets(&notified_ia(1))
        .forget();
    talk.peer(&ack("1"))
        .told("handle_trans_ack ok data 5")
        .leaves_nothing();
}
