//! A cancel ends the call; the reply that was on its way is unexpected.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn otp_6276() {
    let mut talk = Talk::connected(config());
    talk.call(&[notify(1), notify(1)], &CallOptions::default());
    talk.gets(&[notify(1), notify(2)].concat());
    talk.peer(&notified(1)).told_nothing();
    talk.engine
        .cancel(talk.now, talk.connection(), 3)
        .expect("it is live");
    talk.told("call 1: ok 1; user_cancel 3");
    talk.peer(&notified(2))
        .told(&format!("handle_unexpected_trans {}", notified(2)))
        .leaves_nothing();
}
