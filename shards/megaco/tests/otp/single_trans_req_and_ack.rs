//! A stored acknowledgement and a stored request leave together, the acknowledgement first.

use crate::harness::{Talk, ack, both, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn single_trans_req_and_ack() {
    let mut talk = Talk::connected(both(10, 10, 2048));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets_after(5000, &notify(1));
    talk.peer(&notified(1)).nothing_for(1000);
    talk.cast(&[notify(1)], &CallOptions::default());
    talk.gets_after(4000, &[ack("1"), notify(2)].concat());
}
