//! The peer repeats its request, Pendings answer it, the reply comes within the limit.

use crate::harness::{Plan, Talk, limited, notified, notify, pending};
use megaphone_megaco::user::AckRequest;

#[test]
fn sent_resend_late_reply() {
    let mut talk = Talk::connected(limited());
    talk.plan(Plan::Later).peer(&notify(1)).nothing();
    talk.peer(&notify(1))
        .gets(&pending(1))
        .peer(&notify(1))
        .gets(&pending(1));
    talk.answer(Plan::Reply(AckRequest::Discard))
        .gets(&notified(1))
        .leaves_nothing();
    assert_eq!(talk.executed(), [1]);
}
