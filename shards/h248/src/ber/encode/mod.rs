//! Model to elements: the message, its transactions, and what every part needs (lists, names, values, errors).

mod audit;
mod command;
mod context;
mod events;
mod media;
mod service_change;
mod signals;

use super::names::Names;
use super::read::{INTEGER, OCTET_STRING, SEQUENCE};
use super::write::{Writer, constructed, primitive};
use super::{BerConfig, value};
use crate::error::EncodeError;
use crate::model::{
    ActionReply, ActionRequest, AuthenticationHeader, CommandRequest, ErrorDescriptor, MId,
    Message, MessageBody, Parameter, ParmValue, Relation, TerminationId, Transaction,
    TransactionId, TransactionReply, TransactionResult, Value,
};
use crate::package::{Item, ValueType};
use crate::text::{Header, ReplyHeader};

type Result<T> = core::result::Result<T, EncodeError>;

/// What encoding needs at every level.
struct Encoder<'c, 'o> {
    names: Names<'c>,
    writer: Writer<'o>,
}

pub(super) fn message(message: &Message<'_>, config: &BerConfig, out: &mut Vec<u8>) -> Result<()> {
    Encoder::run(config, out, |e| e.message(message))
}

pub(super) fn transaction(
    transaction: &Transaction<'_>,
    config: &BerConfig,
    out: &mut Vec<u8>,
) -> Result<()> {
    Encoder::run(config, out, |e| e.transaction(transaction))
}

pub(super) fn action_request(
    action: &ActionRequest<'_>,
    config: &BerConfig,
    out: &mut Vec<u8>,
) -> Result<()> {
    Encoder::run(config, out, |e| e.action_request(action))
}

pub(super) fn action_reply(
    reply: &ActionReply<'_>,
    config: &BerConfig,
    out: &mut Vec<u8>,
) -> Result<()> {
    Encoder::run(config, out, |e| e.action_reply(reply))
}

pub(super) fn join_request(id: TransactionId, actions: &[&[u8]], out: &mut Vec<u8>) -> Result<()> {
    if actions.is_empty() {
        return Err(EncodeError::Empty("actions"));
    }
    let mut writer = Writer::new(out);
    let mark = writer.open(constructed(0));
    writer.unsigned(primitive(0), id);
    join(&mut writer, constructed(1), actions);
    writer.close(mark);
    writer.finish();
    Ok(())
}

pub(super) fn join_reply(header: ReplyHeader, replies: &[&[u8]], out: &mut Vec<u8>) -> Result<()> {
    if replies.is_empty() {
        return Err(EncodeError::Empty("action replies"));
    }
    let mut writer = Writer::new(out);
    let mark = writer.open(constructed(2));
    reply_head(&mut writer, header);
    let result = writer.open(constructed(2));
    join(&mut writer, constructed(1), replies);
    writer.close(result);
    reply_tail(&mut writer, header);
    writer.close(mark);
    writer.finish();
    Ok(())
}

pub(super) fn join_message(
    header: &Header<'_>,
    transactions: &[&[u8]],
    out: &mut Vec<u8>,
) -> Result<()> {
    if transactions.is_empty() {
        return Err(EncodeError::Empty("transactions"));
    }
    let config = BerConfig::default();
    Encoder::run(&config, out, |e| {
        let auth_header = header.auth_header.as_ref();
        e.shell(auth_header, header.version, &header.mid, |e| {
            join(&mut e.writer, constructed(1), transactions);
            Ok(())
        })
    })
}

fn join(writer: &mut Writer<'_>, tag: u8, parts: &[&[u8]]) {
    let mark = writer.open(tag);
    parts.iter().for_each(|part| writer.raw(part));
    writer.close(mark);
}

/// What stands before a reply's result.
fn reply_head(writer: &mut Writer<'_>, header: ReplyHeader) {
    writer.unsigned(primitive(0), header.transaction_id);
    if header.imm_ack_required {
        writer.null(primitive(1));
    }
}

/// What stands behind a reply's result.
fn reply_tail(writer: &mut Writer<'_>, header: ReplyHeader) {
    if let Some(segment) = header.segment {
        writer.unsigned(primitive(3), segment.number.into());
        if segment.complete {
            writer.null(primitive(4));
        }
    }
}

impl<'c, 'o> Encoder<'c, 'o> {
    /// Appends to `out` what `write` writes.
    #[inline]
    fn run(
        config: &'c BerConfig,
        out: &'o mut Vec<u8>,
        write: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let mut encoder = Self {
            names: Names { config },
            writer: Writer::new(out),
        };
        write(&mut encoder)?;
        encoder.writer.finish();
        Ok(())
    }

    fn message(&mut self, message: &Message<'_>) -> Result<()> {
        self.shell(
            message.auth_header.as_ref(),
            message.version,
            &message.mid,
            |e| match &message.body {
                MessageBody::Error(error) => e.error_descriptor(0, error),
                MessageBody::Transactions(transactions) if transactions.is_empty() => {
                    Err(EncodeError::Empty("transactions"))
                }
                MessageBody::Transactions(transactions) => {
                    e.list(constructed(1), transactions, |e, transaction| {
                        e.transaction(transaction)
                    })
                }
            },
        )
    }

    /// A message around the alternative of `messageBody` that `body` writes.
    fn shell(
        &mut self,
        auth_header: Option<&AuthenticationHeader>,
        version: u8,
        mid: &MId<'_>,
        body: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        if version > 99 {
            return Err(EncodeError::OutOfRange("version"));
        }
        self.within(SEQUENCE, |e| {
            if let Some(header) = auth_header {
                e.within(constructed(0), |e| {
                    e.writer.octets(primitive(0), &header.sec_parm_index);
                    e.writer.octets(primitive(1), &header.seq_num);
                    e.writer.octets(primitive(2), header.auth_data.octets());
                    Ok(())
                })?;
            }
            e.within(constructed(1), |e| {
                e.writer.unsigned(primitive(0), version.into());
                e.within(constructed(1), |e| e.address(mid, 0))?;
                e.within(constructed(2), body)
            })
        })
    }

    /// An alternative of `MId`, or of `ServiceChangeAddress`, whose numbers are one higher.
    fn address(&mut self, mid: &MId<'_>, first: u8) -> Result<()> {
        let (number, address, port) = match mid {
            MId::Ip4Address(address, port) => (0, &address.octets()[..], port),
            MId::Ip6Address(address, port) => (1, &address.octets()[..], port),
            MId::DomainName(name, port) => (2, name.as_bytes(), port),
            MId::DeviceName(path) => {
                self.writer.octets(primitive(first + 3), path.as_bytes());
                return Ok(());
            }
            MId::MtpAddress(address) => {
                self.writer.octets(primitive(first + 4), address.octets());
                return Ok(());
            }
        };
        self.within(constructed(first + number), |e| {
            e.writer.octets(primitive(0), address);
            if let Some(port) = port {
                e.writer.unsigned(primitive(1), (*port).into());
            }
            Ok(())
        })
    }

    fn transaction(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        match transaction {
            Transaction::Request(request) => self.within(constructed(0), |e| {
                e.writer.unsigned(primitive(0), request.transaction_id);
                e.list(constructed(1), &request.actions, |e, action| {
                    e.action_request(action)
                })
            }),
            Transaction::Pending(id) => self.within(constructed(1), |e| {
                e.writer.unsigned(primitive(0), *id);
                Ok(())
            }),
            Transaction::Reply(reply) => {
                self.within(constructed(2), |e| e.transaction_reply(reply))
            }
            Transaction::ResponseAck(acks) => self.list(constructed(3), acks, |e, ack| {
                e.within(SEQUENCE, |e| {
                    e.writer.unsigned(primitive(0), ack.first);
                    if let Some(last) = ack.last {
                        e.writer.unsigned(primitive(1), last);
                    }
                    Ok(())
                })
            }),
            Transaction::SegmentReply(reply) => self.within(constructed(4), |e| {
                e.writer.unsigned(primitive(0), reply.transaction_id);
                e.writer.unsigned(primitive(1), reply.segment.number.into());
                e.flag(2, reply.segment.complete);
                Ok(())
            }),
        }
    }

    fn transaction_reply(&mut self, reply: &TransactionReply<'_>) -> Result<()> {
        let header = ReplyHeader {
            transaction_id: reply.transaction_id,
            imm_ack_required: reply.imm_ack_required,
            segment: reply.segment,
        };
        reply_head(&mut self.writer, header);
        self.within(constructed(2), |e| match &reply.result {
            TransactionResult::Error(error) => e.error_descriptor(0, error),
            TransactionResult::ActionReplies(replies) => {
                e.list(constructed(1), replies, |e, reply| e.action_reply(reply))
            }
        })?;
        reply_tail(&mut self.writer, header);
        Ok(())
    }

    fn action_request(&mut self, action: &ActionRequest<'_>) -> Result<()> {
        self.within(SEQUENCE, |e| {
            e.writer.unsigned(primitive(0), action.context_id.0);
            if let Some(request) = &action.context_request {
                e.within(constructed(1), |e| e.context_request(request))?;
            }
            if let Some(audit) = &action.context_attr_audit {
                e.within(constructed(2), |e| e.context_attr_audit(audit))?;
            }
            e.list(constructed(3), &action.commands, |e, request| {
                e.command_request(request)
            })
        })
    }

    fn command_request(&mut self, request: &CommandRequest<'_>) -> Result<()> {
        self.within(SEQUENCE, |e| {
            e.within(constructed(0), |e| e.command(&request.command))?;
            e.flag(1, request.optional);
            e.flag(2, request.wildcard_return);
            Ok(())
        })
    }

    fn action_reply(&mut self, reply: &ActionReply<'_>) -> Result<()> {
        self.within(SEQUENCE, |e| {
            e.writer.unsigned(primitive(0), reply.context_id.0);
            if let Some(error) = &reply.error {
                e.error_descriptor(1, error)?;
            }
            if let Some(request) = &reply.context_reply {
                e.within(constructed(2), |e| e.context_request(request))?;
            }
            e.list(constructed(3), &reply.commands, |e, reply| {
                e.command_reply(reply)
            })
        })
    }

    fn error_descriptor(&mut self, number: u8, error: &ErrorDescriptor<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            e.writer.unsigned(primitive(0), error.code.into());
            if let Some(text) = &error.text {
                e.writer.octets(primitive(1), text.as_bytes());
            }
            Ok(())
        })
    }

    /// A constructed element around what `write` writes.
    #[inline]
    fn within(&mut self, tag: u8, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let mark = self.writer.open(tag);
        write(self)?;
        self.writer.close(mark);
        Ok(())
    }

    /// A `SEQUENCE OF` whose elements `write` writes.
    #[inline]
    fn list<T>(
        &mut self,
        tag: u8,
        items: &[T],
        mut write: impl FnMut(&mut Self, &T) -> Result<()>,
    ) -> Result<()> {
        self.within(tag, |e| items.iter().try_for_each(|item| write(e, item)))
    }

    /// An `OPTIONAL` component that `write` writes under its number.
    #[inline]
    fn part<T>(
        &mut self,
        number: u8,
        part: &Option<T>,
        write: impl FnOnce(&mut Self, u8, &T) -> Result<()>,
    ) -> Result<()> {
        match part {
            Some(part) => write(self, number, part),
            None => Ok(()),
        }
    }

    /// A `NULL OPTIONAL`.
    #[inline]
    fn flag(&mut self, number: u8, present: bool) {
        if present {
            self.writer.null(primitive(number));
        }
    }

    /// An `INTEGER OPTIONAL`.
    #[inline]
    fn optional(&mut self, number: u8, value: Option<impl Into<u32>>) {
        if let Some(value) = value {
            self.writer.unsigned(primitive(number), value.into());
        }
    }

    /// A `BOOLEAN OPTIONAL`.
    #[inline]
    fn optional_boolean(&mut self, number: u8, value: Option<bool>) {
        if let Some(value) = value {
            self.writer.boolean(primitive(number), value);
        }
    }

    #[inline]
    fn termination_id(&mut self, tag: u8, id: &TerminationId<'_>) -> Result<()> {
        if let Some([a, b, c]) = self.names.usual_termination_id(id) {
            let whole = [tag, 7, constructed(0), 0, primitive(1), 3, a, b, c];
            self.writer.raw(&whole);
            return Ok(());
        }
        self.other_termination_id(tag, id)
    }

    #[inline(never)]
    fn other_termination_id(&mut self, tag: u8, id: &TerminationId<'_>) -> Result<()> {
        let id = self.names.termination_id(id)?;
        let mark = self.writer.open(tag);
        if id.wildcards().is_empty() {
            self.writer.null(constructed(0));
        } else {
            let fields = self.writer.open(constructed(0));
            for &field in id.wildcards() {
                self.writer.octets(OCTET_STRING, &[field]);
            }
            self.writer.close(fields);
        }
        self.writer.octets(primitive(1), id.octets());
        self.writer.close(mark);
        Ok(())
    }

    #[inline]
    fn termination_ids(&mut self, number: u8, ids: &[TerminationId<'_>]) -> Result<()> {
        if ids.is_empty() {
            return Err(EncodeError::Empty("termination id list"));
        }
        self.list(constructed(number), ids, |e, id| {
            e.termination_id(SEQUENCE, id)
        })
    }

    /// `EventParameter`s or `SigParameter`s.
    #[inline]
    fn parameters(
        &mut self,
        number: u8,
        item: Option<&'static Item>,
        parameters: &[Parameter<'_>],
    ) -> Result<()> {
        self.list(constructed(number), parameters, |e, parameter| {
            let (name, value_type) = e.names.parameter(item, &parameter.name)?;
            e.within(SEQUENCE, |e| {
                e.writer.array(primitive(0), name);
                e.parm_value(&parameter.value, value_type)
            })
        })
    }

    /// `value` and `extraInfo`, which are components 1 and 2 wherever they occur.
    #[inline]
    fn parm_value(&mut self, value: &ParmValue<'_>, value_type: Option<ValueType>) -> Result<()> {
        match value {
            ParmValue::Value(Value::Token(token)) if token.as_bytes() == b"$" => {
                self.writer.null(constructed(1));
                Ok(())
            }
            ParmValue::Value(value) => self.values(1, core::slice::from_ref(value), value_type),
            ParmValue::Relation(relation, value) => {
                self.values(1, core::slice::from_ref(value), value_type)?;
                let mark = self.writer.open(constructed(2));
                self.writer.unsigned(
                    primitive(0),
                    match relation {
                        Relation::GreaterThan => 0,
                        Relation::SmallerThan => 1,
                        Relation::UnequalTo => 2,
                    },
                );
                self.writer.close(mark);
                Ok(())
            }
            ParmValue::Range(range) => {
                self.values(1, &**range, value_type)?;
                self.extra_boolean(1, true);
                Ok(())
            }
            ParmValue::All(values) | ParmValue::Any(values) if values.is_empty() => {
                Err(EncodeError::Empty("value list"))
            }
            ParmValue::All(values) => {
                self.values(1, values, value_type)?;
                self.extra_boolean(2, true);
                Ok(())
            }
            ParmValue::Any(values) => {
                self.values(1, values, value_type)?;
                // Several values are alternatives unless said otherwise; only one needs to say so.
                if values.len() == 1 || self.names.wraps_once() {
                    self.extra_boolean(2, false);
                }
                Ok(())
            }
        }
    }

    fn extra_boolean(&mut self, number: u8, value: bool) {
        let mark = self.writer.open(constructed(2));
        self.writer.boolean(primitive(number), value);
        self.writer.close(mark);
    }

    #[inline]
    fn values(
        &mut self,
        number: u8,
        values: &[Value<'_>],
        value_type: Option<ValueType>,
    ) -> Result<()> {
        self.list(constructed(number), values, |e, value| {
            value::encode(value, value_type, &e.names, &mut e.writer)
        })
    }
}
