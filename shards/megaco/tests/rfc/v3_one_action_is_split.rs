//! An action reply that is too large alone is split between its commands.

use crate::harness::{Plan, Talk, notify, segmented};
use megaphone_megaco::config::SegmentSend;
use megaphone_megaco::user::AckRequest;

#[test]
fn v3_one_action_is_split() {
    let mut talk = Talk::connected(segmented(SegmentSend::Unlimited));
    talk.plan(Plan::ReplyText(
        AckRequest::Discard,
        "C=1{MF=A1,MF=A2,MF=A3,MF=A4}".to_owned(),
    ))
    .peer(&notify(1));
    let mut replies = Vec::new();
    while let Some(sent) = talk.sent() {
        assert!(sent.len() <= 30, "{sent}");
        replies.extend(
            sent.match_indices("MF=A")
                .map(|(at, _)| sent[at..at + 5].to_owned()),
        );
    }
    assert_eq!(replies, ["MF=A1", "MF=A2", "MF=A3", "MF=A4"]);
}
