//! The options of a reply rule over the items of its connection.

use crate::harness::{Plan, Talk, config, doubling, notified_ia, notify};
use megaphone_megaco::SendHandle;
use megaphone_megaco::user::{AckRequest, ReplyOptions};

#[test]
fn single_trans_req_and_reply_sendopts() {
    let mut talk = Talk::connected(config());
    let options = ReplyOptions {
        reply_timer: Some(doubling(100, 1)),
        send_handle: Some(SendHandle(8)),
        ..ReplyOptions::default()
    };
    talk.plan(Plan::ReplyWith(AckRequest::Handle(1), options))
        .peer(&notify(1))
        .gets(&notified_ia(1))
        .forget();
    assert_eq!(
        talk.last.as_ref().map(|send| send.handle),
        Some(SendHandle(8))
    );
    talk.gets_after(100, &notified_ia(1))
        .nothing_for(199)
        .told_nothing();
    talk.pass(1)
        .told("handle_trans_ack timeout data 1")
        .leaves_nothing();
}
