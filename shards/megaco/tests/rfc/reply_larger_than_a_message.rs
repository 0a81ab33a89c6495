//! Profile `rfc`, no segmentation: a reply that does not fit is error 533.

use crate::harness::{Plan, Talk, config, notify, three};
use megaphone_megaco::config::{Config, Profile};
use megaphone_megaco::user::AckRequest;

#[test]
fn reply_larger_than_a_message() {
    let config = Config {
        profile: Profile::Rfc,
        max_pdu_size: Some(158),
        ..config()
    };
    let mut talk = Talk::connected(config);
    talk.plan(Plan::ReplyText(AckRequest::Discard, three()))
        .peer(&notify(1))
        .gets_code(1, 533);
}
