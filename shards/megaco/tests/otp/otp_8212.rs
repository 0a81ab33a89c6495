//! Two replies to one request: the second is unexpected.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn otp_8212() {
    let mut talk = Talk::connected(config());
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    talk.peer(&[notified(1), notified(1)].concat());
    talk.told("handle_trans_reply ok 1 data 0")
        .told(&format!("handle_unexpected_trans {}", notified(1)))
        .leaves_nothing();
}
