//! The binary encoding does everything text does: calls, the sender, segmentation, pre-encoded actions. OTP's does the first only.

use crate::harness::{Plan, Talk, Wire, actions, both, config, segmented};
use megaphone_h248::Arena;
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::Transaction;
use megaphone_megaco::config::{Config, Encoding, SegmentSend};
use megaphone_megaco::user::AckRequest;
use megaphone_megaco::{Actions, CallOptions};

/// A Notify of the root: the name of any other termination depends on the binary layout.
fn notify(id: u32) -> String {
    format!("T={id}{{C=-{{N=ROOT{{OE=1{{al/of}}}}}}}}")
}

fn binary(config: Config) -> Config {
    Config {
        encoding_mod: Encoding::Binary,
        ..config
    }
}

/// The transactions of the next message, in words.
fn sent(talk: &mut Talk) -> Vec<String> {
    talk.sent();
    let Some(send) = talk.last.take() else {
        return Vec::new();
    };
    let arena = Arena::new();
    let decoded = ber::decode(
        &send.bytes,
        &arena,
        &megaphone_h248::Limits::default(),
        &BerConfig::default(),
    );
    let message = decoded.expect("what we write can be read").message;
    let words = message
        .transactions()
        .iter()
        .map(|transaction| match transaction {
            Transaction::Request(request) => format!("request {}", request.transaction_id),
            Transaction::Reply(reply) => format!(
                "reply {} {:?}",
                reply.transaction_id,
                reply.segment.map(|s| (s.number, s.complete))
            ),
            Transaction::Pending(id) => format!("pending {id}"),
            Transaction::ResponseAck(acks) => format!(
                "ack {:?}",
                acks.iter()
                    .map(|ack| (ack.first, ack.last))
                    .collect::<Vec<_>>()
            ),
            Transaction::SegmentReply(reply) => format!("segment {}", reply.segment.number),
        });
    words.collect()
}

#[test]
fn a_call_is_answered() {
    let mut wire = Wire::new(binary(config()), binary(config()));
    for _ in 0..2 {
        wire.mgc.plan(Plan::ReplyText(
            AckRequest::Discard,
            "C=-{N=ROOT}".to_owned(),
        ));
    }
    wire.mg
        .call(&[notify(1), notify(1)], &CallOptions::default());
    wire.run(10);
    wire.mg
        .told("handle_connect <mgc>")
        .told("call 1: ok 1; ok 1");
}

#[test]
fn the_sender_accumulates() {
    let mut talk = Talk::connected(binary(both(10, 3, 2048)));
    talk.cast(&[notify(1)], &CallOptions::default())
        .nothing()
        .cast(&[notify(1)], &CallOptions::default())
        .nothing();
    talk.cast(&[notify(1)], &CallOptions::default());
    assert_eq!(sent(&mut talk), ["request 1", "request 2", "request 3"]);
}

#[test]
fn a_reply_is_segmented() {
    let config = Config {
        max_pdu_size: Some(128 + 20),
        ..segmented(SegmentSend::Window(2))
    };
    let mut wire = Wire::new(binary(config.clone()), binary(config));
    wire.mgc.plan(Plan::ReplyText(
        AckRequest::Handle(1),
        "C=1{MF=ROOT},C=2{MF=ROOT},C=3{MF=ROOT}".to_owned(),
    ));
    wire.mg.call(&[notify(1)], &CallOptions::default());
    wire.run(50);
    wire.mg
        .told("handle_connect <mgc>")
        .told("call 1: segments [1 ok 1, 2 ok 1, 3 ok 1]");
    wire.mgc
        .told("handle_connect <mg>")
        .told("handle_trans_request 1")
        .told("handle_trans_ack ok data 1");
}

#[test]
fn actions_are_encoded_once() {
    let mut talk = Talk::connected(binary(config()));
    let encoded = talk.engine.encode_actions(
        talk.connection(),
        &actions(&notify(1)),
        &CallOptions::default(),
    );
    let encoded = encoded.expect("they have a form");
    for id in 1..=300 {
        let cast = talk.engine.cast(
            talk.now,
            talk.connection(),
            &[Actions::Encoded(&encoded)],
            &CallOptions::default(),
        );
        assert_eq!(cast, Ok(()));
        assert_eq!(sent(&mut talk), [format!("request {id}")]);
    }
}
