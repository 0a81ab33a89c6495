//! The request that makes the count sends them all at once.

use crate::harness::{Talk, notify, requests};
use megaphone_megaco::CallOptions;

#[test]
fn multi_trans_req_maxcount1() {
    let mut talk = Talk::connected(requests(3, 2048));
    talk.cast(&[notify(1)], &CallOptions::default())
        .cast(&[notify(1)], &CallOptions::default())
        .nothing_for(100);
    talk.cast(&[notify(1)], &CallOptions::default());
    talk.gets(&format!("{}{}{}", notify(1), notify(2), notify(3)))
        .nothing_for(5000);
}
