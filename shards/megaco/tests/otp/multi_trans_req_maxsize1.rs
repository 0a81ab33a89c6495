//! The request that makes the size sends them all at once, itself included.

use crate::harness::{Talk, notify, requests};
use megaphone_megaco::CallOptions;

#[test]
fn multi_trans_req_maxsize1() {
    let size = notify(1).len() as u32;
    let mut talk = Talk::connected(requests(10, 3 * size));
    talk.cast(&[notify(1)], &CallOptions::default())
        .cast(&[notify(1)], &CallOptions::default())
        .nothing_for(100);
    talk.cast(&[notify(1)], &CallOptions::default());
    talk.gets(&[notify(1), notify(2), notify(3)].concat())
        .nothing_for(5000);
}
