//! A single request waits for the timer of the sender.

use crate::harness::{Talk, notified, notify, requests};
use megaphone_megaco::CallOptions;

#[test]
fn single_trans_req() {
    let mut talk = Talk::connected(requests(10, 2048));
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets_after(5000, &notify(1));
    talk.peer(&notified(1))
        .told("handle_trans_reply ok 1 data 0")
        .leaves_nothing();
}
