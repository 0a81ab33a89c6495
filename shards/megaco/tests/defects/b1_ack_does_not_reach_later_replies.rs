//! An acknowledgement that takes several steps ends with the replies there were when it came; those that wait are merged and limited.

use crate::harness::{Plan, Talk, ack, config, notified, notify};
use megaphone_megaco::Options;
use megaphone_megaco::user::AckRequest;

/// Kept replies 1 to 30, and five acknowledged per step.
fn kept(sweeps_max: usize) -> Talk {
    let options = Options {
        acks_per_step: 5,
        sweeps_max,
        ..Options::default()
    };
    let mut talk = Talk::with(config(), options);
    for id in 1..=30 {
        talk.peer(&notify(id)).gets(&notified(id));
    }
    talk
}

#[test]
fn a_later_reply_is_kept() {
    let mut talk = kept(10);
    talk.connection = talk.connections().first().copied();
    talk.plan(Plan::Later);
    talk.peer(&notify(40)).nothing();
    talk.peer(&ack("1-100"));
    // Answered and asked for after the acknowledgement, before its last step.
    talk.now += crate::harness::ms(1);
    talk.answer(Plan::Reply(AckRequest::Discard));
    talk.gets(&notified(40));
    talk.peer(&notify(50)).gets(&notified(50)).pass(0);
    assert_eq!(talk.numbers().replies, 2);
    talk.peer(&notify(40)).gets(&notified(40));
    talk.peer(&notify(50)).gets(&notified(50));
}

#[test]
fn intervals_that_overlap_wait_as_one() {
    let mut talk = kept(1);
    for _ in 0..3 {
        talk.peer(&ack("1-100"));
    }
    assert_eq!(talk.engine.totals().refused, 0);
    talk.pass(0);
    assert_eq!(talk.numbers().replies, 0);
}

#[test]
fn intervals_that_wait_are_limited() {
    for (limit, refused) in [(1, 1), (2, 0), (3, 0)] {
        let mut talk = kept(limit);
        talk.peer(&ack("1-15")).peer(&ack("16-30"));
        assert_eq!(talk.engine.totals().refused, refused, "{limit}");
        talk.pass(0);
        assert_eq!(talk.numbers().replies, 10 * refused as usize, "{limit}");
    }
}
