//! A request that alone makes the size: what is stored goes first, then it.

use crate::harness::{Talk, long, notify, requests};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Item;

#[test]
fn multi_trans_req_maxsize2() {
    let size = notify(1).len() as u32;
    let mut talk = Talk::connected(requests(10, size + 1));
    talk.cast(&[notify(1)], &CallOptions::default())
        .nothing_for(100);
    talk.set(Item::TransReqMaxsize, size).gets(&notify(1));
    talk.set(Item::TransReqMaxsize, size + 5)
        .cast(&[notify(1)], &CallOptions::default())
        .nothing();
    talk.cast(&[long(1)], &CallOptions::default())
        .gets(&notify(2))
        .gets(&long(3))
        .nothing_for(5000);
}
