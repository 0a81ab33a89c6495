//! From the controllers: frames are put together, read, and done.

use super::{Controllers, Told, token_of};
use crate::h248::H248;
use crate::id::{ConnectionId as LinkConnection, LinkId};
use crate::item::Packet;
use crate::shard::Shard;
use megaphone_frame::link::user::{
    AckAction, FromController, LAST, Outcome, Token, UserFrame, encode_configured,
};
use megaphone_frame::link::{FrameType, Head, Reason};
use megaphone_h248::model::{
    ErrorDescriptor, Message, Quoted, Transaction, TransactionRequest, TransactionResult,
};
use megaphone_h248::{Arena, Limits, text};
use megaphone_megaco::user::{AckRequest, Answer, UserAnswer};
use megaphone_megaco::{Actions, CallOptions, ConnectionId};
use megaphone_metrics::Metric;
use megaphone_pool::Returned;

/// What a peer is told whose request a controller answered with something that is no answer.
fn unreadable() -> TransactionResult<'static> {
    TransactionResult::Error(ErrorDescriptor {
        code: 500,
        text: Quoted::try_from(String::from("The controller's answer could not be read")).ok(),
    })
}

/// The whole message, or what is wrong with it.
fn read<'a>(message: &'a [u8], arena: &'a Arena) -> Result<Message<'a>, String> {
    let decoded = text::decode(message, arena, &Limits::default());
    let decoded = decoded.map_err(|error| error.error.to_string())?;
    decoded.clean().map_err(|fault| fault.error.to_string())
}

impl Controllers {
    /// Adds a part of a frame; the whole once it is there, `None` before, and an error if it grows too long.
    fn gather(
        &mut self,
        link: LinkId,
        part: &[u8],
        more: bool,
        most: usize,
    ) -> Result<Option<Vec<u8>>, Reason> {
        let mut whole = self.parts.remove(&link).unwrap_or_default();
        if whole.len() + part.len() > most {
            return Err(Reason::FrameTooLong);
        }
        whole.extend_from_slice(part);
        if !more {
            return Ok(Some(whole));
        }
        self.parts.insert(link, whole);
        Ok(None)
    }

    /// What is left of links that are gone.
    fn forget(&mut self, is_live: impl Fn(LinkId) -> bool) {
        self.parts.retain(|link, _| is_live(*link));
        self.calls.retain(|_, (link, _)| is_live(*link));
    }
}

impl Shard {
    /// A frame of a controller for an association at home here, or a part of one. Its block goes straight back.
    pub(crate) fn frame_of_controller(&mut self, packet: Packet) -> Option<Returned> {
        let head = Head {
            kind: FrameType::from_code(packet.kind),
            flags: packet.flags,
            aux: packet.aux,
            connection: packet.connection.bits(),
        };
        let most = self.config.limits.packet_bytes_max as usize;
        let Some(mut h248) = self.h248.take() else {
            return packet.payload.into_returned();
        };
        let whole = h248
            .controllers
            .gather(packet.link, packet.payload.bytes(), head.more(), most);
        match whole {
            Ok(None) => {}
            Ok(Some(payload)) => self.controller_says(&mut h248, packet.link, head, &payload),
            Err(reason) => self.reset_unknown(packet.link, packet.connection, reason),
        }
        self.h248 = Some(h248);
        packet.payload.into_returned()
    }

    fn controller_says(&mut self, h248: &mut H248, link: LinkId, head: Head, payload: &[u8]) {
        let id = LinkConnection::from_bits(head.connection);
        let Some(connection) = h248.controllers.row_of(id, link).map(|row| row.connection) else {
            // Gone, or somebody else's by now: whatever it was about, it is not this controller's affair any more.
            return self.reset_unknown(link, id, Reason::UnknownConnection);
        };
        let said = match FromController::decode(head.kind.code(), payload) {
            Ok(Some(said)) => said,
            Ok(None) => return,
            Err(_) => return self.reset_unknown(link, id, Reason::Protocol),
        };
        h248.stirred = true;
        match said {
            FromController::Disconnect => {
                // One that is gone already needs no farewell.
                let _ = h248
                    .engine
                    .disconnect(self.now, connection, head.aux.into());
            }
            FromController::Cancel => {
                let _ = h248.engine.cancel(self.now, connection, head.aux.into());
            }
            FromController::Reply {
                token,
                data,
                message,
            } => self.controller_answers(h248, connection, token, (head.aux, data), message),
            FromController::Pending { token } => {
                let token = token_of(token);
                if token.connection() == connection {
                    // A request that is answered, or was told Pending, is not told so again.
                    let _ = h248.engine.answer(self.now, token, Answer::Pending(0));
                }
            }
            FromController::Call { tag, message } => {
                self.controller_calls(h248, connection, link, (tag, false), message);
            }
            FromController::Cast { tag, message } => {
                self.controller_calls(h248, connection, link, (tag, true), message);
            }
            FromController::Configure { tag, item, value } => {
                let done = h248.update_association(self.now, connection, item, value);
                let (is_done, why) = (done.is_ok(), done.err().unwrap_or_default());
                let mut payload = Vec::new();
                encode_configured(tag, is_done, &why, &mut payload);
                self.say(h248, connection, UserFrame::Configured, 0, 0, payload);
            }
            _ => {}
        }
    }

    fn controller_answers(
        &mut self,
        h248: &mut H248,
        connection: ConnectionId,
        token: Token,
        (aux, data): (u16, u64),
        message: &[u8],
    ) {
        let token = token_of(token);
        if token.connection() != connection {
            return self.count(Metric::H248StaleAnswers);
        }
        let arena = Arena::new();
        let read = read(message, &arena).and_then(|message| {
            let mut replies = message.transactions().iter().filter_map(|it| match it {
                Transaction::Reply(reply) => Some(reply.result.clone()),
                _ => None,
            });
            replies
                .next_back()
                .ok_or_else(|| "there is no reply in it".into())
        });
        let (result, fault) = match read {
            Ok(result) => (result, None),
            Err(why) => (unreadable(), Some(why)),
        };
        let ack = match AckAction::from_aux(aux) {
            AckAction::Discard => AckRequest::Discard,
            AckAction::Handle => AckRequest::Handle(data),
            AckAction::HandlePending => AckRequest::HandlePending(data),
            AckAction::HandleSloppy => AckRequest::HandleSloppy(data),
        };
        let answer = UserAnswer {
            ack,
            ..UserAnswer::discard(result)
        };
        if h248
            .engine
            .answer(self.now, token, Answer::Reply(answer))
            .is_err()
        {
            self.count(Metric::H248StaleAnswers);
        }
        h248.controllers
            .settle(connection, |open| open.token == token);
        if let Some(why) = fault {
            let text = format!("your answer to transaction {}: {why}", token.transaction);
            self.say(h248, connection, UserFrame::Fault, 0, 500, text.into());
        }
    }

    fn controller_calls(
        &mut self,
        h248: &mut H248,
        connection: ConnectionId,
        link: LinkId,
        (tag, is_cast): (u64, bool),
        message: &[u8],
    ) {
        let arena = Arena::new();
        let sent = read(message, &arena).and_then(|message| {
            let requests: Vec<&TransactionRequest<'_>> = message
                .transactions()
                .iter()
                .filter_map(|it| match it {
                    Transaction::Request(request) => Some(request),
                    _ => None,
                })
                .collect();
            let plain = requests
                .iter()
                .map(|request| Actions::Plain(&request.actions));
            let plain: Vec<Actions<'_>> = plain.collect();
            if plain.is_empty() {
                return Err("there is no request in it".into());
            }
            let mut options = CallOptions::default();
            let engine = &mut h248.engine;
            if is_cast {
                options.reply_data = Some(tag);
                let sent = engine.cast(self.now, connection, &plain, &options);
                return sent.map(|()| None).map_err(|error| error.to_string());
            }
            let sent = engine.call(self.now, connection, &plain, &options);
            sent.map(Some).map_err(|error| error.to_string())
        });
        match sent {
            Ok(Some(call)) => {
                h248.controllers.calls.insert(call.as_u64(), (link, tag));
            }
            Ok(None) => {}
            Err(why) => {
                let failed = Told {
                    outcome: Outcome::Failed,
                    content: why.into_bytes().into(),
                };
                self.say_result(h248, connection, tag, 0, &failed, LAST);
            }
        }
    }

    /// The life of a link ended: what was half said on it, and what it waited for, is forgotten.
    pub(crate) fn controller_gone(&mut self) {
        if let Some(mut h248) = self.h248.take() {
            let gone = |link| self.router.views().any(|view| view.is_live(link));
            h248.controllers.forget(gone);
            self.h248 = Some(h248);
        }
    }
}
