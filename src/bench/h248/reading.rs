//! Messages as the bench understands them: what each transaction says, in the few words that matter here. Requests are answered on
//! the spot, always in the same words, so that one that is sent again gets the same answer without being remembered.

use super::wire::{TERMINATION, Wire};
use megaphone_h248::Arena;
use megaphone_h248::model::{
    ActionReply, ActionRequest, AmmsReply, AuditReply, Command, CommandReply, ContextId, List,
    Message, MessageBody, NotifyReply, Ref, Segment, SegmentReply, ServiceChangeReply,
    ServiceChangeResParm, ServiceChangeResult, TerminationId, Transaction, TransactionId,
    TransactionReply, TransactionRequest, TransactionResult,
};
use std::fmt::Write;

/// What one transaction of a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saying {
    /// A reply, or a segment of one.
    Reply {
        id: TransactionId,
        /// It wants an acknowledgement.
        wants_ack: bool,
        segment: Option<Segment>,
        /// It is an error, of the transaction or of the first command that has one.
        error: Option<u16>,
    },
    /// The request is being worked on.
    Pending(TransactionId),
    /// So many of our replies have arrived.
    Acks(u64),
    /// A request; its answer is among the reading's.
    Request {
        /// It registers the whole gateway.
        registers: bool,
    },
    /// The message as a whole is an error.
    Error(u16),
}

/// A message, read. It is used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) sayings: Vec<Saying>,
    /// The sender, as text.
    pub(super) mid: String,
    /// Answers, encoded as transactions: bytes, and where each ends.
    answers: Vec<u8>,
    ends: Vec<usize>,
    arena: Arena,
}

impl Reading {
    /// The answers, transaction by transaction.
    pub(super) fn answers(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.answers[start..end])
    }

    /// Reads a message. With `wants_ack` the answers ask for an acknowledgement.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for the operator.
    pub(super) fn read(
        &mut self,
        wire: &Wire,
        bytes: &[u8],
        wants_ack: bool,
    ) -> Result<(), String> {
        self.sayings.clear();
        self.answers.clear();
        self.ends.clear();
        self.mid.clear();
        let mut arena = std::mem::take(&mut self.arena);
        arena.reset();
        let outcome = wire
            .decode(bytes, &arena)
            .map_err(|error| error.to_string())
            .and_then(|decoded| decoded.clean().map_err(|fault| fault.to_string()))
            .and_then(|message| self.understand(wire, &message, wants_ack));
        self.arena = arena;
        outcome
    }

    fn understand(
        &mut self,
        wire: &Wire,
        message: &Message<'_>,
        wants_ack: bool,
    ) -> Result<(), String> {
        let _ = write!(self.mid, "{}", message.mid);
        if let MessageBody::Error(error) = &message.body {
            self.sayings.push(Saying::Error(error.code));
        }
        for transaction in message.transactions() {
            let saying = match transaction {
                Transaction::Reply(reply) => {
                    if let Some(segment) = reply.segment {
                        let transaction_id = reply.transaction_id;
                        self.answer(
                            wire,
                            &Transaction::SegmentReply(SegmentReply {
                                transaction_id,
                                segment,
                            }),
                        )?;
                    }
                    Saying::Reply {
                        id: reply.transaction_id,
                        wants_ack: reply.imm_ack_required,
                        segment: reply.segment,
                        error: error_of(&reply.result),
                    }
                }
                Transaction::Pending(id) => Saying::Pending(*id),
                Transaction::ResponseAck(acks) => Saying::Acks(
                    acks.iter()
                        .map(|ack| {
                            u64::from(ack.last.unwrap_or(ack.first).saturating_sub(ack.first)) + 1
                        })
                        .sum(),
                ),
                Transaction::SegmentReply(_) => continue,
                Transaction::Request(request) => {
                    let reply = reply_to(request, wire.version(), wants_ack);
                    self.answer(wire, &Transaction::Reply(reply))?;
                    let registers = request
                        .actions
                        .iter()
                        .flat_map(|action| &action.commands)
                        .any(|command| {
                            matches!(&command.command, Command::ServiceChange(change)
                            if change.terminations.iter().any(TerminationId::is_root))
                        });
                    Saying::Request { registers }
                }
            };
            self.sayings.push(saying);
        }
        Ok(())
    }

    fn answer(&mut self, wire: &Wire, transaction: &Transaction<'_>) -> Result<(), String> {
        wire.transaction(transaction, &mut self.answers)
            .map_err(|error| error.to_string())?;
        self.ends.push(self.answers.len());
        Ok(())
    }
}

fn error_of(result: &TransactionResult<'_>) -> Option<u16> {
    let replies = match result {
        TransactionResult::Error(error) => return Some(error.code),
        TransactionResult::ActionReplies(replies) => replies,
    };
    replies.iter().find_map(|reply| {
        let of_command = || {
            reply.commands.iter().find_map(|command| match command {
                CommandReply::ServiceChange(ServiceChangeReply {
                    result: ServiceChangeResult::Error(error),
                    ..
                })
                | CommandReply::Notify(NotifyReply {
                    error: Some(error), ..
                }) => Some(error.code),
                _ => None,
            })
        };
        reply
            .error
            .as_ref()
            .map(|error| error.code)
            .or_else(of_command)
    })
}

/// The answer to a request: everything asked for is done, and what was to be chosen is chosen.
fn reply_to<'a>(
    request: &TransactionRequest<'a>,
    version: u8,
    wants_ack: bool,
) -> TransactionReply<'a> {
    let id = request.transaction_id;
    let action = |action: &ActionRequest<'a>| {
        let context = match action.context_id {
            // The same for the same transaction, so that it need not be remembered.
            ContextId::CHOOSE => ContextId(id % 0x7fff_ffff + 1),
            given => given,
        };
        let commands = action
            .commands
            .iter()
            .map(|command| command_reply(&command.command, version));
        ActionReply::new(context, commands.collect::<Vec<_>>())
    };
    TransactionReply {
        transaction_id: id,
        imm_ack_required: wants_ack,
        segment: None,
        result: TransactionResult::ActionReplies(request.actions.iter().map(action).collect()),
    }
}

fn command_reply<'a>(command: &Command<'a>, version: u8) -> CommandReply<'a> {
    let chosen = |termination: &TerminationId<'a>| match termination.has_choose() {
        true => TerminationId::new(TERMINATION).expect("a constant path"),
        false => termination.clone(),
    };
    let terminations: List<'a, TerminationId<'a>> =
        command.terminations().iter().map(chosen).collect();
    let amms = |terminations| AmmsReply {
        terminations,
        audit: List::EMPTY,
    };
    let audit = |terminations| AuditReply::AuditResult {
        terminations,
        audit: List::EMPTY,
    };
    match command {
        Command::Add(_) => CommandReply::Add(amms(terminations)),
        Command::Move(_) => CommandReply::Move(amms(terminations)),
        Command::Modify(_) => CommandReply::Modify(amms(terminations)),
        Command::Subtract(_) => CommandReply::Subtract(amms(terminations)),
        Command::AuditCapability(_) => CommandReply::AuditCapability(audit(terminations)),
        Command::AuditValue(_) => CommandReply::AuditValue(audit(terminations)),
        Command::Notify(_) => CommandReply::Notify(NotifyReply {
            terminations,
            error: None,
        }),
        Command::ServiceChange(change) => {
            let parms = ServiceChangeResParm {
                version: change.parms.version.map(|theirs| theirs.min(version)),
                profile: change.parms.profile.clone(),
                ..ServiceChangeResParm::default()
            };
            let result = match parms == ServiceChangeResParm::default() {
                true => ServiceChangeResult::Accepted,
                false => ServiceChangeResult::Parms(Ref::from(parms)),
            };
            CommandReply::ServiceChange(ServiceChangeReply {
                terminations,
                result,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Encoding, Role};
    use super::super::wire::Ask;
    use super::*;
    use megaphone_h248::model::{MId, Token};

    #[test]
    fn every_request_has_an_answer_that_the_other_side_understands() {
        let mid = MId::DomainName(Token::try_from("mg1").unwrap(), None);
        for encoding in [Encoding::Pretty, Encoding::Compact, Encoding::Ber] {
            for (role, asks) in [
                (Role::Gateway, vec![Ask::Register, Ask::Traffic(0)]),
                (Role::Controller, (0..4).map(Ask::Traffic).collect()),
            ] {
                let mut wire = Wire::new(encoding, 2, role).unwrap();
                for ask in asks {
                    let mut question = Vec::new();
                    wire.request(&mid, 99, ask, &mut question).unwrap();
                    let mut reading = Reading::default();
                    reading.read(&wire, &question, true).unwrap();
                    let registers = ask == Ask::Register;
                    assert_eq!(reading.sayings, [Saying::Request { registers }]);
                    assert_eq!(reading.mid, "<mg1>");
                    let answers: Vec<&[u8]> = reading.answers().collect();
                    let mut answer = Vec::new();
                    wire.message(&mid, &answers, &mut answer).unwrap();
                    let mut other = Reading::default();
                    other.read(&wire, &answer, false).unwrap();
                    let said = Saying::Reply {
                        id: 99,
                        wants_ack: true,
                        segment: None,
                        error: None,
                    };
                    assert_eq!(other.sayings, [said], "{encoding:?} {ask:?}");
                }
            }
        }
    }

    #[test]
    fn errors_and_acknowledgements_are_seen() {
        let wire = Wire::new(Encoding::Compact, 1, Role::Gateway).unwrap();
        let mut reading = Reading::default();
        for (message, saying) in [
            ("MEGACO/1 <m> Error=406{\"\"}", Saying::Error(406)),
            ("!/1 <m> K{1,5-9}", Saying::Acks(6)),
            ("!/1 <m> PN=7{}", Saying::Pending(7)),
            (
                "!/1 <m> P=7{ER=502{\"\"}}",
                Saying::Reply {
                    id: 7,
                    wants_ack: false,
                    segment: None,
                    error: Some(502),
                },
            ),
        ] {
            reading.read(&wire, message.as_bytes(), false).unwrap();
            assert_eq!(reading.sayings, [saying]);
        }
        assert!(reading.read(&wire, b"GET / HTTP/1.1", false).is_err());
    }
}
