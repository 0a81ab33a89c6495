//! What `trans_id` shows: of a connection the id that comes next, of a user the one that was given last.

use crate::harness::{Talk, config, notified, notify, service_change, service_changed};
use megaphone_megaco::CallOptions;

#[track_caller]
fn shows(talk: &Talk, connection: &str, user: &str) {
    let id = talk.connection();
    let of_connection = talk.engine.connection_item(id, "trans_id");
    assert_eq!(
        of_connection.map(|v| v.to_string()).as_deref(),
        Ok(connection)
    );
    let of_user = talk.engine.user_item(talk.user, "trans_id");
    assert_eq!(of_user.map(|v| v.to_string()).as_deref(), Ok(user));
}

#[test]
fn otp_5887() {
    let mut talk = Talk::new(config());
    talk.connect_preliminary();
    shows(&talk, "1", "undefined_serial");
    talk.call(&[service_change(1)], &CallOptions::default());
    talk.gets(&service_change(1)).peer(&service_changed(1));
    shows(&talk, "2", "1");
    talk.call(&[notify(2)], &CallOptions::default());
    talk.gets(&notify(2)).peer(&notified(2));
    shows(&talk, "3", "2");
    let info = talk.engine.user_info(talk.user).expect("it runs");
    assert_eq!(info.trans_id, Some(2));
    let info = talk.engine.connection_info(talk.connection());
    assert_eq!(info.map(|info| info.trans_id), Ok(3));
}
