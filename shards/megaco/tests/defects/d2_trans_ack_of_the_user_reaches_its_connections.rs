//! A new connection has the user's `trans_ack`. OTP: a copy of `trans_req`.

use crate::harness::{Talk, ack, acks, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn d2_trans_ack_of_the_user_reaches_its_connections() {
    let mut talk = Talk::connected(acks(10));
    let info = talk
        .engine
        .connection_info(talk.connection())
        .expect("it is live");
    assert!(info.config.trans_ack && !info.config.trans_req);
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1))
        .peer(&notified(1))
        .nothing()
        .gets_after(5000, &ack("1"));
}
