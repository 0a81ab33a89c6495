//! A duplicate that arrives after the acknowledgement is dropped. OTP: executed again.

use crate::harness::{Talk, ack, config, notified, notify};

#[test]
fn a3_acknowledged_request_is_not_executed_again() {
    let mut talk = Talk::connected(config());
    talk.peer(&notify(1))
        .gets(&notified(1))
        .peer(&ack("1"))
        .peer(&notify(1))
        .nothing_for(20_000);
    talk.peer(&notify(1)).nothing();
    assert_eq!(talk.executed(), [1]);
    assert_eq!(talk.engine.totals().late_duplicates, 2);
}
