//! A request aborted over the limit: the late answer of its user is refused, the peer gets nothing more.

use crate::harness::{Plan, Talk, answer, config, limit_exceeded, notify, pending};
use megaphone_megaco::Error;
use megaphone_megaco::config::Config;
use megaphone_megaco::user::AckRequest;

#[test]
fn otp_4956() {
    let mut talk = Talk::connected(Config {
        sent_pending_limit: Some(1),
        ..config()
    });
    talk.plan(Plan::Later)
        .peer(&notify(1))
        .peer(&notify(1))
        .gets(&pending(1))
        .peer(&notify(1))
        .gets(&limit_exceeded(1));
    let token = talk
        .script
        .0
        .borrow_mut()
        .tokens
        .pop_back()
        .expect("a token");
    let late = answer(Plan::Reply(AckRequest::Discard));
    assert_eq!(
        talk.engine.answer(talk.now, token, late),
        Err(Error::Stale(1))
    );
    talk.nothing().leaves_nothing();
}
