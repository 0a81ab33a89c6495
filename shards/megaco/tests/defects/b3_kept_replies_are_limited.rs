//! A connection has at most so many kept replies; a request beyond is refused with error 510 and not remembered.

use crate::harness::{Talk, ack, config, notified, notify};
use megaphone_megaco::Options;

#[test]
fn b3_kept_replies_are_limited() {
    let mut talk = Talk::with(
        config(),
        Options {
            replies_per_connection_max: 2,
            ..Options::default()
        },
    );
    talk.peer(&notify(1))
        .gets(&notified(1))
        .peer(&notify(2))
        .gets(&notified(2));
    talk.peer(&notify(3))
        .gets_code(3, 510)
        .peer(&ack("1"))
        .peer(&notify(3))
        .gets(&notified(3));
    assert_eq!(talk.engine.totals().refused, 1);
}
