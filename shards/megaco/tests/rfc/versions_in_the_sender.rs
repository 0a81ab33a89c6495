//! Requests and replies of another version than the connection's go through the sender too; a message has one version.

use crate::harness::{
    Plan, Talk, acks, both, notified, notified_ia, notify, requests, segmented, three,
};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, SegmentSend};

fn of_version(version: u8) -> CallOptions {
    CallOptions {
        protocol_version: Some(version),
        ..CallOptions::default()
    }
}

#[test]
fn stored_requests_leave_in_one_message_for_each_version() {
    let mut talk = Talk::connected(Config {
        protocol_version: 2,
        ..requests(4, 10_000)
    });
    let plain = CallOptions::default();
    talk.cast(&[notify(1)], &plain).nothing();
    talk.cast(&[notify(1)], &of_version(1)).nothing();
    talk.cast(&[notify(1)], &of_version(2)).nothing();
    talk.cast(&[notify(1)], &of_version(1));
    talk.gets(&format!("{}{}", notify(1), notify(3)));
    talk.gets(&format!("!/1 <mgc> {}{}", notify(2), notify(4)));
    talk.nothing();
    // A re-send keeps its version.
    talk.pass(10_000).forget();
    assert_eq!(talk.numbers().requests, 0);
}

#[test]
fn a_reply_of_another_version_does_not_change_that_of_stored_requests() {
    let mut talk = Talk::connected(Config {
        protocol_version: 2,
        strict_version: false,
        ..both(10, 10, 10_000)
    });
    talk.cast(&[notify(1)], &CallOptions::default()).nothing();
    talk.raw(format!("!/1 <mg> {}", notify(9)).as_bytes());
    talk.gets(&format!("!/1 <mgc> {}", notified(9)));
    talk.gets(&notify(1)).nothing();
    // Acknowledgements are the same in all versions and go along.
    talk.peer(&notified(1)).nothing();
    talk.raw(format!("!/1 <mg> {}", notify(10)).as_bytes());
    talk.gets(&format!("!/1 <mgc> {}K{{1}}", notified(10)))
        .nothing();
}

#[test]
fn company_does_not_make_a_segment_larger_than_the_peer_takes() {
    let mut talk = Talk::connected(Config {
        trans_ack: true,
        auto_ack: true,
        trans_timer: 5000,
        ..segmented(SegmentSend::Unlimited)
    });
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    talk.peer(&notified(1)).nothing();
    talk.plan(Plan::ReplyText(Default::default(), three()));
    talk.peer(&notify(7));
    talk.gets("K{1}");
    let max = talk
        .engine
        .connection_info(talk.connection())
        .expect("live")
        .config
        .max_pdu_size;
    for _ in 0..3 {
        let sent = talk.sent().expect("a segment");
        assert!(sent.starts_with("P=7/"), "{sent}");
        assert!(
            talk.last
                .as_ref()
                .is_some_and(|send| send.bytes.len() <= max.map_or(0, |max| max as usize))
        );
    }
    talk.nothing();
}

#[test]
fn an_immediate_ack_takes_every_version_along() {
    let mut talk = Talk::connected(Config {
        protocol_version: 2,
        trans_req: true,
        ..acks(10)
    });
    talk.cast(
        &[notify(1)],
        &CallOptions {
            direct: true,
            ..CallOptions::default()
        },
    )
    .gets(&notify(1));
    talk.cast(&[notify(1)], &of_version(1)).nothing();
    talk.peer(&notified_ia(1));
    talk.gets("K{1}")
        .gets(&format!("!/1 <mgc> {}", notify(2)))
        .nothing();
}
