//! Pendings are counted in the row they belong to: an id used again starts from none. OTP: counters can survive.

use crate::harness::{Talk, config, notified, notify, pending};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Config;

#[test]
fn e4_pending_counters_do_not_survive() {
    let config = Config {
        min_trans_id: 1,
        max_trans_id: Some(1),
        recv_pending_limit: Some(2),
        ..config()
    };
    let mut talk = Talk::connected(config);
    for _ in 0..3 {
        talk.cast(&[notify(1)], &CallOptions::default())
            .gets(&notify(1))
            .peer(&pending(1))
            .peer(&pending(1));
        talk.peer(&notified(1))
            .told("handle_trans_reply ok 1 data 0");
    }
    talk.leaves_nothing();
}
