//! What the peer cannot do with correct messages, and how one is told from another. What is not told apart here fails the tests.

use megaphone_h248::model::{Command, MId, Message, Transaction};

/// What the peer cannot do with correct messages: a piece of its complaint, and what it means. A complaint that has none
/// of these is a difference that nobody has looked into.
const REFUSALS: [(&str, &str); 19] = [
    ("ipv6_not_supported", "no IPv6 address in BER"),
    (
        "encode_root",
        "no names of version 2 and 3, and none in capitals, of the root package",
    ),
    (
        "enc_TopologyDirection",
        "no one-way topology with an extension",
    ),
    (
        "do_merge_action_requests",
        "no audit of a context without commands behind it",
    ),
    (
        "count_too_small",
        "no empty list, such as that of an empty descriptor",
    ),
    (
        "count_not_an_integer",
        "no list length where a list is left out",
    ),
    (
        "enc_AuditReturnParameter",
        "no descriptor that is only named, in text",
    ),
    (
        "enc_AuditDescriptor",
        "no token that its version has not, in BER",
    ),
    (
        "ensure_muxType",
        "no multiplex of an extension type, nor N64",
    ),
    ("do_enc_list", "no error or audit beside another item"),
    (
        "ensure_indAudSignal",
        "no audit of a signal with parameters",
    ),
    (
        "bad_merge_mediaDescriptor",
        "no stream parameters in several pieces",
    ),
    (
        "bad_IndAudMediaDescriptor_streamParm",
        "the same, in an audit",
    ),
    (
        "enc_StatisticsParameter",
        "no statistic with several values, in text",
    ),
    (
        "enc_notifyCompletionItem",
        "no completion by iteration, in text",
    ),
    ("encode_integer", "no integer left out, in BER"),
    (
        "invalid_SecondRequestedActions",
        "no second actions with everything in them",
    ),
    (
        "bad_extension_parameter",
        "no audit in a ServiceChange of version 2",
    ),
    ("not_an_integer", "a name that begins like a number"),
];

/// Why a message cannot be compared: the peer refuses it, or changes it all by itself.
#[derive(Debug)]
pub(crate) struct Unable(pub(crate) String);

impl Unable {
    /// What it comes to, for this message; `None` for a complaint that is not known.
    pub(crate) fn meaning(&self, message: &Message<'_>, text: &str) -> Option<&'static str> {
        let Self(why) = self;
        if let Some(at) = why.find(SYNTAX_ERROR) {
            let token = &why[at + SYNTAX_ERROR.len()..];
            return beyond_its_grammar(message, text, token);
        }
        for known in [MTP, SELECTION, TEXT, BER] {
            if why == known {
                return Some(known);
            }
        }
        let known = REFUSALS.iter().find(|(piece, _)| why.contains(piece));
        known.map(|&(_, meaning)| meaning)
    }
}

/// What stands before the token that its parser does not want.
const SYNTAX_ERROR: &str = "syntax error before: \",";

/// What a message has that the standard's grammar allows and the peer's does not. `token` is where its parser stopped, and what follows.
fn beyond_its_grammar(message: &Message<'_>, text: &str, token: &str) -> Option<&'static str> {
    let debug = format!("{message:?}");
    let has = |piece: &str| debug.contains(piece);
    let count = |piece: &str| debug.matches(piece).count();
    let (version, transactions) = (message.version, message.transactions());
    let is_segment = |it: &Transaction<'_>| matches!(it, Transaction::SegmentReply(_));
    // Its scanner takes the escaped brace for the end.
    if text.contains("\\}") {
        return Some("no closing brace in a session description");
    }
    if transactions.len() > 1 && transactions.iter().any(is_segment) {
        return Some("no segment acknowledgement beside other transactions");
    }
    if has_error_in_notify(transactions) {
        return Some("no error in a Notify");
    }
    if version == 3 && token.starts_with("[\"\\\"nx64kservice") {
        return Some("no multiplex of an extension type, nor N64");
    }
    if version == 2 && count("TopologyRequest {") > 1 {
        return Some("no topology of several associations without streams, in version 2");
    }
    if version > 1 && has("IndAudTerminationStateDescriptor {") {
        return Some("no audit of several things of a termination's state");
    }
    let comma = token.starts_with("\"'COMMA'");
    let several = count("IndAudStreamDescriptor {") > count("Multi([IndAudStreamDescriptor {");
    if version == 2 && comma && several {
        return Some("no audit of several streams, in version 2");
    }
    if version == 3 && comma && has("statistics: Some(IndAudStatisticsDescriptor {") {
        return Some("no audit of a stream's statistics beside another part of it");
    }
    if version == 2
        && token.starts_with("\"'LBRKT'")
        && has("IndAudEventsDescriptor { request_id: None")
    {
        return Some("no audit of an event without a request, in version 2");
    }
    let lists = debug.split("IndAudSeqSigList {").skip(1);
    let mut bare = lists.filter(|list| {
        list.split('}')
            .next()
            .is_some_and(|list| list.contains("signal: None"))
    });
    if version == 2 && token.starts_with("\"'RBRKT'") && bare.next().is_some() {
        return Some("no audit of a signal list without a signal, in version 2");
    }
    if version == 3 && token.starts_with("[\"\\\"servicechangeinc") && has("incomplete: true") {
        return Some("no mark of an incomplete ServiceChange behind a brace");
    }
    let is_word =
        |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_alphabetic());
    match message.mid {
        MId::Ip6Address(address, _) if address.to_string().split(':').any(is_word) => {
            Some("no IPv6 address of which a group is a token of its own")
        }
        _ => None,
    }
}

fn has_error_in_notify(transactions: &[Transaction<'_>]) -> bool {
    let actions = transactions
        .iter()
        .flat_map(|transaction| match transaction {
            Transaction::Request(request) => request.actions.as_slice(),
            _ => &[],
        });
    let mut commands = actions.flat_map(|action| &action.commands);
    commands.any(
        |request| matches!(&request.command, Command::Notify(notify) if notify.error.is_some()),
    )
}

/// Changes that the peer makes by itself.
pub(crate) const MTP: &str = "writes the digits of an MTP address as its octets";
pub(crate) const SELECTION: &str = "reads a property and a selection by it as one";
/// It drops modem descriptors, empty signals of an event and selections of a context's properties, and in version 3 it writes the stream of
/// a topology, or of a signal to audit, as a bare number, which no grammar has.
pub(crate) const TEXT: &str = "changes it from text to text";
/// It drops the duration timer of a digit map and the stream of a topology, and moves a wildcard between levels to the level above.
pub(crate) const BER: &str = "changes it from text to BER to text";
