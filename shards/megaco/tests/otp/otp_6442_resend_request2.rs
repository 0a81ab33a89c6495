//! A repeated request goes through `resend_message` if the items say so.

use crate::harness::{Talk, config, doubling, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, ResendIndication};
use megaphone_megaco::engine::Resend;

#[test]
fn otp_6442_resend_request2() {
    let mut talk = Talk::connected(Config {
        request_timer: doubling(500, 5),
        resend_indication: ResendIndication::Resend,
        ..config()
    });
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    assert_eq!(
        talk.last.as_ref().map(|send| send.resend),
        Some(Resend::Untold)
    );
    talk.gets_after(500, &notify(1));
    assert_eq!(
        talk.last.as_ref().map(|send| send.resend),
        Some(Resend::Again)
    );
}
