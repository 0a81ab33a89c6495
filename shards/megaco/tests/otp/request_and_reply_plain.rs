//! A gateway connects without knowing its controller's MID, calls, and learns the MID from the reply; the controller connects by itself.

use crate::harness::{Wire, config, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn request_and_reply_plain() {
    let mut wire = Wire::preliminary(config(), config());
    let connection = wire.mg.connection();
    wire.mg.told("handle_connect preliminary");
    wire.mg.call(&[notify(1)], &CallOptions::default());
    wire.run(10);
    assert_eq!(
        wire.log,
        [
            format!("0 mg>mgc {}", notify(1)),
            format!("1 mgc>mg {}", notified(1))
        ]
    );
    wire.mgc
        .told("handle_connect <mg>")
        .told("handle_trans_request 1")
        .told_nothing();
    wire.mg
        .told("handle_connect <mgc>")
        .told("call 1: ok 1")
        .told_nothing();
    assert_eq!(wire.mg.connections(), [connection]);
    wire.mg
        .engine
        .disconnect(wire.now, connection, 1)
        .expect("it is live");
    wire.mg.told("handle_disconnect user_disconnect 1");
    assert_eq!(wire.mg.connections(), []);
    wire.mg
        .engine
        .stop_user(wire.now, wire.mg.user)
        .expect("nothing is left");
}
