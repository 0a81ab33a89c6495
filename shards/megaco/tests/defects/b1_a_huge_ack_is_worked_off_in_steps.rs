//! An acknowledgement of more replies than a step may touch goes on in later steps.

use crate::harness::{Talk, ack, config, notified, notify};
use megaphone_megaco::Options;

#[test]
fn b1_a_huge_ack_is_worked_off_in_steps() {
    let mut talk = Talk::with(
        config(),
        Options {
            acks_per_step: 10,
            ..Options::default()
        },
    );
    for id in 1..=95 {
        talk.peer(&notify(id)).gets(&notified(id));
    }
    talk.peer(&ack("1-4294967295"));
    assert_eq!(talk.numbers().replies, 85);
    talk.pass(0);
    assert_eq!(talk.numbers().replies, 0);
}
