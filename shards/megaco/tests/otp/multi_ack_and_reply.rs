//! A reply takes stored acknowledgements along.

use crate::harness::{Talk, ack, acks, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn multi_ack_and_reply() {
    let mut talk = Talk::connected(acks(10));
    talk.cast(&[notify(1), notify(1)], &CallOptions::default());
    talk.sent();
    talk.peer(&notified(1)).peer(&notified(2)).nothing_for(1000);
    talk.peer(&notify(7))
        .gets(&[notified(7), ack("1-2")].concat())
        .nothing_for(5000);
}
