//! Traffic during connect, refused: everyone who waited is told.

use crate::harness::{Talk, config, notify};
use megaphone_megaco::user::Connect;

#[test]
fn otp_7192_3() {
    let mut talk = Talk::new(config());
    talk.plan_connect(Connect::Later)
        .peer(&notify(1))
        .peer(&notify(2))
        .told("handle_connect <mg>")
        .nothing();
    let connection = talk
        .engine
        .user_info(talk.user)
        .expect("the user runs")
        .connections[0];
    talk.engine
        .answer_connect(talk.now, connection, Connect::Refuse)
        .expect("it waits");
    let error = r#"ER=402{"Connection refused by user"}"#;
    talk.gets(error).gets(error).nothing().told_nothing();
    assert_eq!(talk.numbers().connections, 0);
}
