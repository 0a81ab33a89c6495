//! The same with a long request: its own Pending counts.

use crate::harness::{Plan, Talk, config, limit_exceeded, notify, pending};
use megaphone_megaco::config::Config;

#[test]
fn sent_resend_exceeded_long() {
    let mut talk = Talk::connected(Config {
        sent_pending_limit: Some(1),
        ..config()
    });
    talk.plan(Plan::Pending(1))
        .plan(Plan::Later)
        .peer(&notify(1))
        .gets(&pending(1))
        .forget();
    talk.peer(&notify(1))
        .gets(&limit_exceeded(1))
        .told("handle_trans_request_abort 1")
        .leaves_nothing();
}
