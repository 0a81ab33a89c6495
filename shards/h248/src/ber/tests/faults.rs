//! What one part's fault leaves of a message (RFC 3525 8.2.2).

use super::*;
use crate::error::{Fault, Problem, Scope, TransactionKind};

fn notify(termination: &str) -> CommandRequest<'_> {
    let event = ObservedEvent {
        name: PkgdName::try_from("al/of").expect("a name"),
        stream: None,
        parameters: List::EMPTY,
        time: None,
    };
    Command::Notify(NotifyRequest {
        terminations: List::one(TerminationId::try_from(termination).expect("an id")),
        observed_events: ObservedEventsDescriptor {
            request_id: RequestId(7),
            events: [event].into(),
        },
        error: None,
    })
    .into()
}

fn request(id: u32, commands: Vec<CommandRequest<'static>>) -> Transaction<'static> {
    let action = ActionRequest::new(ContextId(1), commands);
    Transaction::Request(TransactionRequest {
        transaction_id: id,
        actions: [action].into(),
    })
}

fn message(transactions: Vec<Transaction<'static>>) -> Message<'static> {
    Message::new(
        1,
        MId::DeviceName(TerminationId::try_from("gw").expect("a path")),
        transactions,
    )
}

/// The bytes of `message` with the octets `from`, at their `nth` occurrence, replaced by as many others.
fn damaged(message: &Message<'_>, from: &[u8], nth: usize, to: &[u8]) -> Vec<u8> {
    let mut bytes = encoded(message, &BerConfig::default(), "original");
    let places: Vec<_> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, w)| *w == from)
        .map(|(at, _)| at)
        .collect();
    bytes[places[nth]..places[nth] + to.len()].copy_from_slice(to);
    bytes
}

fn decoded<'a>(input: &'a [u8], arena: &'a Arena) -> (Message<'a>, Vec<Fault>) {
    let decoded = decode(input, arena, &Limits::default(), &BerConfig::default()).expect("usable");
    (decoded.message, decoded.faults)
}

const A: &str = "00000001/00000010/00000011";

#[test]
fn a_faulty_command_is_left_out_and_the_next_one_read() {
    let mut optional = notify(A);
    optional.optional = true;
    let whole = message(vec![request(1, vec![notify(A), optional, notify(A)])]);
    // The second request id becomes an OCTET STRING-like component that is not there.
    let bytes = damaged(&whole, &[0x80, 1, 7], 1, &[0x8f, 1, 7]);
    let arena = Arena::new();
    let (message, faults) = decoded(&bytes, &arena);
    let [fault] = faults[..] else {
        panic!("{faults:?}")
    };
    assert_eq!(
        fault.scope,
        Scope::Command {
            transaction: 0,
            action: 0,
            index: 1,
            optional: true
        }
    );
    assert_eq!(
        (fault.error.code, fault.error.problem),
        (442, Problem::Missing("requestId"))
    );
    assert_eq!(bytes[fault.error.position.offset], 0x8f);
    let [Transaction::Request(request)] = message.transactions() else {
        panic!("{message:?}")
    };
    assert_eq!(request.actions[0].commands.len(), 2);
}

#[test]
fn an_unknown_command_and_an_unknown_descriptor_have_their_codes() {
    let whole = message(vec![request(1, vec![notify(A)])]);
    let arena = Arena::new();
    // Alternative 6, NotifyRequest, becomes alternative 9 of a version to come.
    let bytes = encoded(&whole, &BerConfig::default(), "original");
    let at = bytes
        .windows(2)
        .position(|w| w[0] == 0xa6 && w[1] < 0x80)
        .expect("the command");
    let mut unknown = bytes.clone();
    unknown[at] = 0xa9;
    assert_eq!(decoded(&unknown, &arena).1[0].error.code, 443);

    let media = AmmDescriptor::EventBuffer(List::EMPTY);
    let twice = AmmRequest {
        terminations: List::one(TerminationId::try_from(A).expect("an id")),
        descriptors: vec![media.clone(), media].into(),
    };
    let whole = message(vec![request(1, vec![Command::Modify(twice).into()])]);
    let bytes = encoded(&whole, &BerConfig::default(), "twice");
    assert_eq!(decoded(&bytes, &arena).1[0].error.code, 448);
    let bytes = damaged(&whole, &[0xa4, 0, 0xa4, 0], 0, &[0xa4, 0, 0xb0, 0]);
    assert_eq!(decoded(&bytes, &arena).1[0].error.code, 444);
}

#[test]
fn a_faulty_transaction_is_left_out_and_its_number_kept() {
    let whole = message(vec![
        Transaction::Pending(5),
        request(6, vec![notify(A)]),
        Transaction::Pending(7),
    ]);
    let bytes = damaged(&whole, &[0x80, 1, 6, 0xa1], 0, &[0x80, 1, 6, 0xb1]);
    let arena = Arena::new();
    let (message, faults) = decoded(&bytes, &arena);
    let scope = Scope::Transaction {
        index: 1,
        kind: TransactionKind::Request,
        id: Some(6),
    };
    assert_eq!((faults[0].scope, faults[0].error.code), (scope, 403));
    // A request with a number stands, with what could be read of it.
    assert_eq!(message.transactions().len(), 3);

    let bytes = damaged(&whole, &[0xa1, 3, 0x80, 1, 5], 0, &[0xa1, 3, 0x90, 1, 5]);
    let (message, faults) = decoded(&bytes, &arena);
    let scope = Scope::Transaction {
        index: 0,
        kind: TransactionKind::Pending,
        id: None,
    };
    assert_eq!((faults[0].scope, message.transactions().len()), (scope, 2));
}

#[test]
fn a_faulty_action_keeps_the_commands_before_it() {
    let whole = message(vec![request(1, vec![notify(A), notify(A)])]);
    let bytes = encoded(&whole, &BerConfig::default(), "original");
    // The second command's length runs past the end of the list.
    let is_command =
        |at: usize| bytes[at] == 0x30 && bytes[at + 2] == 0xa0 && bytes[at + 4] == 0xa6;
    let last = (0..bytes.len() - 4)
        .rfind(|&at| is_command(at))
        .expect("two commands");
    let mut broken = bytes.clone();
    broken[last + 1] += 1;
    let arena = Arena::new();
    let (message, faults) = decoded(&broken, &arena);
    let scope = Scope::Action {
        transaction: 0,
        index: 0,
        context: Some(ContextId(1)),
    };
    assert_eq!((faults[0].scope, faults[0].error.code), (scope, 422));
    let [Transaction::Request(request)] = message.transactions() else {
        panic!("{message:?}")
    };
    assert_eq!(request.actions[0].commands.len(), 1);
}

#[test]
fn an_unusable_message_tells_whom_to_answer() {
    let whole = message(vec![Transaction::Pending(5)]);
    let bytes = encoded(&whole, &BerConfig::default(), "original");
    let (arena, limits, config) = (Arena::new(), Limits::default(), BerConfig::default());
    let cut = &bytes[..bytes.len() - 1];
    let error = decode(cut, &arena, &limits, &config).expect_err("cut off");
    assert_eq!(error.error.code, 400);
    let mini = error.mini.expect("the header is whole");
    assert_eq!((mini.version, mini.mid), (1, whole.mid.clone()));

    let mut version = bytes.clone();
    let at = version
        .windows(3)
        .position(|w| w == [0x80, 1, 1])
        .expect("the version");
    version[at + 2] = 4;
    let error = decode(&version, &arena, &limits, &config).expect_err("version 4");
    assert_eq!(
        (error.error.code, error.error.problem),
        (406, Problem::Version(4))
    );
    assert_eq!(error.mini.map(|mini| mini.version), Some(4));
    for noise in [
        &b""[..],
        b"\x30",
        b"MEGACO/1",
        b"\x30\x80\x00\x00",
        &[0xff; 40],
    ] {
        let error = decode(noise, &arena, &limits, &config).expect_err("no message");
        assert_eq!((error.error.code, error.mini), (400, None));
    }
}
