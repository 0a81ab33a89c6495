//! One received message: decoded, given to its connection, and taken apart. What each transaction means is in `originate` and `replies`.

use super::connections::Found;
use super::{Engine, faults};
use crate::codec;
use crate::connection::HeldMessage;
use crate::fault;
use crate::handle::{ControlHandle, ReceiveHandle, SendHandle, UserId};
use crate::mid::canonical;
use crate::trace::{self, Way};
use crate::user::SyntaxAnswer;
use megaphone_h248::model::{
    ErrorDescriptor, MId, MessageBody, Transaction, TransactionReply, TransactionResult,
};
use megaphone_h248::{Arena, Decoded};
use megaphone_wheel::Tick;
use smallvec::SmallVec;

/// Where a message came from: replies go there, whatever the connection says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub send_handle: SendHandle,
    pub control: Option<ControlHandle>,
    pub extra: Option<u64>,
}

impl Source {
    pub(super) fn of(message: &HeldMessage) -> Self {
        Self {
            send_handle: message.send_handle,
            control: message.control,
            extra: message.extra,
        }
    }
}

/// What a message that cannot be used says of itself, as far as that can be read.
#[derive(Clone, Copy, Debug)]
struct Said<'a> {
    version: Option<u8>,
    sender: Option<&'a MId<'a>>,
}

/// Requests of a message whose rows were made, by position: run after everything else in the message, in order.
pub(super) type Prepared = SmallVec<[(u32, usize); 8]>;

impl Engine {
    pub(super) fn receive(
        &mut self,
        now: Tick,
        receive: &ReceiveHandle,
        source: Source,
        bytes: &[u8],
    ) {
        self.known = false;
        if self.user(receive.user).is_err() {
            return;
        }
        // The message borrows the arena while the engine is at work on it.
        let arena = std::mem::take(&mut self.arena);
        match codec::decode(receive, &self.options.decode, bytes, &arena) {
            Ok(decoded) => self.message(now, receive, source, bytes, &decoded),
            Err(error) => {
                let mini = error.mini.as_deref();
                let said = Said {
                    version: mini.map(|mini| mini.version),
                    sender: mini.map(|mini| &mini.mid),
                };
                self.syntax_error(now, receive, source, said, &error.error.descriptor());
            }
        }
        self.arena = reset(arena);
    }

    fn message(
        &mut self,
        now: Tick,
        receive: &ReceiveHandle,
        source: Source,
        bytes: &[u8],
        decoded: &Decoded<'_>,
    ) {
        let message = &decoded.message;
        let said = Said {
            version: Some(message.version),
            sender: Some(&message.mid),
        };
        if message.auth_header.is_some() {
            return self.syntax_error(now, receive, source, said, &fault::authentication());
        }
        let found =
            self.find_or_connect(now, receive, message.version, &message.mid, source, bytes);
        let place = match found {
            Ok(Found::Ready(place)) => place,
            Ok(Found::Waiting) => return,
            Ok(Found::Refused(error)) => {
                return self.send_message_error(
                    now,
                    receive,
                    source,
                    Some(message.version),
                    &error,
                );
            }
            Err(_) => {
                return self.send_message_error(
                    now,
                    receive,
                    source,
                    Some(message.version),
                    &fault::busy(),
                );
            }
        };
        if self.known && !self.admits(now, place, receive, source, message) {
            return;
        }
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        row.counters.in_messages = row.counters.in_messages.wrapping_add(1);
        row.counters.in_octets += bytes.len() as u64;
        self.totals.counters.in_messages = self.totals.counters.in_messages.wrapping_add(1);
        self.totals.counters.in_octets += bytes.len() as u64;
        let negotiated = row.config.protocol_version;
        if row.config.strict_version && message.version != negotiated {
            let error = fault::not_negotiated(message.version, negotiated);
            return self.syntax_error(now, receive, source, said, &error);
        }
        match &message.body {
            MessageBody::Error(error) => {
                self.message_error(now, place, source, message.version, error)
            }
            MessageBody::Transactions(transactions) => {
                self.transactions(now, place, source, message.version, transactions, decoded);
            }
        }
    }

    fn transactions(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        transactions: &[Transaction<'_>],
        decoded: &Decoded<'_>,
    ) {
        let mut prepared = Prepared::new();
        let mut notes = faults::notes(&decoded.faults);
        for (at, transaction) in transactions.iter().enumerate() {
            match transaction {
                Transaction::Request(request) => {
                    self.arrived(now, place, "Request", Some(request.transaction_id));
                    let note = notes.take(at);
                    let row = self.request_received(now, place, source, version, request, note);
                    prepared.extend(row.map(|row| (row, at)));
                }
                Transaction::Reply(reply) => {
                    self.arrived(now, place, "Reply", Some(reply.transaction_id));
                    let Some(note) = notes.take(at) else {
                        self.reply_received(now, place, source, version, reply, transaction, false);
                        continue;
                    };
                    self.count_faulty_reply(now, place, note.error.code);
                    let reply = TransactionReply {
                        result: TransactionResult::Error(note.error),
                        ..*reply
                    };
                    self.reply_received(now, place, source, version, &reply, transaction, true);
                }
                Transaction::Pending(id) => {
                    self.arrived(now, place, "Pending", Some(*id));
                    self.pending_received(now, place, source, version, *id, transaction);
                }
                Transaction::ResponseAck(acks) => {
                    self.arrived(now, place, "TransactionResponseAck", None);
                    self.acks_received(now, place, source, acks, transaction);
                }
                Transaction::SegmentReply(segment) => {
                    self.arrived(now, place, "Segment", Some(segment.transaction_id));
                    self.segment_reply_received(now, place, source, segment, transaction);
                }
            }
        }
        let (nameless, lost_replies) = notes.rest();
        for code in lost_replies {
            self.count_faulty_reply(now, place, code);
        }
        for error in nameless {
            self.answer_nameless(now, place, source, version, error);
        }
        self.run(now, place, source, version, transactions, &prepared);
    }

    fn arrived(&mut self, now: Tick, place: u32, what: &'static str, id: Option<u32>) {
        self.trace(
            now,
            trace::VERBOSE,
            Some(place),
            Way::In,
            what,
            id,
            format_args!(""),
        );
    }

    fn message_error(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        error: &ErrorDescriptor<'_>,
    ) {
        self.trace(
            now,
            trace::IMPORTANT,
            Some(place),
            Way::In,
            "message error",
            None,
            format_args!("{}", error.code),
        );
        self.count_error(Some(place));
        let mut callee = self.callee(place, Some(source));
        callee.version = version;
        self.call_user(now, place, callee, "handle_message_error", |user, cx| {
            user.handle_message_error(cx, error)
        });
    }

    /// A message that cannot be used as a whole: the user decides about the answer.
    fn syntax_error(
        &mut self,
        now: Tick,
        receive: &ReceiveHandle,
        source: Source,
        said: Said<'_>,
        error: &ErrorDescriptor<'_>,
    ) {
        let version = said.version;
        self.totals.syntax_errors += 1;
        self.count_error(None);
        let Ok(user) = self.user(receive.user) else {
            return;
        };
        let callee = super::callbacks::Callee {
            user: receive.user,
            module: user.config.user_mod.place(),
            user_args: user.config.user_args,
            version: version.unwrap_or(user.config.protocol_version),
            source: Some(source),
        };
        // If there is no connection, the place of the context is one that does not exist.
        let place = said
            .sender
            .and_then(|mid| self.speaks_for(receive.user, mid, source));
        let place = place.unwrap_or(u32::MAX);
        let answer = self.call_user(now, place, callee, "handle_syntax_error", |user, cx| {
            user.handle_syntax_error(cx, error)
        });
        match answer {
            SyntaxAnswer::Reply => self.send_message_error(now, receive, source, version, error),
            SyntaxAnswer::ReplyWith(error) => {
                self.send_message_error(now, receive, source, version, &error)
            }
            SyntaxAnswer::NoReply => {}
        }
    }

    /// The connection with this peer, if messages from it come from where this one does: anybody can write its name.
    fn speaks_for(&self, user: UserId, mid: &MId<'_>, source: Source) -> Option<u32> {
        let place = self.find(user, &canonical(mid))?;
        let row = self.connections.get(place)?;
        (row.send_handle == source.send_handle).then_some(place)
    }
}

fn reset(mut arena: Arena) -> Arena {
    arena.reset();
    arena
}
