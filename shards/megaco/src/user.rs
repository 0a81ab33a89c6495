//! The user: who answers an association's requests (`megaco_user`). Typed callbacks; each answers at once or, where it may, later by a token.

use crate::config::Timer;
use crate::handle::{CallId, ConnectionId, ControlHandle, RequestToken, SendHandle, UserId};
use crate::mid::Mid;
use crate::registration::Contact;
use megaphone_h248::model::{
    ActionReply, ActionRequest, ErrorDescriptor, Transaction, TransactionResult,
};
use megaphone_wheel::Tick;
use std::fmt;

/// What every callback is told.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// When.
    pub now: Tick,
    /// Which user.
    pub user: UserId,
    /// Which connection; its config and MIDs can be read from the engine.
    pub connection: ConnectionId,
    /// Who is at the other end, once known.
    pub remote: Option<&'a Mid>,
    /// Protocol version of the message or the connection.
    pub version: u8,
    /// Where the message came from, or where the connection sends.
    pub send_handle: SendHandle,
    /// What the connection lives with.
    pub control: Option<ControlHandle>,
    /// What the transport gave with the message.
    pub extra: Option<u64>,
    /// Item `user_args`.
    pub user_args: u64,
}

/// Why something ended that did not end by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// `disconnect` was called: `{user_disconnect, R}`.
    UserDisconnect(u64),
    /// `cancel` was called: `{user_cancel, R}`.
    UserCancel(u64),
    /// The control handle died: `{no_controlling_process, R}`.
    NoControllingProcess(u64),
    /// The user refused the connection, or a controller the registration.
    Refused,
    /// Too many retransmissions: the association counts as broken (RFC 3525 D.1.5).
    Broken,
    /// The transport failed to send: `{send_message_failed, R}`.
    SendFailed(u64),
    /// The transport declined to send: `{send_message_cancelled, R}`.
    SendCancelled(u64),
    /// The user was stopped.
    UserStopped,
}

/// Answer to `handle_connect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connect {
    /// `ok`.
    Accept,
    /// `error`: 402 "Connection refused by user".
    Refuse,
    /// `{error, ED}`.
    RefuseWith(ErrorDescriptor<'static>),
    /// Decided later by `Engine::answer_connect`; the peer's messages wait meanwhile.
    Later,
}

/// Answer to `handle_syntax_error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyntaxAnswer {
    /// `reply`: the default error goes back.
    Reply,
    /// `{reply, ED}`.
    ReplyWith(ErrorDescriptor<'static>),
    /// `no_reply`.
    NoReply,
}

/// What the user wants with the acknowledgement of its reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AckRequest {
    /// `discard_ack`.
    #[default]
    Discard,
    /// `{handle_ack, D}`: `immAckRequired`, and a callback.
    Handle(u64),
    /// `{handle_pending_ack, D}`: the same, only if a Pending was sent.
    HandlePending(u64),
    /// `{handle_sloppy_ack, D}`: a callback when an acknowledgement happens to come.
    HandleSloppy(u64),
}

impl AckRequest {
    /// Whether an acknowledgement is asked for, and the data of the callback, once it is known whether a Pending was sent.
    pub(crate) fn resolve(self, pending_sent: bool) -> (bool, Option<u64>) {
        match self {
            Self::Discard => (false, None),
            Self::Handle(data) => (true, Some(data)),
            Self::HandlePending(data) if pending_sent => (true, Some(data)),
            Self::HandlePending(_) => (false, None),
            Self::HandleSloppy(data) => (false, Some(data)),
        }
    }
}

/// Options of one reply, in place of the connection's items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplyOptions {
    /// `reply_timer`.
    pub reply_timer: Option<Timer>,
    /// `send_handle`.
    pub send_handle: Option<SendHandle>,
    /// `protocol_version`.
    pub protocol_version: Option<u8>,
    /// `{trans_req, false}`: pass by the transaction sender.
    pub direct: bool,
}

/// A user's reply. It may borrow from the request it answers.
#[derive(Clone, Debug)]
pub struct UserAnswer<'m> {
    /// What to do about its acknowledgement.
    pub ack: AckRequest,
    /// The replies, or one error for the whole transaction.
    pub result: TransactionResult<'m>,
    /// Options.
    pub options: ReplyOptions,
}

impl<'m> UserAnswer<'m> {
    /// Replies whose acknowledgement does not matter.
    pub fn discard(result: TransactionResult<'m>) -> Self {
        Self {
            ack: AckRequest::Discard,
            result,
            options: ReplyOptions::default(),
        }
    }
}

/// Answer to `handle_trans_request`.
#[derive(Clone, Debug)]
pub enum Answer<'m> {
    /// `ignore_trans_request`: no reply; a duplicate is executed again.
    Ignore,
    /// `{pending, ReqData}`: a Pending goes out now, and `handle_trans_long_request` follows.
    Pending(u64),
    /// The reply.
    Reply(UserAnswer<'m>),
    /// By `Engine::answer`, with the token.
    Later,
}

/// Answer to `handle_trans_long_request`.
#[derive(Clone, Debug)]
pub enum LongAnswer<'m> {
    /// The reply.
    Reply(UserAnswer<'m>),
    /// By `Engine::answer`, with the token.
    Later,
}

/// One segment's part of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentResult<'a> {
    /// From 1.
    pub number: u16,
    /// Its replies, or its error.
    pub result: &'a TransactionResult<'a>,
}

/// The result of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserReply<'a> {
    /// `{ok, ActionReplies}`.
    Ok(&'a [ActionReply<'a>]),
    /// `{error, ErrorDescriptor}`: the peer's.
    Error(&'a ErrorDescriptor<'a>),
    /// The peer's reply could not be read to its end: the error says where and why, and what could be read is not given.
    /// The request was executed. OTP refuses the whole message and lets the request time out.
    Faulty(&'a ErrorDescriptor<'a>),
    /// A cast's segment: `{ok, {SegNo, Last, Replies}}`, `{error, {SegNo, Last, ED}}`.
    Segment {
        /// The segment.
        segment: SegmentResult<'a>,
        /// Whether the reply is complete with it.
        last: bool,
    },
    /// `{ok, [{SegNo, Replies}]}` or, if any is an error, `{error, {segment, Ok, Err}}`: in order of their numbers.
    Segments(Vec<SegmentResult<'a>>),
    /// `{error, {segment_timeout, Missing, Ok, Err}}`.
    SegmentTimeout {
        /// Numbers that never came.
        missing: Vec<u16>,
        /// What came.
        received: Vec<SegmentResult<'a>>,
    },
    /// `{error, timeout}`.
    Timeout,
    /// `{error, exceeded_recv_pending_limit}`.
    ExceededRecvPendingLimit,
    /// `{error, {wrong_mid, Wrong, Right, TR}}`.
    WrongMid {
        /// Who answered.
        wrong: &'a Mid,
        /// Who should have.
        right: Option<&'a Mid>,
        /// What was answered.
        result: &'a TransactionResult<'a>,
    },
    /// `{error, {user_cancel, R}}` and its kin.
    Failed(Reason),
}

/// What came of an acknowledgement the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AckStatus {
    /// It came.
    Ok,
    /// It did not.
    Timeout,
    /// `{segment_failure, Missing}`.
    SegmentFailure(Vec<u16>),
    /// The reply was cancelled or could not be sent.
    Failed(Reason),
}

impl fmt::Display for AckStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Timeout => f.write_str("timeout"),
            Self::SegmentFailure(missing) => write!(f, "segment failure {missing:?}"),
            Self::Failed(reason) => write!(f, "{reason:?}"),
        }
    }
}

/// How the registration of a gateway goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistrationEvent<'a> {
    /// A controller is being contacted.
    Contacting(&'a Contact),
    /// A controller took us; messages have this version from here on.
    Registered {
        /// Who.
        controller: &'a Mid,
        /// The version agreed on.
        version: u8,
    },
    /// Nobody took us, or we have just started: the search goes on then, or with `Engine::local_activity`.
    Waiting {
        /// When.
        until: Tick,
    },
}

/// The callbacks. Every one has the default of `megaco_user_default`.
///
/// `data` is the user's own number from where the thing began (`reply_data`, `ReqData`, `AckData`).
#[expect(
    unused_variables,
    reason = "the names document the parameters; the defaults do not need them"
)]
pub trait User {
    /// A connection is made, by `connect`, by a first message, or when a preliminary MID becomes known.
    fn handle_connect(&mut self, cx: &Context<'_>) -> Connect {
        Connect::Accept
    }

    /// It is gone.
    fn handle_disconnect(&mut self, cx: &Context<'_>, reason: &Reason) {}

    /// A message could not be decoded or has a version that was not negotiated. The context has no `remote`, and a meaningless
    /// `connection`, unless what can be read of it names a peer whose messages come from where this one came from.
    fn handle_syntax_error(
        &mut self,
        cx: &Context<'_>,
        default: &ErrorDescriptor<'_>,
    ) -> SyntaxAnswer {
        SyntaxAnswer::Reply
    }

    /// A message that is an error descriptor.
    fn handle_message_error(&mut self, cx: &Context<'_>, error: &ErrorDescriptor<'_>) {}

    /// A new request. The answer may borrow from it.
    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        token: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m>;

    /// What followed from [`Answer::Pending`].
    fn handle_trans_long_request(
        &mut self,
        cx: &Context<'_>,
        token: RequestToken,
        data: u64,
    ) -> LongAnswer<'static> {
        LongAnswer::Reply(UserAnswer::discard(TransactionResult::Error(
            crate::fault::not_implemented(),
        )))
    }

    /// The result of a cast, or one segment of it; `number` counts the replies of a cast with a keep-alive time, from 1.
    fn handle_trans_reply(
        &mut self,
        cx: &Context<'_>,
        reply: &UserReply<'_>,
        number: Option<u32>,
        data: u64,
    ) {
    }

    /// All results of a call are in: one per transaction, in the order they were sent.
    fn handle_call_reply(&mut self, cx: &Context<'_>, call: CallId, replies: &[UserReply<'_>]) {}

    /// What came of an acknowledgement the user asked for.
    fn handle_trans_ack(&mut self, cx: &Context<'_>, status: &AckStatus, data: u64) {}

    /// A Pending, Reply or acknowledgement that nothing waits for.
    fn handle_unexpected_trans(&mut self, cx: &Context<'_>, transaction: &Transaction<'_>) {}

    /// A request the user is working on was ended for it; an answer to the token will be refused.
    fn handle_trans_request_abort(&mut self, cx: &Context<'_>, token: RequestToken) {}

    /// How the registration of a gateway by `Engine::register` goes. `connection` of the context is that to the controller, once there is one.
    fn handle_registration(&mut self, cx: &Context<'_>, event: &RegistrationEvent<'_>) {}

    /// A segment of ours was acknowledged; only if `segment_reply_ind`.
    fn handle_segment_reply(
        &mut self,
        cx: &Context<'_>,
        transaction: u32,
        number: u16,
        complete: bool,
    ) {
    }
}

/// The callbacks of `megaco_user_default`: every connection is accepted, every request refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultUser;

impl User for DefaultUser {
    /// 501 in version 1, 406 in others, as OTP's.
    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        _: RequestToken,
        _: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let error = match cx.version {
            1 => crate::fault::not_implemented(),
            version => crate::fault::unsupported(version),
        };
        Answer::Reply(UserAnswer::discard(TransactionResult::Error(error)))
    }
}
