//! The peer sends one Pending more than we accept: the call fails.

use crate::harness::{Talk, config, notify, pending};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Config;

#[test]
fn recv_limit_exceeded1() {
    let mut talk = Talk::connected(Config {
        recv_pending_limit: Some(3),
        ..config()
    });
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .peer(&pending(1))
        .peer(&pending(1))
        .peer(&pending(1))
        .told_nothing();
    talk.peer(&pending(1))
        .told("call 1: exceeded_recv_pending_limit")
        .leaves_nothing();
}
