//! A reply whose acknowledgement is wanted is repeated until it comes.

use crate::harness::{Plan, Talk, ack, config, doubling, notified_ia, notify};
use megaphone_megaco::config::Config;
use megaphone_megaco::user::AckRequest;

#[test]
fn otp_6442_resend_reply1() {
    let mut talk = Talk::connected(Config {
        reply_timer: doubling(500, 5),
        ..config()
    });
    talk.plan(Plan::Reply(AckRequest::Handle(1)))
        .peer(&notify(1))
        .gets(&notified_ia(1))
        .forget();
    talk.gets_after(500, &notified_ia(1))
        .gets_after(1000, &notified_ia(1));
    talk.peer(&ack("1"))
        .told("handle_trans_ack ok data 1")
        .leaves_nothing();
}
