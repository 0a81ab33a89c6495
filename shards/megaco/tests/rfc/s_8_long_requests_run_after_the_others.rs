//! A request that takes long is run after the others of its message.

use crate::harness::{Plan, Talk, config, notified, notify, pending};

#[test]
fn s_8_long_requests_run_after_the_others() {
    let mut talk = Talk::connected(config());
    talk.plan(Plan::Pending(7))
        .peer(&[notify(1), notify(2)].concat());
    talk.gets(&pending(1)).gets(&notified(2)).gets(&notified(1));
    talk.told("handle_trans_request 1")
        .told("handle_trans_request 2")
        .told("handle_trans_long_request 1 data 7");
}
