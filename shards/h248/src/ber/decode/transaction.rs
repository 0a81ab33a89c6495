//! Transactions, actions and commands, each of which keeps its faults to itself (RFC 3525 8.2.2).

use super::Decoder;
use crate::ber::read::{Element, Error, Reader, Result};
use crate::codes::ErrorCode;
use crate::error::{Fault, Problem, Scope, TransactionKind};
use crate::model::{
    ActionReply, ActionRequest, CommandRequest, ContextId, List, Segment, SegmentReply,
    Transaction, TransactionAck, TransactionId, TransactionReply, TransactionRequest,
    TransactionResult,
};

/// A request's parts as far as they were read, and what stopped the reading.
struct Partial<T> {
    read: T,
    stopped: Option<Error>,
}

impl<'a> Decoder<'_, 'a> {
    #[inline(always)]
    pub(super) fn transactions(
        &self,
        element: Element<'a>,
        faults: &mut Vec<Fault>,
    ) -> Result<List<'a, Transaction<'a>>> {
        let mut reader = element.open()?;
        if reader.is_empty() {
            return Err(reader.error(Problem::Missing("transaction")));
        }
        let mut transactions = self.arena.gather();
        let mut count = 0;
        loop {
            let index = transactions.len();
            let next = match reader.next() {
                Ok(Some(next)) => next,
                Ok(None) => break,
                Err(error) => {
                    // Without a length there is no way to find the transaction after this one.
                    let scope = Scope::Transaction {
                        index,
                        kind: TransactionKind::Unknown,
                        id: None,
                    };
                    self.fault(faults, scope, error, ErrorCode::SYNTAX_ERROR_IN_TRANSACTION)?;
                    break;
                }
            };
            count += 1;
            if count > self.limits.transactions_max {
                return Err(next
                    .error(Problem::Limit("transactions_max"))
                    .with_code(ErrorCode(413)));
            }
            if let Some(transaction) = self.transaction(next, index, faults)? {
                transactions.push(transaction);
            }
        }
        Ok(transactions.finish())
    }

    /// One transaction, or `None` when it is faulty and does not stand in the message.
    #[inline(always)]
    fn transaction(
        &self,
        element: Element<'a>,
        index: usize,
        faults: &mut Vec<Fault>,
    ) -> Result<Option<Transaction<'a>>> {
        let mut id = None;
        let (kind, result) = match element.number() {
            Some(0) => {
                let request = self.request(element, index, &mut id, faults)?;
                (TransactionKind::Request, request)
            }
            Some(1) => (
                TransactionKind::Pending,
                self.pending(element).map(Transaction::Pending),
            ),
            Some(2) => (
                TransactionKind::Reply,
                self.reply(element, &mut id).map(Transaction::Reply),
            ),
            Some(3) => {
                let acks = self.items::<_, 8>(element, |ack| self.transaction_ack(ack));
                (
                    TransactionKind::ResponseAck,
                    acks.map(Transaction::ResponseAck),
                )
            }
            Some(4) => {
                let reply = self
                    .segment_reply(element, &mut id)
                    .map(Transaction::SegmentReply);
                (TransactionKind::SegmentReply, reply)
            }
            _ => (
                TransactionKind::Unknown,
                Err(element.error(Problem::Unexpected("transaction"))),
            ),
        };
        match result {
            Ok(transaction) => Ok(Some(transaction)),
            Err(error) => {
                let scope = Scope::Transaction { index, kind, id };
                self.fault(faults, scope, error, ErrorCode::SYNTAX_ERROR_IN_TRANSACTION)?;
                Ok(None)
            }
        }
    }

    fn pending(&self, element: Element<'a>) -> Result<TransactionId> {
        let mut reader = element.open()?;
        let id = reader.required(0, "transactionId")?.u32("transactionId")?;
        reader.skip_extensions()?;
        Ok(id)
    }

    fn transaction_ack(&self, element: Element<'a>) -> Result<TransactionAck> {
        let mut reader = self.sequence(element)?;
        let first = reader.required(0, "firstAck")?.u32("firstAck")?;
        let last = reader.optionally(1, |last| last.u32("lastAck"))?;
        reader.finish()?;
        Ok(TransactionAck { first, last })
    }

    fn segment_reply(
        &self,
        element: Element<'a>,
        id: &mut Option<TransactionId>,
    ) -> Result<SegmentReply> {
        let mut reader = element.open()?;
        let transaction_id = reader.required(0, "transactionId")?.u32("transactionId")?;
        *id = Some(transaction_id);
        let number = reader.required(1, "segmentNumber")?.u16("segmentNumber")?;
        let complete = self.flag(&mut reader, 2)?;
        reader.skip_extensions()?;
        Ok(SegmentReply {
            transaction_id,
            segment: Segment { number, complete },
        })
    }

    #[inline(always)]
    fn reply(
        &self,
        element: Element<'a>,
        id: &mut Option<TransactionId>,
    ) -> Result<TransactionReply<'a>> {
        let mut reader = element.open()?;
        let transaction_id = reader.required(0, "transactionId")?.u32("transactionId")?;
        *id = Some(transaction_id);
        let imm_ack_required = self.flag(&mut reader, 1)?;
        let result = reader.required(2, "transactionResult")?.only()?;
        let number = reader.optionally(3, |number| number.u16("segmentNumber"))?;
        let complete = self.flag(&mut reader, 4)?;
        reader.skip_extensions()?;
        let result = match result.number() {
            Some(0) => TransactionResult::Error(self.error_descriptor(result)?),
            Some(1) => {
                let limit = (self.limits.actions_max, "actions_max");
                TransactionResult::ActionReplies(
                    self.list::<_, 2>(result, limit, |reply| self.action_reply(reply))?,
                )
            }
            _ => return Err(result.error(Problem::Unexpected("transactionResult"))),
        };
        // A completion flag without a number says nothing.
        let segment = number.map(|number| Segment { number, complete });
        Ok(TransactionReply {
            transaction_id,
            imm_ack_required,
            segment,
            result,
        })
    }

    #[inline(always)]
    fn action_reply(&self, element: Element<'a>) -> Result<ActionReply<'a>> {
        let mut reader = self.sequence(element)?;
        let context_id = ContextId(reader.required(0, "contextId")?.u32("contextId")?);
        let error = reader.optionally(1, |error| self.error_descriptor(error))?;
        let context_reply = match reader.optional(2)? {
            Some(reply) => self.context_request(reply)?,
            None => None,
        };
        let limit = (self.limits.commands_max, "commands_max");
        let commands = reader.required(3, "commandReply")?;
        let commands = self.list::<_, 4>(commands, limit, |reply| self.command_reply(reply))?;
        reader.finish()?;
        Ok(ActionReply {
            context_id,
            error,
            context_reply,
            commands,
        })
    }

    /// A request. The outer error ends the message (too many faults), the inner one is the transaction's.
    #[inline(always)]
    fn request(
        &self,
        element: Element<'a>,
        transaction: usize,
        id: &mut Option<TransactionId>,
        faults: &mut Vec<Fault>,
    ) -> Result<Result<Transaction<'a>>> {
        let opened = element.open().and_then(|mut reader| {
            let number = reader.required(0, "transactionId")?.u32("transactionId")?;
            Ok((reader, number))
        });
        let (reader, transaction_id) = match opened {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error)),
        };
        *id = Some(transaction_id);
        let Partial {
            read: actions,
            stopped,
        } = self.actions(reader, transaction, faults)?;
        if let Some(error) = stopped {
            let scope = Scope::Transaction {
                index: transaction,
                kind: TransactionKind::Request,
                id: *id,
            };
            self.fault(faults, scope, error, ErrorCode::SYNTAX_ERROR_IN_TRANSACTION)?;
        }
        Ok(Ok(Transaction::Request(TransactionRequest {
            transaction_id,
            actions,
        })))
    }

    #[inline(always)]
    fn actions(
        &self,
        mut request: Reader<'a>,
        transaction: usize,
        faults: &mut Vec<Fault>,
    ) -> Result<Partial<List<'a, ActionRequest<'a>>>> {
        let mut actions = self.arena.gather();
        let mut count = 0;
        let mut read = || -> Result<Option<Error>> {
            let mut reader = match request.required(1, "actions").and_then(|list| list.open()) {
                Ok(reader) => reader,
                Err(error) => return Ok(Some(error)),
            };
            loop {
                let next = match reader.next() {
                    Ok(Some(next)) => next,
                    Ok(None) => return Ok(request.skip_extensions().err()),
                    Err(error) => return Ok(Some(error)),
                };
                count += 1;
                if count > self.limits.actions_max {
                    return Ok(Some(next.error(Problem::Limit("actions_max"))));
                }
                if let Some(action) = self.action(next, transaction, actions.len(), faults)? {
                    actions.push(action);
                }
            }
        };
        let stopped = read()?;
        let read = actions.finish();
        Ok(Partial { read, stopped })
    }

    /// One action, or `None` when its context could not be read.
    #[inline(always)]
    fn action(
        &self,
        element: Element<'a>,
        transaction: usize,
        index: usize,
        faults: &mut Vec<Fault>,
    ) -> Result<Option<ActionRequest<'a>>> {
        let opened = self.sequence(element).and_then(|mut reader| {
            let context = ContextId(reader.required(0, "contextId")?.u32("contextId")?);
            Ok((reader, context))
        });
        let (mut reader, context_id) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let scope = Scope::Action {
                    transaction,
                    index,
                    context: None,
                };
                self.fault(faults, scope, error, ErrorCode::SYNTAX_ERROR_IN_ACTION)?;
                return Ok(None);
            }
        };
        let mut action = ActionRequest::new(context_id, List::EMPTY);
        let head =
            |reader: &mut Reader<'a>, action: &mut ActionRequest<'a>| -> Result<Reader<'a>> {
                if let Some(request) = reader.optional(1)? {
                    action.context_request = self.context_request(request)?;
                }
                if let Some(audit) = reader.optional(2)? {
                    action.context_attr_audit = self.context_attr_audit(audit)?;
                }
                let commands = reader.required(3, "commandRequests")?;
                reader.finish()?;
                commands.open()
            };
        let stopped = match head(&mut reader, &mut action) {
            Ok(commands) => {
                let Partial { read, stopped } =
                    self.commands(commands, transaction, index, faults)?;
                action.commands = read;
                stopped
            }
            Err(error) => Some(error),
        };
        if let Some(error) = stopped {
            let scope = Scope::Action {
                transaction,
                index,
                context: Some(context_id),
            };
            self.fault(faults, scope, error, ErrorCode::SYNTAX_ERROR_IN_ACTION)?;
        }
        Ok(Some(action))
    }

    #[inline(always)]
    fn commands(
        &self,
        mut reader: Reader<'a>,
        transaction: usize,
        action: usize,
        faults: &mut Vec<Fault>,
    ) -> Result<Partial<List<'a, CommandRequest<'a>>>> {
        let mut commands = self.arena.gather();
        let mut count = 0;
        let stopped = loop {
            let next = match reader.next() {
                Ok(Some(next)) => next,
                Ok(None) => break None,
                Err(error) => break Some(error),
            };
            count += 1;
            if count > self.limits.commands_max {
                break Some(next.error(Problem::Limit("commands_max")));
            }
            let mut optional = false;
            match self.command_request(next, &mut optional) {
                Ok(command) => commands.push(command),
                Err(error) => {
                    let scope = Scope::Command {
                        transaction,
                        action,
                        index: commands.len(),
                        optional,
                    };
                    self.fault(faults, scope, error, ErrorCode::SYNTAX_ERROR_IN_COMMAND)?;
                }
            }
        };
        let read = commands.finish();
        Ok(Partial { read, stopped })
    }

    /// A command. `optional` is found out even when the command itself is faulty.
    #[inline(always)]
    fn command_request(
        &self,
        element: Element<'a>,
        optional: &mut bool,
    ) -> Result<CommandRequest<'a>> {
        let mut reader = self.sequence(element)?;
        let command = reader.required(0, "command")?;
        *optional = self.flag(&mut reader, 1)?;
        let wildcard_return = self.flag(&mut reader, 2)?;
        reader.skip_extensions()?;
        let command = self.command(command.only()?.below_command(self.limits.depth_max))?;
        Ok(CommandRequest {
            optional: *optional,
            wildcard_return,
            command,
        })
    }

    /// A `NULL OPTIONAL`.
    #[inline]
    pub(super) fn flag(&self, reader: &mut Reader<'a>, number: u8) -> Result<bool> {
        match reader.optional(number)? {
            Some(null) => null.null().map(|()| true),
            None => Ok(false),
        }
    }

    /// Notes a fault.
    ///
    /// # Errors
    /// The fault itself, as an error of the message, when there are too many.
    #[cold]
    fn fault(
        &self,
        faults: &mut Vec<Fault>,
        scope: Scope,
        error: Error,
        default: ErrorCode,
    ) -> Result<()> {
        if faults.len() >= self.limits.faults_max {
            let error = error.with_problem(Problem::Limit("faults_max"));
            return Err(error.with_code(ErrorCode::SYNTAX_ERROR_IN_MESSAGE));
        }
        faults.push(Fault {
            scope,
            error: self.syntax_error(&error, default),
        });
        Ok(())
    }
}
