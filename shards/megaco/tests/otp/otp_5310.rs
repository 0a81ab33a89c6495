//! The limit of Pendings is counted per transaction, and starts anew for the next.

use crate::harness::{Plan, Talk, config, notified, notify, pending};
use megaphone_megaco::config::Config;
use megaphone_megaco::user::AckRequest;

#[test]
fn otp_5310() {
    let mut talk = Talk::connected(Config {
        sent_pending_limit: Some(1),
        ..config()
    });
    for id in 1..=3 {
        talk.plan(Plan::Later)
            .peer(&notify(id))
            .peer(&notify(id))
            .gets(&pending(id));
        talk.answer(Plan::Reply(AckRequest::Discard))
            .gets(&notified(id));
    }
    talk.leaves_nothing();
}
