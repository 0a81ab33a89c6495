//! A message that arrives while the user decides about its connection is kept.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::user::Connect;

#[test]
fn otp_7192_1() {
    let mut talk = Talk::new(config());
    talk.plan_connect(Connect::Later)
        .peer(&notify(1))
        .told("handle_connect <mg>")
        .nothing();
    talk.peer(&notify(2)).nothing().told_nothing();
    let connection = talk
        .engine
        .user_info(talk.user)
        .expect("the user runs")
        .connections[0];
    talk.engine
        .answer_connect(talk.now, connection, Connect::Accept)
        .expect("it waits");
    talk.gets(&notified(1)).gets(&notified(2)).nothing();
}
