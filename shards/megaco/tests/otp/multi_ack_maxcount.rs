//! The acknowledgement that makes the count sends them all at once.

use crate::harness::{Talk, ack, acks, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn multi_ack_maxcount() {
    let mut talk = Talk::connected(acks(4));
    talk.cast(
        &[notify(1), notify(1), notify(1), notify(1)],
        &CallOptions::default(),
    );
    talk.sent();
    talk.peer(&notified(1))
        .peer(&notified(2))
        .peer(&notified(4))
        .nothing_for(1000);
    talk.peer(&notified(3)).gets(&ack("1-4")).leaves_nothing();
}
