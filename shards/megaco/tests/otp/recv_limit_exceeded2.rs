//! The same with a cast; the reply that comes after it is unexpected.

use crate::harness::{Talk, config, notified, notify, pending};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Config;

#[test]
fn recv_limit_exceeded2() {
    let mut talk = Talk::connected(Config {
        recv_pending_limit: Some(1),
        ..config()
    });
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1))
        .peer(&pending(1))
        .peer(&pending(1));
    talk.told("handle_trans_reply exceeded_recv_pending_limit data 0");
    talk.peer(&notified(1))
        .told(&format!("handle_unexpected_trans {}", notified(1)))
        .leaves_nothing();
}
