//! A gateway registers and notifies; the controller replies.

use crate::harness::{Wire, config, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn request_and_reply_plain() {
    let mut wire = Wire::new(config(), config());
    wire.mg.call(&[notify(1)], &CallOptions::default());
    wire.run(10);
    assert_eq!(
        wire.log,
        [
            format!("0 mg>mgc {}", notify(1)),
            format!("1 mgc>mg {}", notified(1))
        ]
    );
    wire.mgc
        .told("handle_connect <mg>")
        .told("handle_trans_request 1")
        .told_nothing();
    wire.mg
        .told("handle_connect <mgc>")
        .told("call 1: ok 1")
        .told_nothing();
}
