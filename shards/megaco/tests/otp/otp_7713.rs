//! An incremental long request timer is restarted by every Pending and keeps the request alive between them.

use crate::harness::{Talk, config, notify, pending};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Retries, Timer};

#[test]
fn otp_7713() {
    let timer = Timer::incremental(2000, 1, 500, Retries::InfinityRestartable);
    let mut talk = Talk::connected(Config {
        long_request_timer: timer,
        ..config()
    });
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    talk.peer(&pending(1))
        .nothing_for(1999)
        .peer(&pending(1))
        .nothing_for(2499)
        .peer(&pending(1));
    talk.nothing_for(2999)
        .told_nothing()
        .pass(1)
        .told("handle_trans_reply timeout data 0")
        .leaves_nothing();
}
