//! Traffic during connect: a request of ours leaves while the peer is still being decided about.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::user::Connect;

#[test]
fn otp_7192_2() {
    let mut talk = Talk::new(config());
    talk.plan_connect(Connect::Later)
        .peer(&notify(1))
        .told("handle_connect <mg>")
        .nothing();
    talk.connection = talk
        .engine
        .user_info(talk.user)
        .expect("the user runs")
        .connections
        .first()
        .copied();
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    talk.engine
        .answer_connect(talk.now, talk.connection(), Connect::Accept)
        .expect("it waits");
    talk.told("handle_trans_request 1").gets(&notified(1));
    talk.peer(&notified(1))
        .told("handle_trans_reply ok 1 data 0")
        .leaves_nothing();
}
