//! Messages and transactions.

use super::super::keyword::Keyword;
use super::writer::Writer;
use super::{Header, ReplyHeader};
use crate::error::EncodeError;
use crate::model::{
    AuthenticationHeader, MId, Message, MessageBody, Segment, Transaction, TransactionAck,
    TransactionId, TransactionReply, TransactionResult,
};

impl<const PRETTY: bool> Writer<'_, PRETTY> {
    pub(super) fn message(&mut self, message: &Message<'_>) {
        self.header(message.auth_header.as_ref(), message.version, &message.mid);
        match &message.body {
            MessageBody::Error(error) => self.error_descriptor(error),
            MessageBody::Transactions(transactions) => {
                self.not_empty(transactions, "transaction list");
                for (at, transaction) in transactions.iter().enumerate() {
                    if at > 0 {
                        self.between_transactions();
                    }
                    self.transaction(transaction);
                }
            }
        }
    }

    fn header(&mut self, auth: Option<&AuthenticationHeader>, version: u8, mid: &MId<'_>) {
        if let Some(auth) = auth {
            self.key_equal(Keyword::Auth);
            self.hex_field(b"0x", &auth.sec_parm_index);
            self.hex_field(b":0x", &auth.seq_num);
            self.hex_field(b":0x", auth.auth_data.octets());
            self.separator();
        }
        if version > 99 {
            self.refuse(EncodeError::OutOfRange("version"));
        }
        self.key(Keyword::Megaco);
        self.byte(b'/');
        self.number(version.into());
        self.byte(b' ');
        self.mid(mid);
        self.separator();
    }

    /// `SEP`
    fn separator(&mut self) {
        self.byte(if PRETTY { b'\n' } else { b' ' });
    }

    /// A segment reply ends with a word, which would run into the next one.
    fn between_transactions(&mut self) {
        if PRETTY || self.out.last() != Some(&b'}') {
            self.separator();
        }
    }

    fn hex_field(&mut self, prefix: &[u8], octets: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.raw(prefix);
        for octet in octets {
            self.byte(DIGITS[usize::from(octet >> 4)]);
            self.byte(DIGITS[usize::from(octet & 15)]);
        }
    }

    pub(super) fn mid(&mut self, mid: &MId<'_>) {
        match mid {
            MId::Ip4Address(address, port) => {
                self.byte(b'[');
                let [a, b, c, d] = address.octets();
                self.number(a.into());
                for octet in [b, c, d] {
                    self.byte(b'.');
                    self.number(octet.into());
                }
                self.byte(b']');
                self.port(*port);
            }
            MId::Ip6Address(address, port) => {
                self.raw(format!("[{address}]").as_bytes());
                self.port(*port);
            }
            MId::DomainName(name, port) => {
                self.byte(b'<');
                self.raw(name.as_bytes());
                self.byte(b'>');
                self.port(*port);
            }
            MId::DeviceName(path) => self.raw(path.as_bytes()),
            MId::MtpAddress(address) => {
                self.key(Keyword::Mtp);
                self.hex_field(b"{", address.octets());
                self.byte(b'}');
            }
        }
    }

    fn port(&mut self, port: Option<u16>) {
        if let Some(port) = port {
            self.byte(b':');
            self.number(port.into());
        }
    }

    pub(super) fn transaction(&mut self, transaction: &Transaction<'_>) {
        match transaction {
            Transaction::Request(request) => {
                self.key_equal(Keyword::Transaction);
                self.number(request.transaction_id);
                self.braced(&request.actions, "action list", Self::action);
            }
            Transaction::Pending(id) => {
                self.key_equal(Keyword::Pending);
                self.number(*id);
                self.raw(if PRETTY { b" {}" } else { b"{}" });
            }
            Transaction::Reply(reply) => self.reply(reply),
            Transaction::ResponseAck(acks) => {
                self.key(Keyword::ResponseAck);
                self.braced(acks, "acknowledgement list", Self::transaction_ack);
            }
            Transaction::SegmentReply(reply) => {
                self.key_equal(Keyword::Segment);
                self.number(reply.transaction_id);
                self.segment(Some(reply.segment));
            }
        }
    }

    fn transaction_ack(&mut self, ack: &TransactionAck) {
        self.number(ack.first);
        if let Some(last) = ack.last {
            self.byte(b'-');
            self.number(last);
        }
    }

    fn segment(&mut self, segment: Option<Segment>) {
        if let Some(segment) = segment {
            self.byte(b'/');
            self.number(segment.number.into());
            if segment.complete {
                self.byte(b'/');
                self.key(Keyword::End);
            }
        }
    }

    fn reply(&mut self, reply: &TransactionReply<'_>) {
        let TransactionReply {
            transaction_id,
            imm_ack_required,
            segment,
            ref result,
        } = *reply;
        self.reply_header(ReplyHeader {
            transaction_id,
            imm_ack_required,
            segment,
        });
        match result {
            TransactionResult::Error(error) => self.error_descriptor(error),
            TransactionResult::ActionReplies(replies) => {
                self.not_empty(replies, "action reply list");
                self.separated(replies, Self::action_reply);
            }
        }
        self.close();
    }

    fn reply_header(&mut self, header: ReplyHeader) {
        self.key_equal(Keyword::Reply);
        self.number(header.transaction_id);
        self.segment(header.segment);
        self.open();
        if header.imm_ack_required {
            self.key(Keyword::ImmAckRequired);
            self.comma();
        }
    }

    pub(super) fn join_request(&mut self, id: TransactionId, actions: &[&[u8]]) {
        self.key_equal(Keyword::Transaction);
        self.number(id);
        self.braced(actions, "action list", |writer, action| writer.raw(action));
    }

    pub(super) fn join_reply(&mut self, header: ReplyHeader, replies: &[&[u8]]) {
        self.not_empty(replies, "action reply list");
        self.reply_header(header);
        self.separated(replies, |writer, reply| writer.raw(reply));
        self.close();
    }

    pub(super) fn join_message(&mut self, header: &Header<'_>, transactions: &[&[u8]]) {
        self.not_empty(transactions, "transaction list");
        self.header(header.auth_header.as_ref(), header.version, &header.mid);
        for (at, transaction) in transactions.iter().enumerate() {
            if at > 0 {
                self.between_transactions();
            }
            self.raw(transaction);
        }
    }
}
