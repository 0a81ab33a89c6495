//! `K{1-4294967295}` costs what is live, not 4 billion steps; ids it names but nobody used are not confirmed. OTP: 20 minutes.

use crate::harness::{Talk, ack, config, notified, notify};

#[test]
fn b1_ack_ranges_cost_what_is_live() {
    let mut talk = Talk::connected(config());
    for id in 1..=100 {
        talk.peer(&notify(id)).gets(&notified(id));
    }
    for _ in 0..1000 {
        talk.peer(&ack("1-4294967295"));
    }
    assert_eq!(talk.numbers().replies, 0);
    talk.peer(&notify(50))
        .nothing()
        .peer(&notify(101))
        .gets(&notified(101));
}
