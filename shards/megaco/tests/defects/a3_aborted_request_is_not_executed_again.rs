//! After error 506 duplicates get the same error. OTP: the next is ignored, the one after it executed.

use crate::harness::{Plan, Talk, config, limit_exceeded, notify, pending};
use megaphone_megaco::config::Config;

#[test]
fn a3_aborted_request_is_not_executed_again() {
    let mut talk = Talk::connected(Config {
        sent_pending_limit: Some(1),
        ..config()
    });
    talk.plan(Plan::Later)
        .peer(&notify(1))
        .peer(&notify(1))
        .gets(&pending(1))
        .peer(&notify(1))
        .gets(&limit_exceeded(1));
    for _ in 0..3 {
        talk.peer(&notify(1)).gets(&limit_exceeded(1));
    }
    assert_eq!(talk.executed(), [1]);
    talk.leaves_nothing();
}
