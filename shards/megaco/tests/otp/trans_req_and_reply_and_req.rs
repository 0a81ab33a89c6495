//! After a reply was kept and dropped, the next request is new.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::config::{Config, Timer};

#[test]
fn trans_req_and_reply_and_req() {
    let mut talk = Talk::connected(Config {
        reply_timer: Timer::Once(2000),
        long_timer: 2000,
        ..config()
    });
    talk.peer(&notify(1)).gets(&notified(1)).nothing_for(4000);
    talk.peer(&notify(2)).gets(&notified(2));
    assert_eq!(talk.executed(), [1, 2]);
    talk.leaves_nothing();
}
