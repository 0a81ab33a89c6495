//! Messages and transactions, and what becomes of the faulty ones.

use super::super::keyword::Keyword;
use super::cursor::{Cursor, Rule, Stop};
use crate::arena::Gather;
use crate::error::{Problem, Scope, TransactionKind};
use crate::model::{
    List, Message, MessageBody, Segment, SegmentReply, Transaction, TransactionAck, TransactionId,
    TransactionReply, TransactionRequest, TransactionResult,
};

/// A transaction with a number that failed behind it, and what can be kept of it.
struct Kept<'a> {
    kind: TransactionKind,
    id: Option<TransactionId>,
    actions: List<'a, crate::model::ActionRequest<'a>>,
}

impl<'a> Cursor<'a, '_> {
    /// `megacoMessage`
    pub(super) fn message(&mut self) -> Rule<Message<'a>> {
        if self.input.len() > self.limits.message_bytes_max {
            return Err(self.fail_at(
                self.limits.message_bytes_max,
                Problem::Limit("message_bytes_max"),
            ));
        }
        let (auth_header, version, mid) = self.header()?;
        let body = self.body()?;
        Ok(Message {
            auth_header,
            version,
            mid,
            body,
        })
    }

    /// `messageBody`
    fn body(&mut self) -> Rule<MessageBody<'a>> {
        let start = self.at;
        if self.keyword().0 == Keyword::Error {
            let error = self.error_descriptor()?;
            self.peek_past_space();
            if self.at < self.input.len() {
                return Err(self.fail(Problem::Expected("end of message")));
            }
            return Ok(MessageBody::Error(error));
        }
        self.at = start;
        Ok(MessageBody::Transactions(self.transactions()?))
    }

    /// `transactionList`
    fn transactions(&mut self) -> Rule<List<'a, Transaction<'a>>> {
        let mut transactions: Gather<'a, Transaction<'a>> = self.arena.gather();
        loop {
            self.peek_past_space();
            if self.at >= self.input.len()
                && (self.lost || !transactions.is_empty() || !self.faults().is_empty())
            {
                break;
            }
            if transactions.len() >= self.limits.transactions_max {
                return Err(self.fail_with(413, self.at, Problem::Limit("transactions_max")));
            }
            let start = self.at;
            let mut kept = Kept {
                kind: TransactionKind::Unknown,
                id: None,
                actions: List::EMPTY,
            };
            match self.transaction(transactions.len(), &mut kept) {
                Ok(transaction) => transactions.push(transaction),
                Err(Stop) => {
                    let scope = Scope::Transaction {
                        index: transactions.len(),
                        kind: kept.kind,
                        id: kept.id,
                    };
                    self.confine(scope, 403)?;
                    if let (TransactionKind::Request, Some(transaction_id)) = (kept.kind, kept.id) {
                        let actions = kept.actions;
                        transactions.push(Transaction::Request(TransactionRequest {
                            transaction_id,
                            actions,
                        }));
                    }
                    self.skip_transaction(start);
                }
            }
            if self.lost {
                break;
            }
        }
        self.usable(transactions.is_empty())?;
        Ok(transactions.finish())
    }

    /// A message in which not even one transaction was recognised is unusable. One whose number cannot be read is
    /// recognised: a request is answered under number 0 then (RFC 3525 8.1.1).
    fn usable(&mut self, empty: bool) -> Rule<()> {
        let known = |fault: &crate::error::Fault| {
            let kind = TransactionKind::Unknown;
            !matches!(fault.scope, Scope::Transaction { kind: found, id: None, .. } if found == kind)
        };
        if !empty || self.faults().iter().any(known) {
            return Ok(());
        }
        match self.faults().first().map(|fault| fault.error) {
            Some(error) => Err(self.fail_at(error.position.offset, error.problem)),
            None => Err(self.fail(Problem::Missing("transaction"))),
        }
    }

    fn transaction(&mut self, index: usize, kept: &mut Kept<'a>) -> Rule<Transaction<'a>> {
        let (keyword, start) = self.keyword();
        match keyword {
            Keyword::Transaction => {
                kept.kind = TransactionKind::Request;
                self.equal()?;
                let transaction_id = self.number(u32::MAX, "transaction id")?;
                kept.id = Some(transaction_id);
                self.open()?;
                let actions = self.actions(index, &mut kept.actions)?;
                Ok(Transaction::Request(TransactionRequest {
                    transaction_id,
                    actions,
                }))
            }
            Keyword::Reply => {
                kept.kind = TransactionKind::Reply;
                self.reply(index, &mut kept.id)
            }
            Keyword::Pending => {
                kept.kind = TransactionKind::Pending;
                self.equal()?;
                let id = self.number(u32::MAX, "transaction id")?;
                kept.id = Some(id);
                self.open()?;
                self.close()?;
                Ok(Transaction::Pending(id))
            }
            Keyword::ResponseAck => {
                kept.kind = TransactionKind::ResponseAck;
                self.open()?;
                Ok(Transaction::ResponseAck(self.list(Self::transaction_ack)?))
            }
            Keyword::Segment => {
                kept.kind = TransactionKind::SegmentReply;
                self.equal()?;
                let transaction_id = self.number(u32::MAX, "transaction id")?;
                kept.id = Some(transaction_id);
                match self.segment()? {
                    Some(segment) => Ok(Transaction::SegmentReply(SegmentReply {
                        transaction_id,
                        segment,
                    })),
                    None => Err(self.fail(Problem::Expected("segment number"))),
                }
            }
            _ => Err(self.fail_at(start, Problem::Expected("transaction"))),
        }
    }

    /// `transactionReply`, behind its keyword.
    fn reply(&mut self, index: usize, id: &mut Option<TransactionId>) -> Rule<Transaction<'a>> {
        self.equal()?;
        let transaction_id = self.number(u32::MAX, "transaction id")?;
        *id = Some(transaction_id);
        let segment = self.segment()?;
        self.open()?;
        let mut start = self.at;
        let mut keyword = self.keyword().0;
        let imm_ack_required = keyword == Keyword::ImmAckRequired;
        if imm_ack_required {
            self.punctuation(b',', ",")?;
            start = self.at;
            keyword = self.keyword().0;
        }
        let result = if keyword == Keyword::Error {
            let error = self.error_descriptor()?;
            self.close()?;
            TransactionResult::Error(error)
        } else {
            self.at = start;
            TransactionResult::ActionReplies(self.action_replies(index)?)
        };
        Ok(Transaction::Reply(TransactionReply {
            transaction_id,
            imm_ack_required,
            segment,
            result,
        }))
    }

    /// `["/" segmentNumber ["/" SegmentationCompleteToken]]`
    fn segment(&mut self) -> Rule<Option<Segment>> {
        if self.peek() != b'/' {
            return Ok(None);
        }
        self.at += 1;
        let number = self.number_here(0xFFFF, "segment number")? as u16;
        if self.peek() != b'/' {
            return Ok(Some(Segment {
                number,
                complete: false,
            }));
        }
        self.at += 1;
        match self.keyword() {
            (Keyword::End, _) => Ok(Some(Segment {
                number,
                complete: true,
            })),
            (_, start) => Err(self.fail_at(start, Problem::Expected("END"))),
        }
    }

    /// `transactionAck`
    fn transaction_ack(&mut self) -> Rule<TransactionAck> {
        let first = self.number(u32::MAX, "transaction id")?;
        if self.peek() != b'-' {
            return Ok(TransactionAck { first, last: None });
        }
        self.at += 1;
        let last = Some(self.number_here(u32::MAX, "transaction id")?);
        Ok(TransactionAck { first, last })
    }
}
