//! Two requests in quick succession from a new peer are both executed. OTP: the second is answered Pending and dropped.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::user::Connect;

#[test]
fn d5_requests_during_connect_are_not_lost() {
    let mut talk = Talk::new(config());
    talk.plan_connect(Connect::Later)
        .peer(&notify(1))
        .peer(&notify(2))
        .nothing();
    let connection = talk.connections()[0];
    talk.engine
        .answer_connect(talk.now, connection, Connect::Accept)
        .expect("it waits");
    talk.gets(&notified(1)).gets(&notified(2));
    assert_eq!(talk.executed(), [1, 2]);
}
