//! The peer never answers: three sendings, then the request fails.

use crate::harness::{Talk, config, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Retries, Timer};

#[test]
fn request_and_no_reply() {
    let config = Config {
        request_timer: Timer::incremental(3000, 1, 0, Retries::Count(2)),
        ..config()
    };
    let mut talk = Talk::connected(config);
    talk.call(&[notify(1)], &CallOptions::default());
    talk.gets(&notify(1))
        .gets_after(3000, &notify(1))
        .gets_after(3000, &notify(1));
    talk.nothing_for(2999)
        .told_nothing()
        .pass(1)
        .told("call 1: timeout")
        .leaves_nothing();
}
