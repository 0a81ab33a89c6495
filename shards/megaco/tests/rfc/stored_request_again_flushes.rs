//! A request that is stored and due for a re-send flushes everything stored; it is not in the message twice.

use crate::harness::{Talk, doubling, notify, requests};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Config;

#[test]
fn stored_request_again_flushes() {
    let mut talk = Talk::connected(Config {
        request_timer: doubling(1000, 5),
        ..requests(10, 2048)
    });
    talk.cast(&[notify(1)], &CallOptions::default())
        .pass(200)
        .cast(&[notify(1)], &CallOptions::default());
    talk.gets_after(800, &[notify(1), notify(2)].concat());
}
