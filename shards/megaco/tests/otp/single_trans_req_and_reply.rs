//! One cast, one reply, the data of the cast with it.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn single_trans_req_and_reply() {
    let mut talk = Talk::connected(config());
    talk.cast(
        &[notify(1)],
        &CallOptions {
            reply_data: Some(9),
            ..CallOptions::default()
        },
    )
    .gets(&notify(1));
    talk.peer(&notified(1))
        .told("handle_trans_reply ok 1 data 9")
        .leaves_nothing();
}
