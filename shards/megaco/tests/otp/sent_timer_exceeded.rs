//! The user is slow, and the Pending timer exceeds the limit: error 506.

use crate::harness::{Plan, Talk, config, limit_exceeded, notify, pending};
use megaphone_megaco::config::{Config, Retries, Timer};

#[test]
fn sent_timer_exceeded() {
    let config = Config {
        pending_timer: Timer::incremental(1000, 1, 0, Retries::Infinity),
        sent_pending_limit: Some(3),
        ..config()
    };
    let mut talk = Talk::connected(config);
    talk.plan(Plan::Later)
        .peer(&notify(1))
        .told("handle_trans_request 1");
    talk.gets_after(1000, &pending(1))
        .gets_after(1000, &pending(1))
        .gets_after(1000, &pending(1));
    talk.gets_after(1000, &limit_exceeded(1))
        .told("handle_trans_request_abort 1")
        .leaves_nothing();
}
