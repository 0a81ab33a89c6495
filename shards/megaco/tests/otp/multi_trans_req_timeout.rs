//! Requests wait for the timer of the sender and leave in one message, oldest first.

use crate::harness::{Talk, notify, requests};
use megaphone_megaco::CallOptions;

#[test]
fn multi_trans_req_timeout() {
    let mut talk = Talk::connected(requests(10, 2048));
    for _ in 0..3 {
        talk.cast(&[notify(1)], &CallOptions::default())
            .nothing_for(100);
    }
    talk.gets_after(4700, &format!("{}{}{}", notify(1), notify(2), notify(3)));
}
