//! A connection has at most so many outstanding requests: limit - 1, limit, limit + 1.

use crate::harness::{Talk, config, notified, notify, notify_actions};
use megaphone_megaco::{Actions, CallOptions, Error, Options};

#[test]
fn b3_outstanding_requests_are_limited() {
    let mut talk = Talk::with(
        config(),
        Options {
            requests_per_connection_max: 3,
            ..Options::default()
        },
    );
    talk.connect("mg");
    talk.cast(&[notify(1), notify(1)], &CallOptions::default())
        .cast(&[notify(1)], &CallOptions::default());
    let one = notify_actions();
    let more = talk.engine.cast(
        talk.now,
        talk.connection(),
        &[Actions::Plain(&one)],
        &CallOptions::default(),
    );
    assert_eq!(more, Err(Error::Limit("requests_per_connection_max")));
    talk.peer(&notified(1))
        .cast(&[notify(1)], &CallOptions::default());
}
