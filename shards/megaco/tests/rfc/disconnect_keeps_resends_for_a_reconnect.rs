//! A disconnected connection's requests are still repeated; a reconnect of the same MIDs answers them, and finds kept replies.

use crate::harness::{Talk, config, doubling, notified, notify};
use megaphone_megaco::config::Config;
use megaphone_megaco::{CallOptions, ControlHandle, Input};

#[test]
fn disconnect_keeps_resends_for_a_reconnect() {
    let mut talk = Talk::connected(Config {
        request_timer: doubling(1000, 5),
        ..config()
    });
    talk.peer(&notify(9))
        .gets(&notified(9))
        .cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1))
        .forget();
    let old = talk.connection();
    talk.engine.handle(
        talk.now,
        Input::ControlDown {
            control: ControlHandle(1),
            reason: 3,
        },
    );
    talk.told("handle_disconnect no_controlling_process 3")
        .gets_after(1000, &notify(1));
    assert_eq!(talk.connections(), []);
    let new = talk.connect("mg");
    assert_ne!(new, old);
    talk.told("handle_connect <mg>")
        .peer(&notify(9))
        .gets(&notified(9))
        .told_nothing();
    talk.peer(&notified(1))
        .told("handle_trans_reply ok 1 data 0")
        .leaves_nothing();
}
