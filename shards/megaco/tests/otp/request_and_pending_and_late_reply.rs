//! A Pending stops the re-sends; the reply comes long after the request timer would have ended.

use crate::harness::{Talk, config, doubling, notified, notify, pending};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Config;

#[test]
fn request_and_pending_and_late_reply() {
    let mut talk = Talk::connected(Config {
        request_timer: doubling(1000, 1),
        ..config()
    });
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .pass(500)
        .peer(&pending(1))
        .nothing_for(50_000)
        .told_nothing();
    talk.peer(&notified(1))
        .told("call 1: ok 1")
        .leaves_nothing();
}
