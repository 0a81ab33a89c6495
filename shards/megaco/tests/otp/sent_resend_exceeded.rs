//! The peer repeats its request beyond the limit: error 506.

use crate::harness::{Plan, Talk, config, limit_exceeded, notify, pending};
use megaphone_megaco::config::Config;

#[test]
fn sent_resend_exceeded() {
    let mut talk = Talk::connected(Config {
        sent_pending_limit: Some(1),
        ..config()
    });
    talk.plan(Plan::Later)
        .peer(&notify(1))
        .told("handle_trans_request 1")
        .peer(&notify(1))
        .gets(&pending(1));
    talk.peer(&notify(1))
        .gets(&limit_exceeded(1))
        .told("handle_trans_request_abort 1")
        .leaves_nothing();
}
