//! The user wants an acknowledgement and gets none: the reply is repeated, then the user is told.

use crate::harness::{Plan, Talk, config, doubling, notified_ia, notify};
use megaphone_megaco::config::Config;
use megaphone_megaco::user::AckRequest;

#[test]
fn request_and_reply_and_no_ack() {
    let mut talk = Talk::connected(Config {
        reply_timer: doubling(1000, 2),
        ..config()
    });
    talk.plan(Plan::Reply(AckRequest::Handle(5)))
        .peer(&notify(1))
        .gets(&notified_ia(1))
        .forget();
    talk.gets_after(1000, &notified_ia(1))
        .gets_after(2000, &notified_ia(1))
        .nothing_for(3999)
        .told_nothing();
    talk.pass(1)
        .told("handle_trans_ack timeout data 5")
        .leaves_nothing();
}
