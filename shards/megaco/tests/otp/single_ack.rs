//! A single reply is acknowledged when the timer of the sender expires.

use crate::harness::{Talk, ack, acks, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn single_ack() {
    let mut talk = Talk::connected(acks(10));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    talk.peer(&notified(1));
    talk.gets_after(5000, &ack("1")).leaves_nothing();
}
