//! RFC 3525 9: replies, Pendings and their repetitions go where the request came from.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::{CallOptions, SendHandle};

#[test]
fn s_9_replies_go_to_the_source() {
    let mut talk = Talk::connected(config());
    let message = format!("!/1 <mg> {}", notify(1));
    talk.raw_from(message.as_bytes(), SendHandle(77))
        .gets(&notified(1));
    assert_eq!(
        talk.last.as_ref().map(|send| send.handle),
        Some(SendHandle(77))
    );
    talk.raw_from(message.as_bytes(), SendHandle(78))
        .gets(&notified(1));
    assert_eq!(
        talk.last.as_ref().map(|send| send.handle),
        Some(SendHandle(78))
    );
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    assert_eq!(
        talk.last.as_ref().map(|send| send.handle),
        Some(SendHandle(1)),
        "requests go to the connection's address"
    );
}
