//! A cast that is kept alive ends when its time is over. OTP: never.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn e1_kept_alive_request_ends() {
    let mut talk = Talk::connected(config());
    let options = CallOptions {
        request_keep_alive_timeout: Some(1000),
        ..CallOptions::default()
    };
    talk.cast(&[notify(1)], &options)
        .gets(&notify(1))
        .peer(&notified(1))
        .nothing_for(1000);
    assert_eq!(talk.numbers().requests, 0);
}
