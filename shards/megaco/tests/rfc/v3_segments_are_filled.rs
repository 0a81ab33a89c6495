//! Profile `rfc`: small action replies share a segment.

use crate::harness::{Plan, Talk, notify, segmented, three};
use megaphone_megaco::config::{Config, Profile, SegmentSend};
use megaphone_megaco::user::AckRequest;

#[test]
fn v3_segments_are_filled() {
    let config = Config {
        profile: Profile::Rfc,
        max_pdu_size: Some(128 + 36),
        ..segmented(SegmentSend::Unlimited)
    };
    let mut talk = Talk::connected(config);
    talk.plan(Plan::ReplyText(AckRequest::Discard, three()))
        .peer(&notify(1));
    let mut count = 0;
    while let Some(sent) = talk.sent() {
        assert!(sent.len() <= 36, "{sent}");
        count += 1;
    }
    assert_eq!(count, 2);
}
