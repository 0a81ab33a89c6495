//! RFC 3525 8.1.1: the counter wraps from the last id to the first and skips what is in use.

use crate::harness::{Talk, config, notified, notify, notify_actions};
use megaphone_megaco::config::Config;
use megaphone_megaco::{Actions, CallOptions, Error};

#[test]
fn s_8_1_1_ids_are_unique_among_live() {
    let mut talk = Talk::connected(Config {
        min_trans_id: 5,
        max_trans_id: Some(7),
        ..config()
    });
    for id in [5, 6, 7] {
        talk.cast(&[notify(1)], &CallOptions::default())
            .gets(&notify(id));
    }
    talk.peer(&notified(6))
        .cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(6));
    let one = notify_actions();
    let more = talk.engine.cast(
        talk.now,
        talk.connection(),
        &[Actions::Plain(&one)],
        &CallOptions::default(),
    );
    assert_eq!(more, Err(Error::NoTransactionId));
    talk.peer(&notified(5))
        .cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(5));
}
