//! The user is slow, Pendings go out by timer, the reply comes within the limit.

use crate::harness::{Plan, Talk, config, notified, notify, pending};
use megaphone_megaco::config::{Config, Retries, Timer};
use megaphone_megaco::user::AckRequest;

#[test]
fn sent_timer_late_reply() {
    let config = Config {
        pending_timer: Timer::incremental(1000, 1, 0, Retries::Infinity),
        sent_pending_limit: Some(5),
        ..config()
    };
    let mut talk = Talk::connected(config);
    talk.plan(Plan::Later)
        .peer(&notify(1))
        .gets_after(1000, &pending(1))
        .gets_after(1000, &pending(1))
        .pass(500);
    talk.answer(Plan::Reply(AckRequest::Discard))
        .gets(&notified(1))
        .leaves_nothing();
}
