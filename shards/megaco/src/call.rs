//! What a request was sent for, and the options it may be sent with.

use crate::config::{Encoding, Module, Timer};
use crate::handle::SendHandle;
use crate::mid::Mid;
use crate::segment::Held;
use crate::user::{Reason, SegmentResult, UserReply};
use megaphone_h248::model::{ActionRequest, ErrorDescriptor, IntoOwned, TransactionResult};

/// Options of one `call` or `cast`, in place of the connection's items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// `request_timer`.
    pub request_timer: Option<Timer>,
    /// `long_request_timer`.
    pub long_request_timer: Option<Timer>,
    /// `send_handle`.
    pub send_handle: Option<SendHandle>,
    /// `protocol_version`.
    pub protocol_version: Option<u8>,
    /// `reply_data`; casts only.
    pub reply_data: Option<u64>,
    /// `request_keep_alive_timeout`; casts only.
    pub request_keep_alive_timeout: Option<u32>,
    /// `user_mod`.
    pub user_mod: Option<Module>,
    /// `user_args`.
    pub user_args: Option<u64>,
    /// `{trans_req, false}`: pass by the transaction sender.
    pub direct: bool,
}

/// The actions of one transaction.
#[derive(Clone, Copy, Debug)]
pub enum Actions<'a> {
    /// As values.
    Plain(&'a [ActionRequest<'a>]),
    /// Encoded before, by `Engine::encode_actions`.
    Encoded(&'a EncodedActions),
}

/// Actions in their wire form, for any number of transactions on connections of the same codec and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedActions {
    pub(crate) encoding: Encoding,
    pub(crate) version: u8,
    /// One element per action.
    pub(crate) actions: Vec<Box<[u8]>>,
}

/// What a request was sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// One of a call's transactions.
    Call {
        call: u32,
        index: u16,
        module: u16,
        user_args: u64,
    },
    /// A cast.
    Cast {
        data: u64,
        module: u16,
        user_args: u64,
    },
    /// A registration that the engine sends for a gateway.
    Registration { attempt: u32 },
    /// Its caller was told that someone else answered; nobody waits any more.
    Orphan,
}

/// A call whose results are not all in.
#[derive(Debug)]
pub(crate) struct Call {
    pub id: u64,
    pub missing: usize,
    pub outcomes: Vec<Option<Outcome>>,
}

impl Outcome {
    pub(crate) fn of(reply: &UserReply<'_>) -> Self {
        let owned = |segments: &[SegmentResult<'_>]| {
            segments
                .iter()
                .map(|part| (part.number, part.result.clone().into_owned()))
                .collect()
        };
        match reply {
            UserReply::Ok(replies) => {
                let replies = replies
                    .iter()
                    .cloned()
                    .map(IntoOwned::into_owned)
                    .collect::<Vec<_>>();
                Self::Whole(TransactionResult::ActionReplies(replies.into()))
            }
            UserReply::Error(error) => {
                Self::Whole(TransactionResult::Error((*error).clone().into_owned()))
            }
            UserReply::Faulty(error) => Self::Faulty((*error).clone().into_owned()),
            UserReply::Segment { segment, .. } => {
                Self::Segments(owned(std::slice::from_ref(segment)))
            }
            UserReply::Segments(segments) => Self::Segments(owned(segments)),
            UserReply::SegmentTimeout { missing, received } => {
                Self::SegmentTimeout(missing.clone(), owned(received))
            }
            UserReply::Timeout => Self::Timeout,
            UserReply::ExceededRecvPendingLimit => Self::PendingLimit,
            UserReply::WrongMid {
                wrong,
                right,
                result,
            } => Self::WrongMid(
                (*wrong).clone(),
                right.cloned(),
                (*result).clone().into_owned(),
            ),
            UserReply::Failed(reason) => Self::Failed(reason.clone()),
        }
    }

    pub(crate) fn as_reply(&self) -> UserReply<'_> {
        match self {
            Self::Whole(result) => whole(result),
            Self::Faulty(error) => UserReply::Faulty(error),
            Self::Segments(segments) => UserReply::Segments(parts(segments)),
            Self::SegmentTimeout(missing, segments) => UserReply::SegmentTimeout {
                missing: missing.clone(),
                received: parts(segments),
            },
            Self::WrongMid(wrong, right, result) => UserReply::WrongMid {
                wrong,
                right: right.as_ref(),
                result,
            },
            Self::Timeout => UserReply::Timeout,
            Self::PendingLimit => UserReply::ExceededRecvPendingLimit,
            Self::Failed(reason) => UserReply::Failed(reason.clone()),
        }
    }
}

/// A whole reply's result as the user sees it.
pub(crate) fn whole<'a>(result: &'a TransactionResult<'a>) -> UserReply<'a> {
    match result {
        TransactionResult::ActionReplies(replies) => UserReply::Ok(replies),
        TransactionResult::Error(error) => UserReply::Error(error),
    }
}

/// The same of a reply with a fault, whose result is that fault.
pub(crate) fn told<'a>(result: &'a TransactionResult<'a>, faulty: bool) -> UserReply<'a> {
    match result {
        TransactionResult::Error(error) if faulty => UserReply::Faulty(error),
        _ => whole(result),
    }
}

/// Collected segments as the user sees them.
pub(crate) fn parts(segments: &[(u16, Held)]) -> Vec<SegmentResult<'_>> {
    segments
        .iter()
        .map(|(number, result)| SegmentResult {
            number: *number,
            result,
        })
        .collect()
}

/// A result that waits for the others of its call.
#[derive(Debug)]
pub(crate) enum Outcome {
    Whole(TransactionResult<'static>),
    Faulty(ErrorDescriptor<'static>),
    Segments(Vec<(u16, Held)>),
    SegmentTimeout(Vec<u16>, Vec<(u16, Held)>),
    WrongMid(Mid, Option<Mid>, TransactionResult<'static>),
    Timeout,
    PendingLimit,
    Failed(Reason),
}
