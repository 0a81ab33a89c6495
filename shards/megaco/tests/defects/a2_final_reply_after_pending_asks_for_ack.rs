//! After a Pending the final reply carries `immAckRequired` (RFC 3525 D.1.4). OTP: only if the user asks.

use crate::harness::{Plan, Talk, ack, config, notified_ia, notify, pending};
use megaphone_megaco::config::{Config, Profile};
use megaphone_megaco::user::AckRequest;

#[test]
fn a2_final_reply_after_pending_asks_for_ack() {
    let mut talk = Talk::connected(Config {
        profile: Profile::Rfc,
        ..config()
    });
    talk.plan(Plan::Pending(0))
        .plan(Plan::Reply(AckRequest::Discard))
        .peer(&notify(1));
    talk.gets(&pending(1))
        .gets(&notified_ia(1))
        .peer(&ack("1"))
        .leaves_nothing();
}
