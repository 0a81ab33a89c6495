//! The receive handle of the right user is taken, that of another refused. OTP: the check is inverted.

use crate::harness::{Talk, config, mid, notify};
use megaphone_megaco::config::Encoding;
use megaphone_megaco::{CallOptions, Error, ReceiveHandle};

#[test]
fn c5_receive_handle_can_be_updated() {
    let mut talk = Talk::connected(config());
    let other = talk
        .engine
        .start_user_with(&mid("other"), config())
        .expect("another name");
    let theirs = talk.engine.receive_handle(other).expect("it runs");
    let connection = talk.connection();
    assert_eq!(
        talk.engine
            .update_receive_handle(talk.now, connection, &theirs),
        Err(Error::NoSuchUser(other))
    );
    let ours = ReceiveHandle {
        encoding_mod: Encoding::Pretty,
        ..talk.receive
    };
    assert_eq!(
        talk.engine
            .update_receive_handle(talk.now, connection, &ours),
        Ok(())
    );
    talk.cast(&[notify(1)], &CallOptions::default());
    assert!(
        talk.sent()
            .is_some_and(|text| text.contains("Transaction = 1 {"))
    );
}
