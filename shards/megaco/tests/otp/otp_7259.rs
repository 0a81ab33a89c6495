//! With `resend_indication = flag` every message says whether it is a repetition.

use crate::harness::{Talk, config, doubling, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, ResendIndication};
use megaphone_megaco::engine::Resend;

#[test]
fn otp_7259() {
    let mut talk = Talk::connected(Config {
        request_timer: doubling(500, 5),
        resend_indication: ResendIndication::Flag,
        ..config()
    });
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    assert_eq!(
        talk.last.as_ref().map(|send| send.resend),
        Some(Resend::Flag(false))
    );
    talk.gets_after(500, &notify(1));
    assert_eq!(
        talk.last.as_ref().map(|send| send.resend),
        Some(Resend::Flag(true))
    );
}
