//! The size of the requests sends the stored acknowledgements along.

use crate::harness::{Talk, ack, both, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn multi_trans_req_and_ack_maxsize1() {
    let mut talk = Talk::connected(both(10, 10, 2 * notify(1).len() as u32));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets_after(5000, &notify(1));
    talk.peer(&notified(1))
        .cast(&[notify(1)], &CallOptions::default())
        .nothing_for(1000);
    talk.cast(&[notify(1)], &CallOptions::default());
    talk.gets(&[ack("1"), notify(2), notify(3)].concat())
        .nothing_for(5000);
}
