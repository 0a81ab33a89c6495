//! Several of both leave together when the timer expires.

use crate::harness::{Talk, ack, both, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn multi_trans_req_and_ack_timeout() {
    let mut talk = Talk::connected(both(10, 10, 2048));
    talk.cast(&[notify(1), notify(1)], &CallOptions::default())
        .gets_after(5000, &[notify(1), notify(2)].concat());
    talk.peer(&notified(1)).peer(&notified(2)).nothing_for(1000);
    talk.cast(&[notify(1)], &CallOptions::default())
        .cast(&[notify(1)], &CallOptions::default());
    talk.gets_after(4000, &[ack("1-2"), notify(3), notify(4)].concat());
}
