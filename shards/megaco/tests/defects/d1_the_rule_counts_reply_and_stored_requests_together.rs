//! The reply rule of the user's guide: reply + stored requests over the size, not the reply alone. At the size, and one above.

use crate::harness::{Talk, notified, notify, requests};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Item;

#[test]
fn d1_the_rule_counts_reply_and_stored_requests_together() {
    let size = (notify(1).len() + notified(7).len()) as u32;
    let mut talk = Talk::connected(requests(10, size));
    talk.cast(&[notify(1)], &CallOptions::default())
        .peer(&notify(7))
        .gets(&[notified(7), notify(1)].concat());
    talk.set(Item::TransReqMaxsize, size - 1)
        .cast(&[notify(1)], &CallOptions::default());
    talk.peer(&notify(8))
        .gets(&notify(2))
        .gets(&notified(8))
        .nothing();
}
