//! A repeated reply goes through `resend_message` if the items say so, whether the timer or a duplicate caused it.

use crate::harness::{Plan, Talk, config, doubling, notified_ia, notify};
use megaphone_megaco::config::{Config, ResendIndication};
use megaphone_megaco::engine::Resend;
use megaphone_megaco::user::AckRequest;

#[test]
fn otp_6442_resend_reply2() {
    let mut talk = Talk::connected(Config {
        reply_timer: doubling(500, 5),
        resend_indication: ResendIndication::Resend,
        ..config()
    });
    talk.plan(Plan::Reply(AckRequest::Handle(1)))
        .peer(&notify(1))
        .gets(&notified_ia(1));
    talk.gets_after(500, &notified_ia(1));
    assert_eq!(
        talk.last.as_ref().map(|send| send.resend),
        Some(Resend::Again)
    );
    talk.peer(&notify(1)).gets(&notified_ia(1));
    assert_eq!(
        talk.last.as_ref().map(|send| send.resend),
        Some(Resend::Again)
    );
}
