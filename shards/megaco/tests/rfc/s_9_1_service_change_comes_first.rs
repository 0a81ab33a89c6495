//! RFC 3525 9.1 rule 6: on a controller, commands before the gateway's ServiceChange get error 505.

use crate::harness::{Plan, Talk, config, notified, notify, service_change};
use megaphone_megaco::config::{Config, Registration};
use megaphone_megaco::user::AckRequest;

#[test]
fn s_9_1_service_change_comes_first() {
    let mut talk = Talk::connected(Config {
        registration: Registration::Controller,
        ..config()
    });
    talk.peer(&notify(1)).gets_code(1, 505).told_nothing();
    talk.plan(Plan::ReplyText(
        AckRequest::Discard,
        "C=-{SC=ROOT}".to_owned(),
    ))
    .peer(&service_change(2))
    .gets("P=2{C=-{SC=ROOT}}");
    talk.peer(&notify(3)).gets(&notified(3));
}
