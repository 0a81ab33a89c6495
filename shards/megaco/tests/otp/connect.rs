//! A pre-connect with an unknown MID, a call that cannot be sent, a disconnect.

use crate::harness::{Talk, config, notify};
use megaphone_megaco::{CallOptions, Input};

#[test]
fn connect() {
    let mut talk = Talk::new(config());
    talk.connect_preliminary();
    talk.told("handle_connect preliminary");
    assert_eq!(
        talk.engine
            .user_info(talk.user)
            .expect("it runs")
            .connections,
        [talk.connection()]
    );
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1));
    let tag = talk.last.take().expect("a message").tag;
    talk.engine.handle(
        talk.now,
        Input::SendFailed {
            tag: &tag,
            cancelled: false,
            reason: 7,
        },
    );
    talk.told("call 1: send_message_failed 7");
    talk.engine
        .disconnect(talk.now, talk.connection(), 1)
        .expect("it is live");
    talk.told("handle_disconnect user_disconnect 1")
        .told_nothing();
    talk.engine
        .stop_user(talk.now, talk.user)
        .expect("nothing is left");
}
