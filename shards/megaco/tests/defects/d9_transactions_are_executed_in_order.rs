//! Transactions of a message are executed first to last, and those of a call are packed first to last. OTP: both reversed.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Item;

#[test]
fn d9_transactions_are_executed_in_order() {
    let mut talk = Talk::connected(config());
    talk.peer(&[notify(5), notify(6), notify(7), notify(8)].concat());
    talk.gets(&notified(5))
        .gets(&notified(6))
        .gets(&notified(7))
        .gets(&notified(8));
    assert_eq!(talk.executed(), [5, 6, 7, 8]);
    talk.set(Item::TransReq, true).set(Item::TransTimer, 1000);
    talk.cast(&[notify(1), notify(1), notify(1)], &CallOptions::default());
    talk.gets_after(1000, &[notify(1), notify(2), notify(3)].concat());
}
