//! A Pending takes everything stored along: acknowledgements, then requests.

use crate::harness::{Plan, Talk, ack, both, notified, notify, pending};
use megaphone_megaco::CallOptions;

#[test]
fn multi_trans_req_and_ack_and_pending() {
    let mut talk = Talk::connected(both(10, 10, 2048));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets_after(5000, &notify(1));
    talk.peer(&notified(1))
        .cast(&[notify(1), notify(1)], &CallOptions::default())
        .nothing_for(1000);
    talk.plan(Plan::Pending(1))
        .plan(Plan::Later)
        .peer(&notify(7));
    talk.gets(&[pending(7), ack("1"), notify(2), notify(3)].concat())
        .nothing_for(5000);
}
