//! A ladder as signalling engineers draw it: time runs down, the gateway stands on the left, we on the right, and each
//! transaction of a message is an arrow.

use crate::ctl::wire::{Message, Over};
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::{
    ActionReply, ActionRequest, Command, CommandReply, ContextId, MessageBody, TerminationId,
    Transaction, TransactionReply, TransactionResult,
};
use megaphone_h248::sniff::{Sniffed, sniff};
use megaphone_h248::{Arena, Limits, text};
use std::collections::HashSet;
use std::fmt::Write;

/// Columns between the two lines.
const WIDTH: usize = 64;
/// Transactions whose repetition is noticed.
const SEEN_MAX: usize = 65_536;

/// Draws messages one below the other.
pub struct Ladder {
    gateway: String,
    first: Option<u64>,
    /// The transport and the addresses that were said last.
    way: String,
    /// What was seen, to tell what comes again: direction, kind and number.
    seen: HashSet<(bool, u8, u32)>,
    arena: Arena,
    limits: Limits,
}

/// One arrow.
struct Arrow {
    kind: u8,
    number: Option<u32>,
    label: String,
}

impl Ladder {
    /// An empty ladder between a gateway and us.
    #[must_use]
    pub fn new(gateway: &str) -> Ladder {
        Ladder {
            gateway: gateway.into(),
            first: None,
            way: String::new(),
            seen: HashSet::new(),
            arena: Arena::new(),
            limits: Limits::default(),
        }
    }

    /// A message's lines.
    pub fn step(&mut self, message: &Message) -> String {
        let mut lines = String::new();
        let first = match self.first {
            Some(first) => first,
            None => {
                let gap = WIDTH.saturating_sub(self.gateway.chars().count());
                let _ = writeln!(lines, "{:>12}  {}{:gap$}  us", "seconds", self.gateway, "");
                *self.first.insert(message.unix_ns)
            }
        };
        let way = way(message);
        if way != self.way {
            let _ = writeln!(lines, "{:>12}  {way}", "");
            self.way = way;
        }
        let since = message.unix_ns.saturating_sub(first);
        let time = format!("{}.{:06}", since / 1_000_000_000, since / 1_000 % 1_000_000);
        for arrow in self.arrows(&message.base64) {
            let again = arrow.number.is_some_and(|number| {
                self.seen.len() < SEEN_MAX
                    && !self.seen.insert((message.received, arrow.kind, number))
            });
            let label = match again {
                true => format!("{} (again)", arrow.label),
                false => arrow.label,
            };
            let _ = writeln!(lines, "{time:>12}  │{}│", shaft(&label, message.received));
        }
        lines
    }

    fn arrows(&mut self, bytes: &[u8]) -> Vec<Arrow> {
        self.arena.reset();
        let decoded = match sniff(bytes) {
            Sniffed::Ber { .. } => {
                ber::decode(bytes, &self.arena, &self.limits, &BerConfig::default())
            }
            _ => text::decode(bytes, &self.arena, &self.limits),
        };
        match decoded {
            Err(error) => vec![plain(format!(
                "{} bytes that do not decode: {}",
                bytes.len(),
                error.error
            ))],
            Ok(decoded) => {
                let mut arrows = match &decoded.message.body {
                    MessageBody::Error(error) => vec![plain(format!("Error {}", error.code))],
                    MessageBody::Transactions(transactions) => {
                        transactions.iter().map(arrow).collect()
                    }
                };
                let faults = decoded.faults.iter();
                arrows.extend(faults.map(|fault| plain(format!("faulty: {}", fault.error))));
                arrows
            }
        }
    }
}

/// Between which addresses, and by what; empty if nothing of it is known.
fn way(message: &Message) -> String {
    let over = match message.over {
        Over::Tcp => "tcp",
        Over::Udp => "udp",
    };
    let [theirs, ours] = [message.theirs, message.ours]
        .map(|end| end.map_or_else(|| String::from("?"), |end| end.to_string()));
    match message.theirs.or(message.ours) {
        None => String::new(),
        Some(_) => {
            // As wide as the ladder with both of its lines, without the blanks around the words.
            let words = theirs.len() + ours.len() + over.len() + 4;
            let shaft = (WIDTH + 2).saturating_sub(words).max(2);
            let (left, right) = ("─".repeat(shaft / 2), "─".repeat(shaft - shaft / 2));
            format!("{theirs} {left} {over} {right} {ours}")
        }
    }
}

/// An arrow for something that has no number.
fn plain(label: String) -> Arrow {
    Arrow {
        kind: 0,
        number: None,
        label,
    }
}

/// The label on its shaft, with the head at the end that it goes to.
fn shaft(label: &str, to_us: bool) -> String {
    let room = WIDTH - 6;
    let label: String = match label.chars().count() > room {
        true => label.chars().take(room - 1).chain(['…']).collect(),
        false => label.into(),
    };
    let rest = "─".repeat(room - label.chars().count());
    match to_us {
        true => format!("── {label} {rest}─►"),
        false => format!("◄── {label} {rest}─"),
    }
}

fn arrow(transaction: &Transaction<'_>) -> Arrow {
    let (kind, number, label) = match transaction {
        Transaction::Request(request) => {
            let (id, actions) = (
                request.transaction_id,
                request.actions.iter().map(requested),
            );
            (1, Some(id), format!("Transaction {id} {}", listed(actions)))
        }
        Transaction::Pending(id) => (2, Some(*id), format!("Pending {id}")),
        Transaction::Reply(reply) => (3, Some(reply.transaction_id), answered(reply)),
        Transaction::ResponseAck(acks) => {
            let ranges = acks.iter().map(|ack| match ack.last {
                Some(last) => format!("{}-{last}", ack.first),
                None => ack.first.to_string(),
            });
            (
                4,
                None,
                format!("TransactionResponseAck {}", listed(ranges)),
            )
        }
        Transaction::SegmentReply(reply) => {
            let (id, segment) = (reply.transaction_id, reply.segment.number);
            (5, None, format!("SegmentReply {id}/{segment}"))
        }
    };
    Arrow {
        kind,
        number,
        label,
    }
}

fn answered(reply: &TransactionReply<'_>) -> String {
    let outcome = match &reply.result {
        TransactionResult::Error(error) => format!("Error {}", error.code),
        TransactionResult::ActionReplies(actions) => listed(actions.iter().map(replied)),
    };
    let segment = reply.segment.map_or_else(String::new, |segment| {
        let last = if segment.complete { " END" } else { "" };
        format!("/{}{last}", segment.number)
    });
    let at_once = if reply.imm_ack_required {
        " ImmAckRequired"
    } else {
        ""
    };
    format!("Reply {}{segment}{at_once} {outcome}", reply.transaction_id)
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn context(id: ContextId) -> String {
    match id {
        ContextId::NULL => "-".into(),
        ContextId::CHOOSE => "$".into(),
        ContextId::ALL => "*".into(),
        ContextId(number) => number.to_string(),
    }
}

fn requested(action: &ActionRequest<'_>) -> String {
    let command = |command: &Command<'_>| {
        let name = match command {
            Command::Add(_) => "Add",
            Command::Move(_) => "Move",
            Command::Modify(_) => "Modify",
            Command::Subtract(_) => "Subtract",
            Command::AuditCapability(_) => "AuditCapability",
            Command::AuditValue(_) => "AuditValue",
            Command::Notify(_) => "Notify",
            Command::ServiceChange(_) => "ServiceChange",
        };
        let of = command.terminations().iter().map(termination);
        format!("{name} {}", listed(of))
    };
    let commands = action
        .commands
        .iter()
        .map(|request| command(&request.command));
    format!("C={} {{{}}}", context(action.context_id), listed(commands))
}

fn termination(id: &TerminationId<'_>) -> String {
    id.to_string()
}

fn replied(action: &ActionReply<'_>) -> String {
    let commands = action.commands.iter().map(|reply| match reply {
        CommandReply::Add(_) => "Add",
        CommandReply::Move(_) => "Move",
        CommandReply::Modify(_) => "Modify",
        CommandReply::Subtract(_) => "Subtract",
        CommandReply::AuditCapability(_) => "AuditCapability",
        CommandReply::AuditValue(_) => "AuditValue",
        CommandReply::Notify(_) => "Notify",
        CommandReply::ServiceChange(_) => "ServiceChange",
    });
    let error = action
        .error
        .iter()
        .map(|error| format!("Error {}", error.code));
    let parts = commands.map(str::to_owned).chain(error);
    format!("C={} {{{}}}", context(action.context_id), listed(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(unix_ns: u64, received: bool, text: &str) -> Message {
        Message {
            unix_ns,
            received,
            over: Over::Udp,
            theirs: None,
            ours: None,
            base64: text.into(),
        }
    }

    #[test]
    fn a_registration_reads_as_a_ladder() {
        let request = "MEGACO/1 [192.0.2.1]:2944 Transaction = 9 { Context = - { ServiceChange = ROOT { Services { \
                       Method = Restart, Reason = \"901\" } } } }";
        let mut ladder = Ladder::new("[192.0.2.1]:2944");
        let mut drawn = ladder.step(&message(5_000_000_000, true, request));
        drawn += &ladder.step(&message(5_000_200_000, false, "!/1 <us> PN=9{}"));
        drawn += &ladder.step(&message(5_500_000_000, true, request));
        let reply = "!/1 <us> P=9{IA, C=-{SC=ROOT{SV{}}}}";
        drawn += &ladder.step(&message(6_000_000_000, false, reply));
        drawn += &ladder.step(&message(
            6_000_100_000,
            true,
            "!/1 [192.0.2.1]:2944 K{9, 11-14}",
        ));
        drawn += &ladder.step(&message(
            6_100_000_000,
            true,
            "!/1 [192.0.2.1]:2944 T=10{C=*{",
        ));
        let drawn: Vec<&str> = drawn.lines().collect();
        let expected = [
            "     seconds  [192.0.2.1]:2944                                                  us",
            "    0.000000  │── Transaction 9 C=- {ServiceChange ROOT} ─────────────────────►│",
            "    0.000200  │◄── Pending 9 ──────────────────────────────────────────────────│",
            "    0.500000  │── Transaction 9 C=- {ServiceChange ROOT} (again) ─────────────►│",
            "    1.000000  │◄── Reply 9 ImmAckRequired C=- {ServiceChange} ─────────────────│",
            "    1.000100  │── TransactionResponseAck 9, 11-14 ────────────────────────────►│",
        ];
        assert_eq!(drawn[..6], expected);
        assert!(drawn[7].contains("faulty: "), "{}", drawn[7]);
        let noise = ladder.step(&message(7_000_000_000, true, "!/1"));
        assert!(noise.contains("3 bytes that do not decode: "), "{noise}");
    }

    #[test]
    fn addresses_are_told_when_they_change() {
        let mut ladder = Ladder::new("gw");
        let mut drawn = String::new();
        for (theirs, ours) in [
            (None, None),
            (Some("192.0.2.1:40000"), None),
            (Some("192.0.2.1:40000"), Some("192.0.2.9:2944")),
            (Some("192.0.2.1:40000"), Some("192.0.2.9:2944")),
            (Some("[2001:db8::1]:2944"), Some("[2001:db8::2]:2944")),
        ] {
            let parsed = |end: Option<&str>| end.map(|it| it.parse().expect("an address"));
            let message = Message {
                theirs: parsed(theirs),
                ours: parsed(ours),
                ..message(0, true, "!/1 gw K{1}")
            };
            drawn += &ladder.step(&message);
        }
        let told: Vec<&str> = drawn
            .lines()
            .filter(|line| line.contains(" udp "))
            .collect();
        let expected = [
            "192.0.2.1:40000 ───────────────────── udp ────────────────────── ?",
            "192.0.2.1:40000 ─────────────── udp ─────────────── 192.0.2.9:2944",
            "[2001:db8::1]:2944 ─────────── udp ──────────── [2001:db8::2]:2944",
        ];
        let told: Vec<&str> = told.iter().map(|line| line.trim()).collect();
        assert_eq!(told, expected, "{drawn}");
    }

    #[test]
    fn a_long_label_is_cut() {
        let label = "x".repeat(100);
        assert_eq!(shaft(&label, true).chars().count(), WIDTH);
        assert_eq!(shaft("", false).chars().count(), WIDTH);
    }
}
