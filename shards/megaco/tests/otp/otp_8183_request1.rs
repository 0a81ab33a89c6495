//! A cast that is kept alive numbers the replies it gets.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn otp_8183_request1() {
    let mut talk = Talk::connected(config());
    let options = CallOptions {
        request_keep_alive_timeout: Some(5000),
        ..CallOptions::default()
    };
    talk.cast(&[notify(1)], &options).gets(&notify(1));
    talk.peer(&notified(1))
        .told("handle_trans_reply ok 1 number 1 data 0")
        .nothing_for(4000);
    talk.peer(&notified(1))
        .told("handle_trans_reply ok 1 number 2 data 0")
        .nothing_for(1000);
    talk.peer(&notified(1))
        .told(&format!("handle_unexpected_trans {}", notified(1)))
        .leaves_nothing();
}
