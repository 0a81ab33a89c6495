//! A request whose user never answers ends with error 500 after `execution_timer`. OTP: its row stays.

use crate::harness::{Plan, Talk, config, notify};
use megaphone_megaco::config::{Config, Timer};

#[test]
fn e3_user_that_never_answers() {
    let mut talk = Talk::connected(Config {
        execution_timer: 60_000,
        pending_timer: Timer::Infinity,
        ..config()
    });
    talk.plan(Plan::Later)
        .peer(&notify(1))
        .told("handle_trans_request 1")
        .nothing_for(59_999)
        .pass(1)
        .gets_code(1, 500);
    talk.told("handle_trans_request_abort 1").leaves_nothing();
}
