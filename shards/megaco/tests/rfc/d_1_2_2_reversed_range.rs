//! A range whose first number is above its last is refused whole and counted.

use crate::harness::{Talk, ack, config, notified, notify};

#[test]
fn d_1_2_2_reversed_range() {
    let mut talk = Talk::connected(config());
    talk.peer(&notify(1))
        .gets(&notified(1))
        .peer(&notify(2))
        .gets(&notified(2))
        .peer(&ack("2-1"));
    assert_eq!(
        (talk.numbers().replies, talk.engine.totals().reversed_acks),
        (2, 1)
    );
    talk.peer(&ack("2-1,1-2"));
    assert_eq!(talk.numbers().replies, 0);
}
