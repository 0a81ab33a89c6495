//! A call of several transactions that makes the count takes what is stored along.

use crate::harness::{Talk, notify, requests};
use megaphone_megaco::CallOptions;

#[test]
fn multi_trans_req_maxcount2() {
    let mut talk = Talk::connected(requests(4, 2048));
    talk.cast(&[notify(1)], &CallOptions::default())
        .nothing_for(100);
    talk.cast(&[notify(1), notify(1), notify(1)], &CallOptions::default());
    talk.gets(&[notify(1), notify(2), notify(3), notify(4)].concat())
        .nothing_for(5000);
}
