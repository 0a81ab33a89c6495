//! With `threaded` a late answer holds nobody up.

use crate::harness::{Plan, Talk, answer, config, notified, notify};
use megaphone_megaco::config::Config;
use megaphone_megaco::user::AckRequest;

#[test]
fn s_8_threaded_does_not_wait() {
    let mut talk = Talk::connected(Config {
        threaded: true,
        ..config()
    });
    talk.plan(Plan::Later)
        .peer(&[notify(1), notify(2)].concat())
        .gets(&notified(2))
        .nothing();
    let token = talk
        .script
        .0
        .borrow_mut()
        .tokens
        .pop_front()
        .expect("a token");
    talk.engine
        .answer(talk.now, token, answer(Plan::Reply(AckRequest::Discard)))
        .expect("it is open");
    talk.gets(&notified(1)).leaves_nothing();
}
