//! Every limit at, below and above itself.

use super::*;
use crate::error::Problem;

/// What a message meets under `limits`: nothing, or the problem and its code.
fn outcome(message: &Message<'_>, limits: Limits) -> Option<(Problem, u16)> {
    let bytes = encoded(message, &BerConfig::default(), "a message for limits");
    let arena = Arena::new();
    match decode(&bytes, &arena, &limits, &BerConfig::default()) {
        Err(error) => Some((error.error.problem, error.error.code)),
        Ok(decoded) => decoded
            .faults
            .first()
            .map(|fault| (fault.error.problem, fault.error.code)),
    }
}

/// Checks that a limit of exactly `needed` lets the message through, one more too, and one less does not.
pub(super) fn exactly(
    message: &Message<'_>,
    needed: usize,
    code: u16,
    name: &'static str,
    set: impl Fn(&mut Limits, usize),
) {
    for (value, expected) in [
        (needed + 1, None),
        (needed, None),
        (needed - 1, Some((Problem::Limit(name), code))),
    ] {
        let mut limits = Limits::default();
        set(&mut limits, value);
        assert_eq!(outcome(message, limits), expected, "{name} {value}");
    }
}

fn message(transactions: Vec<Transaction<'static>>) -> Message<'static> {
    Message::new(
        3,
        MId::DeviceName(TerminationId::try_from("gw").expect("a path")),
        transactions,
    )
}

fn request(actions: Vec<ActionRequest<'static>>) -> Message<'static> {
    message(vec![Transaction::Request(TransactionRequest {
        transaction_id: 1,
        actions: actions.into(),
    })])
}

fn modify(descriptors: Vec<AmmDescriptor<'static>>) -> CommandRequest<'static> {
    let terminations = List::one(TerminationId::ROOT);
    Command::Modify(AmmRequest {
        terminations,
        descriptors: descriptors.into(),
    })
    .into()
}

pub(super) fn one(descriptor: AmmDescriptor<'static>) -> Message<'static> {
    request(vec![ActionRequest::new(
        ContextId(1),
        [modify(vec![descriptor])],
    )])
}

fn name(text: &'static str) -> PkgdName<'static> {
    PkgdName::try_from(text).expect("a name")
}

#[test]
fn bytes_of_a_message() {
    let pending = message(vec![Transaction::Pending(1)]);
    let bytes = encoded(&pending, &BerConfig::default(), "pending").len();
    exactly(
        &pending,
        bytes,
        400,
        "message_bytes_max",
        |limits, value| limits.message_bytes_max = value,
    );
}

#[test]
fn transactions_actions_and_commands() {
    let many = message((1..=3).map(Transaction::Pending).collect());
    exactly(&many, 3, 413, "transactions_max", |limits, value| {
        limits.transactions_max = value
    });
    let action = |count| ActionRequest::new(ContextId(1), vec![modify(vec![]); count]);
    exactly(
        &request(vec![action(1); 3]),
        3,
        403,
        "actions_max",
        |limits, value| limits.actions_max = value,
    );
    exactly(
        &request(vec![action(3)]),
        3,
        422,
        "commands_max",
        |limits, value| limits.commands_max = value,
    );
}

#[test]
fn descriptors_and_items() {
    let three = vec![
        AmmDescriptor::EventBuffer(List::EMPTY),
        AmmDescriptor::Signals(List::EMPTY),
        AmmDescriptor::Events(EventsDescriptor::default()),
    ];
    let message = request(vec![ActionRequest::new(ContextId(1), [modify(three)])]);
    exactly(&message, 3, 442, "descriptors_max", |limits, value| {
        limits.descriptors_max = value
    });
    let signal = SignalRequest::Signal(Signal::new(name("cg/rt")));
    let message = one(AmmDescriptor::Signals(vec![signal; 3].into()));
    exactly(&message, 3, 442, "items_max", |limits, value| {
        limits.items_max = value
    });
}

#[test]
fn bytes_of_values_and_bodies() {
    let value = Value::Quoted(Quoted::try_from("four").expect("printable"));
    let statistic = StatisticsParameter {
        name: name("pkg_8001/item_0001"),
        value: Some(ParmValue::Value(value)),
    };
    let message = one(AmmDescriptor::Statistics([statistic].into()));
    // The inner tag and length count: that is what is read.
    exactly(&message, 6, 442, "value_bytes_max", |limits, value| {
        limits.value_bytes_max = value
    });

    let body = OctetString::new(&b"v=0\nc=IN IP4 $\n"[..]).expect("a body");
    let parms = StreamParms {
        local: Some(LocalRemoteDescriptor::Octets(body)),
        ..StreamParms::default()
    };
    let media = MediaDescriptor {
        termination_state: None,
        streams: MediaStreams::One(parms.into()),
    };
    let message = one(AmmDescriptor::Media(media));
    exactly(&message, 15, 442, "body_bytes_max", |limits, value| {
        limits.body_bytes_max = value
    });
}

#[test]
fn depth_below_the_command() {
    let message = one(AmmDescriptor::Signals(
        [SignalRequest::Signal(Signal::new(name("cg/rt")))].into(),
    ));
    // amm request, descriptors, signals, signal, its parameters; and the termination id is shallower.
    exactly(&message, 5, 442, "depth_max", |limits, value| {
        limits.depth_max = value
    });
}

#[test]
fn faults_of_a_message() {
    let many = message((1..=3).map(Transaction::Pending).collect());
    let mut bytes = encoded(&many, &BerConfig::default(), "pendings");
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == [0xa1, 3, 0x80, 1] {
            bytes[at + 2] = 0x90;
        }
    }
    for (faults_max, usable) in [(4, true), (3, true), (2, false)] {
        let limits = Limits {
            faults_max,
            ..Limits::default()
        };
        let arena = Arena::new();
        let outcome = decode(&bytes, &arena, &limits, &BerConfig::default());
        assert_eq!(outcome.is_ok(), usable, "{faults_max}");
        if let Err(error) = outcome {
            assert_eq!(
                (error.error.code, error.error.problem),
                (400, Problem::Limit("faults_max"))
            );
        }
    }
}
