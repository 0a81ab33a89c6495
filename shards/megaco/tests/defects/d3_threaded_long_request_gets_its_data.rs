//! With `threaded`, the long callback gets the data of the first one. OTP: the raw request.

use crate::harness::{Plan, Talk, config, notified, notify, pending};
use megaphone_megaco::config::Config;

#[test]
fn d3_threaded_long_request_gets_its_data() {
    let mut talk = Talk::connected(Config {
        threaded: true,
        ..config()
    });
    talk.plan(Plan::Pending(42))
        .peer(&notify(1))
        .told("handle_trans_request 1");
    talk.told("handle_trans_long_request 1 data 42")
        .gets(&pending(1))
        .gets(&notified(1));
}
