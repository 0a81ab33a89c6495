//! A call with a version of its own passes by the transaction sender, whose messages have the connection's.

use crate::harness::{Talk, both, doubling, notify};
use megaphone_megaco::CallOptions;

#[test]
fn call_of_another_version() {
    let mut talk = Talk::connected(both(10, 10, 2048));
    talk.cast(&[notify(1)], &CallOptions::default()).nothing();
    let options = CallOptions {
        protocol_version: Some(2),
        request_timer: Some(doubling(2000, 3)),
        ..CallOptions::default()
    };
    talk.cast(&[notify(1)], &options);
    let again = format!("!/2 <mgc> {}", notify(2));
    talk.gets(&again);
    // So do its re-sends.
    talk.pass(1999);
    while talk.sent().is_some() {}
    talk.pass(1).gets(&again);
}
