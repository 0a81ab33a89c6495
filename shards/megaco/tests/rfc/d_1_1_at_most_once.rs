//! RFC 3525 D.1.1: a duplicate is answered with a Pending while executing, with the reply after, with nothing after its acknowledgement, and is new after LONG-TIMER.

use crate::harness::{Plan, Talk, ack, config, notified, notify, pending};
use megaphone_megaco::user::AckRequest;

#[test]
fn d_1_1_at_most_once() {
    let mut talk = Talk::connected(config());
    talk.plan(Plan::Later)
        .peer(&notify(1))
        .nothing()
        .peer(&notify(1))
        .gets(&pending(1));
    talk.answer(Plan::Reply(AckRequest::Discard))
        .gets(&notified(1))
        .peer(&notify(1))
        .gets(&notified(1));
    talk.peer(&ack("1")).peer(&notify(1)).nothing_for(40_000);
    assert_eq!(talk.executed(), [1]);
    talk.peer(&notify(1)).gets(&notified(1));
    assert_eq!(talk.executed(), [1, 1]);
}
