//! A request that alone makes the size: stored acknowledgements and requests go first.

use crate::harness::{Talk, ack, both, long, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn multi_trans_req_and_ack_maxsize2() {
    let mut talk = Talk::connected(both(10, 10, long(1).len() as u32));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets_after(5000, &notify(1));
    talk.peer(&notified(1))
        .cast(&[notify(1)], &CallOptions::default())
        .nothing_for(1000);
    talk.cast(&[long(1)], &CallOptions::default());
    talk.gets(&[ack("1"), notify(2)].concat())
        .gets(&long(3))
        .nothing_for(5000);
}
