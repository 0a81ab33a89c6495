//! Whatever both encodings can say comes back from BER as the same, and means the same in text.

mod generate;

use generate::Dialect;
use megaphone_h248::ber::{self, BerConfig, BerProfile};
use megaphone_h248::model::{Message, MessageBody, Transaction, TransactionResult};
use megaphone_h248::text::{self, Header, Layout, ReplyHeader};
use megaphone_h248::{Arena, Limits};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Generated messages through every encoding.
const CASES: u32 = 100_000;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..400)
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    })
}

fn profile(profile: BerProfile) -> BerConfig {
    BerConfig {
        profile,
        ..BerConfig::default()
    }
}

fn encoded(message: &Message<'_>, config: &BerConfig) -> Result<Vec<u8>, TestCaseError> {
    let mut out = Vec::new();
    ber::encode(message, config, &mut out)
        .map_err(|error| TestCaseError::fail(format!("{error}\n{message:#?}")))?;
    Ok(out)
}

#[test]
fn generated_messages_survive_ber_in_both_profiles_and_text_after_it() {
    let outcome = runner(CASES).run(&bytes(), |bytes| {
        let message = generate::message(&bytes, Dialect::Both);
        for config in [profile(BerProfile::Standard), profile(BerProfile::Otp)] {
            let binary = encoded(&message, &config)?;
            let arena = Arena::new();
            let read = ber::decode(&binary, &arena, &Limits::default(), &config);
            let read =
                read.map_err(|error| TestCaseError::fail(format!("{error}\n{message:#?}")))?;
            prop_assert_eq!(&read.faults, &vec![], "{:#?}", message);
            prop_assert_eq!(&read.message, &message);
            let mini = ber::decode_mini(&binary, &config).expect("a header");
            prop_assert_eq!((mini.version, &mini.mid), (message.version, &message.mid));

            let mut printed = Vec::new();
            text::encode(&read.message, Layout::Compact, &mut printed)
                .expect("expressible in text");
            let again = text::decode(&printed, &arena, &Limits::default()).expect("decodes");
            prop_assert_eq!(&again.message, &message);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A message put together from encoded parts is the message encoded as a whole, byte for byte.
#[test]
fn parts_join_to_the_whole() {
    let config = BerConfig::default();
    let outcome = runner(5_000).run(&bytes(), |bytes| {
        let message = generate::message(&bytes, Dialect::Both);
        let MessageBody::Transactions(transactions) = &message.body else {
            return Ok(());
        };
        let parts: Vec<Vec<u8>> = transactions
            .iter()
            .map(|transaction| join(transaction, &config))
            .collect();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let header = Header {
            auth_header: message.auth_header,
            version: message.version,
            mid: message.mid.clone(),
        };
        let mut joined = Vec::new();
        ber::join_message(&header, &parts, &mut joined).expect("there are transactions");
        prop_assert_eq!(joined, encoded(&message, &config)?);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A transaction, from its own parts where it has some.
fn join(transaction: &Transaction<'_>, config: &BerConfig) -> Vec<u8> {
    let mut out = Vec::new();
    let parts = |count: usize, part: &dyn Fn(usize, &mut Vec<u8>)| -> Vec<Vec<u8>> {
        (0..count)
            .map(|index| {
                let mut out = Vec::new();
                part(index, &mut out);
                out
            })
            .collect()
    };
    match transaction {
        Transaction::Request(request) if !request.actions.is_empty() => {
            let actions = parts(request.actions.len(), &|index, out| {
                ber::encode_action(&request.actions[index], config, out).expect("encodable");
            });
            let actions: Vec<&[u8]> = actions.iter().map(Vec::as_slice).collect();
            ber::join_request(request.transaction_id, &actions, &mut out)
                .expect("there are actions");
        }
        Transaction::Reply(reply) => match &reply.result {
            TransactionResult::ActionReplies(replies) if !replies.is_empty() => {
                let replies = parts(replies.len(), &|index, out| {
                    ber::encode_action_reply(&replies[index], config, out).expect("encodable");
                });
                let replies: Vec<&[u8]> = replies.iter().map(Vec::as_slice).collect();
                let header = ReplyHeader {
                    transaction_id: reply.transaction_id,
                    imm_ack_required: reply.imm_ack_required,
                    segment: reply.segment,
                };
                ber::join_reply(header, &replies, &mut out).expect("there are replies");
            }
            _ => ber::encode_transaction(transaction, config, &mut out).expect("encodable"),
        },
        _ => ber::encode_transaction(transaction, config, &mut out).expect("encodable"),
    }
    out
}
