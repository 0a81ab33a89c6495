//! Whatever the model can say, text can say, and reads back as the same.

mod generate;

use generate::Dialect;
use megaphone_h248::model::{IntoOwned, Message, MessageBody, Transaction, TransactionResult};
use megaphone_h248::text::{self, Header, Layout, ReplyHeader};
use megaphone_h248::{Arena, Limits};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Generated messages of each of the two dialects.
const CASES: u32 = 110_000;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..400)
}

fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

fn reads_back(message: &Message<'_>, layout: Layout) -> Result<(), TestCaseError> {
    let mut out = Vec::new();
    text::encode(message, layout, &mut out)
        .map_err(|error| TestCaseError::fail(format!("{error}\n{message:#?}")))?;
    let arena = Arena::new();
    let shown = String::from_utf8_lossy(&out);
    let decoded = text::decode(&out, &arena, &Limits::default());
    let decoded = decoded.map_err(|error| TestCaseError::fail(format!("{error}\n{shown}")))?;
    prop_assert_eq!(&decoded.faults, &vec![], "{}", shown);
    prop_assert_eq!(&decoded.message, message, "{}", shown);
    let mini = text::mini(&out).expect("a header");
    prop_assert_eq!((mini.version, &mini.mid), (message.version, &message.mid));
    Ok(())
}

#[test]
fn generated_messages_survive_both_text_encodings() {
    for dialect in [Dialect::Text, Dialect::Both] {
        let mut runner = TestRunner::new(config(CASES));
        let outcome = runner.run(&bytes(), |bytes| {
            let message = generate::message(&bytes, dialect);
            reads_back(&message, Layout::Pretty)?;
            reads_back(&message, Layout::Compact)
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn an_owned_copy_is_the_same_message() {
    let mut runner = TestRunner::new(config(2_000));
    let outcome = runner.run(&bytes(), |bytes| {
        let message = generate::message(&bytes, Dialect::Text);
        let mut out = Vec::new();
        text::encode(&message, Layout::Compact, &mut out).expect("encodable");
        let arena = Arena::new();
        let owned: Message<'static> = text::decode(&out, &arena, &Limits::default())
            .expect("decodable")
            .message
            .into_owned();
        drop(arena);
        prop_assert_eq!(owned, message);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A message put together from encoded parts is the message encoded as a whole, byte for byte.
#[test]
fn parts_join_to_the_whole() {
    let mut runner = TestRunner::new(config(5_000));
    let outcome = runner.run(&bytes(), |bytes| {
        let message = generate::message(&bytes, Dialect::Text);
        for layout in [Layout::Pretty, Layout::Compact] {
            let mut whole = Vec::new();
            text::encode(&message, layout, &mut whole).expect("encodable");
            let MessageBody::Transactions(transactions) = &message.body else {
                continue;
            };
            let parts: Vec<Vec<u8>> = transactions
                .iter()
                .map(|transaction| join(transaction, layout))
                .collect();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let header = Header {
                auth_header: message.auth_header,
                version: message.version,
                mid: message.mid.clone(),
            };
            let mut joined = Vec::new();
            text::join_message(&header, &parts, layout, &mut joined).expect("transactions");
            prop_assert_eq!(
                String::from_utf8_lossy(&joined),
                String::from_utf8_lossy(&whole)
            );
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A transaction from its parts, where it has any.
fn join(transaction: &Transaction<'_>, layout: Layout) -> Vec<u8> {
    let mut out = Vec::new();
    let encoded = |encode: &dyn Fn(&mut Vec<u8>)| {
        let mut part = Vec::new();
        encode(&mut part);
        part
    };
    match transaction {
        Transaction::Request(request) => {
            let actions: Vec<Vec<u8>> = request
                .actions
                .iter()
                .map(|action| {
                    encoded(&|out| text::encode_action(action, layout, out).expect("encodable"))
                })
                .collect();
            let actions: Vec<&[u8]> = actions.iter().map(Vec::as_slice).collect();
            text::join_request(request.transaction_id, &actions, layout, &mut out)
                .expect("actions");
        }
        Transaction::Reply(reply)
            if matches!(reply.result, TransactionResult::ActionReplies(_)) =>
        {
            let TransactionResult::ActionReplies(replies) = &reply.result else {
                unreachable!()
            };
            let replies: Vec<Vec<u8>> = replies
                .iter()
                .map(|reply| {
                    encoded(&|out| {
                        text::encode_action_reply(reply, layout, out).expect("encodable")
                    })
                })
                .collect();
            let replies: Vec<&[u8]> = replies.iter().map(Vec::as_slice).collect();
            let header = ReplyHeader {
                transaction_id: reply.transaction_id,
                imm_ack_required: reply.imm_ack_required,
                segment: reply.segment,
            };
            text::join_reply(header, &replies, layout, &mut out).expect("replies");
        }
        other => text::encode_transaction(other, layout, &mut out).expect("encodable"),
    }
    out
}
