//! Acknowledgements wait for the timer of the sender and leave as one range.

use crate::harness::{Talk, ack, acks, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn multi_ack_timeout() {
    let mut talk = Talk::connected(acks(10));
    for id in 1..=4 {
        talk.cast(&[notify(1)], &CallOptions::default())
            .gets(&notify(id));
        talk.peer(&notified(id)).nothing_for(100);
    }
    talk.gets_after(4600, &ack("1-4")).leaves_nothing();
}
