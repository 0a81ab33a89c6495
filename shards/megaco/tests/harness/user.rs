//! A user that does what the script planned and writes down what it was told.

use megaphone_h248::Arena;
use megaphone_h248::Limits;
use megaphone_h248::model::{
    ActionReply, ActionRequest, ErrorDescriptor, IntoOwned, Transaction, TransactionResult,
};
use megaphone_h248::text::{self, Layout};
use megaphone_megaco::user::{
    AckRequest, AckStatus, Answer, Connect, Context, LongAnswer, Reason, RegistrationEvent,
    ReplyOptions, SyntaxAnswer, UserAnswer, UserReply,
};
use megaphone_megaco::{CallId, RequestToken, User};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// What the user does with a request.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Replies as to a Notify.
    Reply(AckRequest),
    /// The same, with options.
    ReplyWith(AckRequest, ReplyOptions),
    /// Replies with these action replies, in compact text.
    ReplyText(AckRequest, String),
    /// Replies with an error.
    Error(u16),
    /// Does not reply.
    Ignore,
    /// Asks for time, then does the next plan.
    Pending(u64),
    /// Answers by token.
    Later,
}

/// What is shared between the script and the engine's copy of the user.
#[derive(Debug, Default)]
pub struct Shared {
    pub log: VecDeque<String>,
    pub plans: VecDeque<Plan>,
    pub connects: VecDeque<Connect>,
    pub syntax: VecDeque<SyntaxAnswer>,
    pub tokens: VecDeque<RequestToken>,
    pub executed: Vec<u32>,
    /// What remains of a request: shown instead of the id, for conversations about faulty requests.
    pub show_requests: bool,
}

/// The user.
#[derive(Clone, Debug, Default)]
pub struct Script(pub Rc<RefCell<Shared>>);

impl Script {
    fn say(&self, what: String) {
        self.0.borrow_mut().log.push_back(what);
    }

    fn plan(&self) -> Option<Plan> {
        self.0.borrow_mut().plans.pop_front()
    }
}

/// Action replies of compact text, as they stand inside `P=1{…}`.
pub fn replies(text: &str) -> Vec<ActionReply<'static>> {
    let arena = Arena::new();
    let text = format!("!/1 <x> P=1{{{text}}}");
    let decoded = text::decode(text.as_bytes(), &arena, &Limits::default());
    let message = decoded
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .message;
    match &message.transactions()[0] {
        Transaction::Reply(reply) => match reply.result.clone().into_owned() {
            TransactionResult::ActionReplies(replies) => replies.to_vec(),
            TransactionResult::Error(error) => panic!("{error:?}"),
        },
        other => panic!("not a reply: {other:?}"),
    }
}

pub fn answer(plan: Plan) -> Answer<'static> {
    let (ack, text, options) = match plan {
        Plan::Ignore => return Answer::Ignore,
        Plan::Pending(data) => return Answer::Pending(data),
        Plan::Later => return Answer::Later,
        Plan::Error(code) => {
            let error = ErrorDescriptor { code, text: None };
            return Answer::Reply(UserAnswer::discard(TransactionResult::Error(error)));
        }
        Plan::Reply(ack) => (ack, "C=-{N=A4444}".to_owned(), ReplyOptions::default()),
        Plan::ReplyWith(ack, options) => (ack, "C=-{N=A4444}".to_owned(), options),
        Plan::ReplyText(ack, text) => (ack, text, ReplyOptions::default()),
    };
    Answer::Reply(UserAnswer {
        ack,
        result: TransactionResult::ActionReplies(replies(&text).into()),
        options,
    })
}

/// A transaction in compact text.
pub fn shown(transaction: &Transaction<'_>) -> String {
    let mut out = Vec::new();
    text::encode_transaction(transaction, Layout::Compact, &mut out)
        .expect("a decoded transaction has a form");
    String::from_utf8_lossy(&out).into_owned()
}

fn result(result: &TransactionResult<'_>) -> String {
    match result {
        TransactionResult::ActionReplies(replies) => format!("ok {}", replies.len()),
        TransactionResult::Error(error) => format!("error {}", error.code),
    }
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::UserDisconnect(n) => format!("user_disconnect {n}"),
        Reason::UserCancel(n) => format!("user_cancel {n}"),
        Reason::NoControllingProcess(n) => format!("no_controlling_process {n}"),
        Reason::SendFailed(n) => format!("send_message_failed {n}"),
        Reason::SendCancelled(n) => format!("send_message_cancelled {n}"),
        other => format!("{other:?}"),
    }
}

pub fn outcome(reply: &UserReply<'_>) -> String {
    let segments = |segments: &[megaphone_megaco::user::SegmentResult<'_>]| {
        let parts: Vec<String> = segments
            .iter()
            .map(|part| format!("{} {}", part.number, result(part.result)))
            .collect();
        parts.join(", ")
    };
    match reply {
        UserReply::Ok(replies) => format!("ok {}", replies.len()),
        UserReply::Error(error) => format!("error {}", error.code),
        UserReply::Faulty(error) => format!("faulty {}", error.code),
        UserReply::Segment { segment, last } => {
            format!(
                "segment {}{} {}",
                segment.number,
                if *last { " last" } else { "" },
                result(segment.result)
            )
        }
        UserReply::Segments(parts) => format!("segments [{}]", segments(parts)),
        UserReply::SegmentTimeout { missing, received } => {
            format!(
                "segment_timeout missing {missing:?} received [{}]",
                segments(received)
            )
        }
        UserReply::Timeout => "timeout".to_owned(),
        UserReply::ExceededRecvPendingLimit => "exceeded_recv_pending_limit".to_owned(),
        UserReply::WrongMid { wrong, right, .. } => match right {
            Some(right) => format!("wrong_mid {wrong} for {right}"),
            None => format!("wrong_mid {wrong}"),
        },
        UserReply::Failed(why) => reason(why),
        other => format!("{other:?}"),
    }
}

impl User for Script {
    fn handle_connect(&mut self, cx: &Context<'_>) -> Connect {
        let remote = cx
            .remote
            .map_or("preliminary".to_owned(), ToString::to_string);
        self.say(format!("handle_connect {remote}"));
        self.0
            .borrow_mut()
            .connects
            .pop_front()
            .unwrap_or(Connect::Accept)
    }

    fn handle_disconnect(&mut self, _: &Context<'_>, why: &Reason) {
        self.say(format!("handle_disconnect {}", reason(why)));
    }

    fn handle_syntax_error(
        &mut self,
        _: &Context<'_>,
        default: &ErrorDescriptor<'_>,
    ) -> SyntaxAnswer {
        self.say(format!("handle_syntax_error {}", default.code));
        self.0
            .borrow_mut()
            .syntax
            .pop_front()
            .unwrap_or(SyntaxAnswer::Reply)
    }

    fn handle_message_error(&mut self, _: &Context<'_>, error: &ErrorDescriptor<'_>) {
        let text = error
            .text
            .as_ref()
            .map_or(String::new(), |text| format!(" {text}"));
        self.say(format!("handle_message_error {}{text}", error.code));
    }

    fn handle_trans_request<'m>(
        &mut self,
        _: &Context<'_>,
        token: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let id = token.transaction;
        let show = self.0.borrow().show_requests;
        let mut what = id.to_string();
        if show {
            let request = megaphone_h248::model::TransactionRequest {
                transaction_id: id,
                actions: actions.to_vec().into(),
            };
            what = shown(&Transaction::Request(request));
        }
        self.say(format!("handle_trans_request {what}"));
        let mut shared = self.0.borrow_mut();
        shared.executed.push(id);
        shared.tokens.push_back(token);
        drop(shared);
        answer(self.plan().unwrap_or(Plan::Reply(AckRequest::Discard)))
    }

    fn handle_trans_long_request(
        &mut self,
        _: &Context<'_>,
        token: RequestToken,
        data: u64,
    ) -> LongAnswer<'static> {
        self.say(format!(
            "handle_trans_long_request {} data {data}",
            token.transaction
        ));
        match answer(self.plan().unwrap_or(Plan::Reply(AckRequest::Discard))) {
            Answer::Reply(reply) => LongAnswer::Reply(reply),
            _ => LongAnswer::Later,
        }
    }

    fn handle_trans_reply(
        &mut self,
        _: &Context<'_>,
        reply: &UserReply<'_>,
        number: Option<u32>,
        data: u64,
    ) {
        let number = number.map_or(String::new(), |number| format!(" number {number}"));
        self.say(format!(
            "handle_trans_reply {}{number} data {data}",
            outcome(reply)
        ));
    }

    fn handle_call_reply(&mut self, _: &Context<'_>, call: CallId, replies: &[UserReply<'_>]) {
        let replies: Vec<String> = replies.iter().map(outcome).collect();
        self.say(format!("call {}: {}", call.as_u64(), replies.join("; ")));
    }

    fn handle_trans_ack(&mut self, _: &Context<'_>, status: &AckStatus, data: u64) {
        let status = match status {
            AckStatus::Failed(why) => reason(why),
            other => other.to_string(),
        };
        self.say(format!("handle_trans_ack {status} data {data}"));
    }

    fn handle_unexpected_trans(&mut self, _: &Context<'_>, transaction: &Transaction<'_>) {
        self.say(format!("handle_unexpected_trans {}", shown(transaction)));
    }

    fn handle_trans_request_abort(&mut self, _: &Context<'_>, token: RequestToken) {
        self.say(format!("handle_trans_request_abort {}", token.transaction));
    }

    fn handle_registration(&mut self, _: &Context<'_>, event: &RegistrationEvent<'_>) {
        self.say(match event {
            RegistrationEvent::Contacting(contact) => {
                format!("contacting {} {:?}", contact.controller, contact.method)
            }
            RegistrationEvent::Registered {
                controller,
                version,
            } => format!("registered {controller} version {version}"),
            RegistrationEvent::Waiting { .. } => "waiting".to_owned(),
            other => format!("{other:?}"),
        });
    }

    fn handle_segment_reply(
        &mut self,
        _: &Context<'_>,
        transaction: u32,
        number: u16,
        complete: bool,
    ) {
        let last = if complete { " last" } else { "" };
        self.say(format!("handle_segment_reply {transaction} {number}{last}"));
    }
}
