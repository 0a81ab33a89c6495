//! A peer that repeats its acknowledgements without end, and a user that answers late, at the same instant: every reply that was
//! there when it was acknowledged goes, and none that was not.

use crate::harness::{Plan, Talk, ack, config, notified, notify};
use megaphone_megaco::user::AckRequest;
use megaphone_megaco::{Input, Options};

fn talk() -> Talk {
    let options = Options {
        acks_per_step: 5,
        ..Options::default()
    };
    Talk::with(config(), options)
}

#[test]
fn a_flood_of_acks_reaches_the_last_reply() {
    let mut talk = talk();
    // The first hundred requests stay open: an acknowledgement of them removes nothing.
    for id in 1..=100 {
        talk.plan(Plan::Later).peer(&notify(id)).nothing();
    }
    for id in 101..=200 {
        talk.peer(&notify(id)).gets(&notified(id));
    }
    // Between any two steps of the work there comes one more acknowledgement of everything.
    for _ in 0..41 {
        talk.peer(&ack("1-4294967295"));
        talk.engine.handle(talk.now, Input::Timeout);
    }
    assert_eq!(talk.numbers().replies, 100, "the open ones are left");
    assert_eq!(talk.engine.totals().refused, 0);
}

#[test]
fn what_is_answered_at_the_instant_of_an_ack_is_told_from_what_was_answered_before() {
    let mut talk = talk();
    for id in 1..=20 {
        talk.peer(&notify(id)).gets(&notified(id));
    }
    talk.connection = talk.connections().first().copied();
    talk.plan(Plan::Later).peer(&notify(21)).nothing();
    talk.peer(&ack("1-30"));
    // No time passes.
    talk.answer(Plan::Reply(AckRequest::Discard))
        .gets(&notified(21));
    talk.plan(Plan::Later).peer(&notify(22)).nothing();
    talk.peer(&ack("5-21"));
    talk.answer(Plan::Reply(AckRequest::Discard))
        .gets(&notified(22));
    talk.pass(0);
    assert_eq!(
        talk.numbers().replies,
        1,
        "21 was acknowledged after its answer, 22 before"
    );
    talk.peer(&notify(22)).gets(&notified(22));
}

#[test]
fn acks_that_are_being_worked_off_survive_a_disconnect() {
    let mut talk = talk();
    for id in 1..=50 {
        talk.peer(&notify(id)).gets(&notified(id));
    }
    talk.connection = talk.connections().first().copied();
    talk.peer(&ack("1-50"));
    let connection = talk.connection();
    talk.engine
        .disconnect(talk.now, connection, 0)
        .expect("it is live");
    talk.pass(0);
    assert_eq!(talk.numbers().replies, 0);
    talk.leaves_nothing();
    assert_eq!(talk.numbers().connections, 0);
}
