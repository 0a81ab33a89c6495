//! RFC 3525 D.1.4: a Pending after the reply is ignored.

use crate::harness::{Talk, config, notified, notify, pending};
use megaphone_megaco::CallOptions;

#[test]
fn d_1_4_pending_after_reply_is_ignored() {
    let mut talk = Talk::connected(config());
    let options = CallOptions {
        request_keep_alive_timeout: Some(5000),
        ..CallOptions::default()
    };
    talk.cast(&[notify(1)], &options)
        .gets(&notify(1))
        .peer(&notified(1))
        .forget()
        .peer(&pending(1))
        .told_nothing();
}
