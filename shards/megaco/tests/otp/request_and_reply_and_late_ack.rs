//! The acknowledgement comes after a repetition of the reply.

use crate::harness::{Plan, Talk, ack, config, doubling, notified_ia, notify};
use megaphone_megaco::config::Config;
use megaphone_megaco::user::AckRequest;

#[test]
fn request_and_reply_and_late_ack() {
    let mut talk = Talk::connected(Config {
        reply_timer: doubling(1000, 2),
        ..config()
    });
    talk.plan(Plan::Reply(AckRequest::Handle(5)))
        .peer(&notify(1))
        .gets(&notified_ia(1))
        .forget();
    talk.gets_after(1000, &notified_ia(1))
        .peer(&ack("1"))
        .told("handle_trans_ack ok data 5")
        .leaves_nothing();
}
