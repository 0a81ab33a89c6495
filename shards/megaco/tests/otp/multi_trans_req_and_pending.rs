//! A Pending takes all stored requests along.

use crate::harness::{Plan, Talk, both, notify, pending};
use megaphone_megaco::CallOptions;

#[test]
fn multi_trans_req_and_pending() {
    let mut talk = Talk::connected(both(10, 10, 2048));
    talk.cast(&[notify(1), notify(1)], &CallOptions::default())
        .nothing_for(1000);
    talk.plan(Plan::Pending(1))
        .plan(Plan::Later)
        .peer(&notify(7));
    talk.gets(&[pending(7), notify(1), notify(2)].concat())
        .nothing_for(5000);
}
