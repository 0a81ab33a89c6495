//! The callbacks of a user that controllers answer for: each becomes an event, with its message written as H.248 text at once,
//! for what it borrows from does not outlive the callback.

use super::{Event, SharedInbox, Told};
use crate::id::spread;
use megaphone_frame::link::user::{FROM_PEER, Outcome, UNREADABLE};
use megaphone_h248::model::{
    ActionReply, ActionRequest, ErrorDescriptor, List, MId, Message, Quoted, Transaction,
    TransactionReply, TransactionRequest, TransactionResult,
};
use megaphone_h248::text::{self, Layout};
use megaphone_megaco::user::{
    AckStatus, Answer, Connect, Context, LongAnswer, Reason, SegmentResult, SyntaxAnswer,
    UserAnswer, UserReply,
};
use megaphone_megaco::{CallId, Mid, RequestToken, User};

/// Tells a shard what the engine says.
#[derive(Debug)]
pub(in crate::h248) struct Relay {
    user: u16,
    inbox: SharedInbox,
}

impl Relay {
    pub(super) fn new(user: u16, inbox: SharedInbox) -> Relay {
        Relay { user, inbox }
    }

    fn tell(&self, event: Event) {
        self.inbox.borrow_mut().events.push_back(event);
    }

    fn fault(&self, cx: &Context<'_>, flags: u8, error: &ErrorDescriptor<'_>) {
        self.tell(Event::Fault {
            connection: cx.connection,
            flags,
            code: error.code,
            text: text_of(error),
        });
    }
}

/// A message of the peer, or as from it.
fn written(cx: &Context<'_>, transaction: Transaction<'_>) -> Option<Box<[u8]>> {
    let unknown = MId::DeviceName(megaphone_h248::model::TerminationId::ROOT);
    let mid = cx.remote.map_or(unknown, Mid::as_model);
    let message = Message::new(cx.version, mid, [transaction]);
    let mut bytes = Vec::new();
    text::encode(&message, Layout::Compact, &mut bytes).ok()?;
    Some(bytes.into())
}

/// A reply of the peer, by the number of its transaction in the call.
fn reply(cx: &Context<'_>, number: u32, result: TransactionResult<'_>) -> Option<Box<[u8]>> {
    let reply = TransactionReply {
        transaction_id: number,
        imm_ack_required: false,
        segment: None,
        result,
    };
    written(cx, Transaction::Reply(reply))
}

/// What came of one transaction. A reply in segments is told as the whole that it is.
fn told(cx: &Context<'_>, number: u32, from: &UserReply<'_>) -> Told {
    let actions = |replies: &[ActionReply<'_>]| {
        reply(cx, number, TransactionResult::ActionReplies(replies.into()))
    };
    let error =
        |error: &ErrorDescriptor<'_>| reply(cx, number, TransactionResult::Error(error.clone()));
    let (outcome, message, text) = match from {
        UserReply::Ok(replies) => (Outcome::Ok, actions(replies), String::new()),
        UserReply::Error(why) => (Outcome::Error, error(why), String::new()),
        UserReply::Faulty(why) => (Outcome::Faulty, error(why), String::new()),
        UserReply::Segment { segment, .. } => {
            let message = reply(cx, number, segment.result.clone());
            (Outcome::Segment, message, String::new())
        }
        UserReply::Segments(segments) => match joined(segments) {
            Ok(replies) => (Outcome::Ok, actions(&replies), String::new()),
            Err(why) => (Outcome::Error, error(why), String::new()),
        },
        UserReply::SegmentTimeout { missing, .. } => {
            let text = format!("segments {missing:?} never came");
            (Outcome::Timeout, None, text)
        }
        UserReply::Timeout => (Outcome::Timeout, None, "no answer in time".into()),
        UserReply::ExceededRecvPendingLimit => {
            let text = "the peer said Pending too often";
            (Outcome::PendingLimit, None, text.into())
        }
        UserReply::WrongMid { wrong, .. } => (Outcome::WrongMid, None, format!("{wrong} answered")),
        UserReply::Failed(reason) => (Outcome::Failed, None, words(reason)),
        _ => (Outcome::Failed, None, "an outcome without a name".into()),
    };
    let content = message.unwrap_or_else(|| text.into_bytes().into());
    Told { outcome, content }
}

/// All replies of the segments in their order, or the first error among them.
fn joined<'s, 'm>(
    segments: &'s [SegmentResult<'m>],
) -> Result<Vec<ActionReply<'m>>, &'s ErrorDescriptor<'m>> {
    let mut all = Vec::new();
    for segment in segments {
        match segment.result {
            TransactionResult::ActionReplies(replies) => all.extend(replies.iter().cloned()),
            TransactionResult::Error(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Why something ended, as a number for programs (the aux field of DISCONNECT).
fn code(reason: &Reason) -> u16 {
    match reason {
        Reason::UserDisconnect(_) => 0,
        Reason::Broken => 1,
        Reason::NoControllingProcess(_) | Reason::SendFailed(_) | Reason::SendCancelled(_) => 2,
        Reason::UserCancel(_) => 3,
        Reason::Refused => 4,
        _ => 5,
    }
}

/// The same for people.
fn words(reason: &Reason) -> String {
    match reason {
        Reason::UserDisconnect(_) => "disconnected".into(),
        Reason::UserCancel(_) => "cancelled".into(),
        Reason::NoControllingProcess(_) => "its transport is gone".into(),
        Reason::Refused => "refused".into(),
        Reason::Broken => "the peer does not answer any more".into(),
        Reason::SendFailed(_) => "a message could not be sent".into(),
        Reason::SendCancelled(_) => "a message was not sent".into(),
        Reason::UserStopped => "the user was stopped".into(),
        _ => "for a reason without a name".into(),
    }
}

fn text_of(error: &ErrorDescriptor<'_>) -> String {
    let text = error.text.as_ref().map(|text| text.as_bytes());
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}

/// What a request is answered with that finds too many open ones before it.
fn exhausted() -> UserAnswer<'static> {
    UserAnswer::discard(TransactionResult::Error(ErrorDescriptor {
        code: 510,
        text: Quoted::try_from(String::from("Too many requests wait for a controller")).ok(),
    }))
}

impl User for Relay {
    fn handle_connect(&mut self, cx: &Context<'_>) -> Connect {
        let name = cx.remote.map(ToString::to_string).unwrap_or_default();
        let key = name
            .bytes()
            .fold(0, |hash, byte| spread(hash ^ u64::from(byte)));
        self.tell(Event::Connected {
            connection: cx.connection,
            user: self.user,
            key,
        });
        Connect::Accept
    }

    fn handle_disconnect(&mut self, cx: &Context<'_>, reason: &Reason) {
        self.tell(Event::Disconnected {
            connection: cx.connection,
            code: code(reason),
            why: words(reason),
        });
    }

    fn handle_syntax_error(
        &mut self,
        cx: &Context<'_>,
        default: &ErrorDescriptor<'_>,
    ) -> SyntaxAnswer {
        if cx.remote.is_some() {
            self.fault(cx, UNREADABLE, default);
        }
        SyntaxAnswer::Reply
    }

    fn handle_message_error(&mut self, cx: &Context<'_>, error: &ErrorDescriptor<'_>) {
        self.fault(cx, FROM_PEER, error);
    }

    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        token: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let mut inbox = self.inbox.borrow_mut();
        if inbox.open >= inbox.open_max {
            inbox.refused += 1;
            return Answer::Reply(exhausted());
        }
        let request = TransactionRequest {
            transaction_id: token.transaction,
            actions: List::Borrowed(actions),
        };
        let Some(message) = written(cx, Transaction::Request(request)) else {
            // What came in BER and has no text form cannot be asked of a controller that reads text.
            return Answer::Reply(UserAnswer::discard(TransactionResult::Error(
                ErrorDescriptor {
                    code: 501,
                    text: Quoted::try_from(String::from("The request has no text form")).ok(),
                },
            )));
        };
        inbox.open += 1;
        inbox.events.push_back(Event::Request { token, message });
        Answer::Later
    }

    fn handle_trans_long_request(
        &mut self,
        _: &Context<'_>,
        _: RequestToken,
        _: u64,
    ) -> LongAnswer<'static> {
        // The controller has it already, and asked for time.
        LongAnswer::Later
    }

    fn handle_trans_reply(
        &mut self,
        cx: &Context<'_>,
        reply: &UserReply<'_>,
        _: Option<u32>,
        data: u64,
    ) {
        let last = !matches!(reply, UserReply::Segment { last: false, .. });
        self.tell(Event::CastResult {
            connection: cx.connection,
            tag: data,
            result: told(cx, 1, reply),
            last,
        });
    }

    fn handle_call_reply(&mut self, cx: &Context<'_>, call: CallId, replies: &[UserReply<'_>]) {
        let results = (1..).zip(replies);
        self.tell(Event::CallResults {
            connection: cx.connection,
            call: call.as_u64(),
            results: results.map(|(number, it)| told(cx, number, it)).collect(),
        });
    }

    fn handle_trans_ack(&mut self, cx: &Context<'_>, status: &AckStatus, data: u64) {
        self.tell(Event::Ack {
            connection: cx.connection,
            data,
            came: *status == AckStatus::Ok,
            why: status.to_string(),
        });
    }

    fn handle_unexpected_trans(&mut self, cx: &Context<'_>, transaction: &Transaction<'_>) {
        if let Some(message) = written(cx, transaction.clone()) {
            self.tell(Event::Unexpected {
                connection: cx.connection,
                message,
            });
        }
    }

    fn handle_trans_request_abort(&mut self, _: &Context<'_>, token: RequestToken) {
        self.tell(Event::Abort { token });
    }
}
