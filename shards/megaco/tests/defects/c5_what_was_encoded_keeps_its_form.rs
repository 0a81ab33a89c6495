//! A connection goes from text to binary or back: what was encoded before is sent again in the form it has.

use crate::harness::{Plan, Talk, both, config, doubling};
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::Transaction;
use megaphone_h248::{Arena, Limits, text};
use megaphone_megaco::config::{Config, Encoding};
use megaphone_megaco::user::AckRequest;
use megaphone_megaco::{CallOptions, ReceiveHandle};

const REQUEST: &str = "T=1{C=-{N=ROOT{OE=1{al/of}}}}";

/// The next message: whether it is binary, and the ids of its transactions. It is one or the other throughout.
fn sent(talk: &mut Talk) -> Option<(bool, Vec<u32>)> {
    talk.sent()?;
    let bytes = talk.last.take()?.bytes;
    let (arena, limits) = (Arena::new(), Limits::default());
    let binary = !bytes.starts_with(b"!") && !bytes.starts_with(b"MEGACO");
    let decoded = if binary {
        ber::decode(&bytes, &arena, &limits, &BerConfig::default())
    } else {
        text::decode(&bytes, &arena, &limits)
    };
    let decoded = decoded.expect("what we send can be read");
    assert!(decoded.faults.is_empty());
    let ids = decoded.message.transactions().iter().map(|one| match one {
        Transaction::Request(request) => request.transaction_id,
        Transaction::Reply(reply) => reply.transaction_id,
        other => panic!("{other:?}"),
    });
    Some((binary, ids.collect()))
}

fn change(talk: &mut Talk, encoding_mod: Encoding) {
    talk.receive = ReceiveHandle {
        encoding_mod,
        ..talk.receive
    };
    let (connection, receive) = (talk.connection(), talk.receive);
    talk.engine
        .update_receive_handle(talk.now, connection, &receive)
        .expect("a legal change");
}

fn both_ways(config: &Config, check: impl Fn(Talk, Encoding, bool)) {
    for (from, to) in [
        (Encoding::Compact, Encoding::Binary),
        (Encoding::Binary, Encoding::Compact),
    ] {
        let talk = Talk::connected(Config {
            encoding_mod: from,
            ..config.clone()
        });
        check(talk, to, from == Encoding::Binary);
    }
}

#[test]
fn a_request_is_sent_again_as_it_was() {
    let config = Config {
        request_timer: doubling(1000, 3),
        ..config()
    };
    both_ways(&config, |mut talk, to, was| {
        talk.cast(&[REQUEST.to_owned()], &CallOptions::default());
        assert_eq!(sent(&mut talk), Some((was, vec![1])));
        change(&mut talk, to);
        talk.cast(&[REQUEST.to_owned()], &CallOptions::default());
        assert_eq!(sent(&mut talk), Some((!was, vec![2])));
        talk.pass(1000);
        assert_eq!(sent(&mut talk), Some((was, vec![1])));
        assert_eq!(sent(&mut talk), Some((!was, vec![2])));
    });
}

#[test]
fn the_sender_does_not_mix_them() {
    let config = Config {
        request_timer: doubling(5000, 3),
        ..both(10, 10, 2048)
    };
    both_ways(&config, |mut talk, to, was| {
        talk.cast(&[REQUEST.to_owned()], &CallOptions::default());
        change(&mut talk, to);
        assert_eq!(sent(&mut talk), Some((was, vec![1])));
        talk.cast(&[REQUEST.to_owned()], &CallOptions::default());
        talk.pass(20_000);
        let mut seen = Vec::new();
        while let Some((binary, ids)) = sent(&mut talk) {
            assert!(
                ids.iter()
                    .all(|id| *id == if binary == was { 1 } else { 2 })
            );
            seen.extend(ids);
        }
        assert!(seen.contains(&1) && seen.contains(&2), "{seen:?}");
    });
}

#[test]
fn a_duplicate_gets_the_reply_as_it_was() {
    both_ways(&config(), |mut talk, to, was| {
        talk.plan(Plan::ReplyText(AckRequest::Discard, "C=-{N=ROOT}".into()));
        let request = format!("!/1 <mg> {REQUEST}");
        let arena = Arena::new();
        let mut binary = Vec::new();
        let decoded = text::decode(request.as_bytes(), &arena, &Limits::default());
        let message = decoded.expect("a legal request").message;
        ber::encode(&message, &BerConfig::default(), &mut binary).expect("it has a form");
        let forms = [request.into_bytes(), binary];
        talk.raw(&forms[usize::from(was)]);
        assert_eq!(sent(&mut talk), Some((was, vec![1])));
        change(&mut talk, to);
        talk.raw(&forms[usize::from(!was)]);
        assert_eq!(sent(&mut talk), Some((was, vec![1])));
    });
}
