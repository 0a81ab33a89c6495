//! The timer of the sender is not prolonged by what is added.

use crate::harness::{Talk, notify, requests};
use megaphone_megaco::CallOptions;

#[test]
fn no_item_waits_longer_than_the_timer() {
    let mut talk = Talk::connected(requests(100, 100_000));
    for _ in 0..49 {
        talk.cast(&[notify(1)], &CallOptions::default())
            .nothing_for(100);
    }
    talk.pass(100);
    assert!(talk.sent().is_some());
}
