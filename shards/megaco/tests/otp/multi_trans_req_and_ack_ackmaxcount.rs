//! The count of acknowledgements sends the stored requests along.

use crate::harness::{Talk, ack, both, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn multi_trans_req_and_ack_ackmaxcount() {
    let mut talk = Talk::connected(both(2, 10, 2048));
    talk.cast(&[notify(1), notify(1)], &CallOptions::default())
        .gets_after(5000, &[notify(1), notify(2)].concat());
    talk.cast(&[notify(1)], &CallOptions::default())
        .peer(&notified(1))
        .nothing_for(1000);
    talk.peer(&notified(2))
        .gets(&[ack("1-2"), notify(3)].concat())
        .nothing_for(5000);
}
