//! An acknowledgement of what was not answered yet is a violation and changes nothing.

use crate::harness::{Plan, Talk, ack, config, notified, notify};
use megaphone_megaco::user::AckRequest;

#[test]
fn d_1_2_2_acknowledgement_before_the_reply() {
    let mut talk = Talk::connected(config());
    talk.plan(Plan::Later)
        .peer(&notify(1))
        .peer(&ack("1"))
        .answer(Plan::Reply(AckRequest::Discard))
        .gets(&notified(1));
    assert_eq!(talk.engine.totals().ack_violations, 1);
}
