//! A transport that declines to send: the caller is told, and it is no error.

use crate::harness::{Talk, config, notify};
use megaphone_megaco::{CallOptions, Input};

#[test]
fn otp_6253() {
    let mut talk = Talk::connected(config());
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1));
    let tag = talk.last.take().expect("a message").tag;
    talk.engine.handle(
        talk.now,
        Input::SendFailed {
            tag: &tag,
            cancelled: true,
            reason: 4,
        },
    );
    talk.told("call 1: send_message_cancelled 4")
        .leaves_nothing();
    assert_eq!(talk.engine.totals().counters.errors, 0);
}
