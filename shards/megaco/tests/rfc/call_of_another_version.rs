//! A call with a version of its own is stored with the others, leaves in a message of its version, and so do its re-sends.

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
    talk.cast(&[notify(1)], &options).nothing();
    // Its re-send finds it stored still: everything leaves.
    let again = format!("!/2 <mgc> {}", notify(2));
    talk.gets_after(2000, &notify(1)).gets(&again).nothing();
    // The next one waits in the sender for its timer.
    talk.nothing_for(4000).gets_after(5000, &again);
}
