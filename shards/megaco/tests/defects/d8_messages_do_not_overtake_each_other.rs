//! Messages of one connection are processed in the order they came. OTP: one process each.

use crate::harness::{Talk, config, notified, notify};

#[test]
fn d8_messages_do_not_overtake_each_other() {
    let mut talk = Talk::connected(config());
    for id in 1..=50 {
        talk.peer(&notify(id));
    }
    assert_eq!(talk.executed(), (1..=50).collect::<Vec<_>>());
    for id in 1..=50 {
        talk.gets(&notified(id));
    }
}
