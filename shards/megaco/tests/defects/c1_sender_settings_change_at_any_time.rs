//! Turning the sender off without one, and counts and sizes of 0, are legal. OTP: the application dies with all connections.

use crate::harness::{Talk, config, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Item;

#[test]
fn c1_sender_settings_change_at_any_time() {
    let mut talk = Talk::connected(config());
    talk.set(Item::TransTimer, 0)
        .set(Item::TransAckMaxcount, 0)
        .set(Item::TransReqMaxcount, 0)
        .set(Item::TransReqMaxsize, 0);
    talk.set(Item::TransReq, true).set(Item::TransTimer, 1000);
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    talk.set(Item::TransReqMaxcount, 10)
        .set(Item::TransReqMaxsize, 2048);
    talk.cast(&[notify(1)], &CallOptions::default())
        .nothing()
        .set(Item::TransTimer, 0)
        .gets(&notify(2));
}
