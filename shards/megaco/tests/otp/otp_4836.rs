//! Two Pendings in a row: the request waits on `long_request_timer`, is not repeated, and takes its reply.

use crate::harness::{Talk, config, notified, notify, pending, service_change, service_changed};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Retries, Timer};

#[test]
fn otp_4836() {
    let every_3s = Timer::incremental(3000, 1, 0, Retries::Count(3));
    let mut talk = Talk::connected(Config {
        request_timer: every_3s,
        long_request_timer: every_3s,
        pending_timer: Timer::Once(10_000),
        reply_timer: Timer::Once(16_000),
        ..config()
    });
    talk.call(&[service_change(1)], &CallOptions::default());
    talk.gets(&service_change(1))
        .peer(&service_changed(1))
        .told("call 1: ok 1");
    talk.call(&[notify(2)], &CallOptions::default());
    talk.gets(&notify(2)).peer(&pending(2)).nothing_for(100);
    talk.peer(&pending(2)).nothing_for(500).told_nothing();
    talk.peer(&notified(2))
        .told("call 2: ok 1")
        .nothing()
        .leaves_nothing();
}
