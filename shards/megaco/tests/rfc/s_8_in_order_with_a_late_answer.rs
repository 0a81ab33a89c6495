//! RFC 3525 8: requests of a message run in order, also when the first is answered later.

use crate::harness::{Plan, Talk, config, notified, notify, pending};
use megaphone_megaco::user::AckRequest;

#[test]
fn s_8_in_order_with_a_late_answer() {
    let mut talk = Talk::connected(config());
    talk.plan(Plan::Later)
        .peer(&[notify(1), notify(2), notify(3)].concat())
        .nothing();
    assert_eq!(talk.executed(), [1]);
    talk.peer(&notify(2)).gets(&pending(2));
    talk.answer(Plan::Reply(AckRequest::Discard))
        .gets(&notified(1))
        .gets(&notified(2))
        .gets(&notified(3))
        .leaves_nothing();
    assert_eq!(talk.executed(), [1, 2, 3]);
}
