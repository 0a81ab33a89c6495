//! Error 506 of the peer ends a call like any other error, and leaves nothing behind.

use crate::harness::{Talk, config, limit_exceeded, notify, pending};
use megaphone_megaco::CallOptions;

#[test]
fn otp_5619() {
    let mut talk = Talk::connected(config());
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .peer(&pending(1))
        .peer(&limit_exceeded(1))
        .told("call 1: error 506")
        .leaves_nothing();
}
