//! RFC 3525 D.1.1: a reply that is dropped before LONG-TIMER leaves its id behind.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::config::{Config, Timer};

#[test]
fn d_1_1_short_reply_timer_keeps_the_id() {
    let mut talk = Talk::connected(Config {
        reply_timer: Timer::Once(1000),
        ..config()
    });
    talk.peer(&notify(1)).gets(&notified(1)).nothing_for(1000);
    assert_eq!(talk.numbers().replies, 0);
    talk.peer(&notify(1))
        .nothing_for(28_000)
        .peer(&notify(1))
        .nothing();
    assert_eq!(talk.executed(), [1]);
}
