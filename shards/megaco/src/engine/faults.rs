//! Faulty parts of a message (RFC 3525 8.2.2): what of a request is still executed, and which error ends its reply.

use super::Engine;
use super::receive::Source;
use crate::trace::{self, Way};
use megaphone_h248::Fault;
use megaphone_h248::error::{Scope, TransactionKind};
use megaphone_h248::model::{
    ActionReply, ActionRequest, ContextId, ErrorDescriptor, List, TransactionRequest,
    TransactionResult,
};
use megaphone_wheel::Tick;

/// Where the first error of a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The end of the transaction could not be found (403).
    Transaction,
    /// The action at this position (422), which has commands that can be executed if it has a context.
    Action(usize, Option<ContextId>),
    /// The command at this position of the action at that one (442), optional or not.
    Command(usize, usize, bool),
}

/// The error of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub broken: Broken,
    pub error: ErrorDescriptor<'static>,
}

/// How a reply ends when its request was not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Without any action reply, the error is the whole reply; otherwise it is one of the null context at the end.
    Last(ErrorDescriptor<'static>),
    /// An action reply of its own at the end.
    Context(ContextId, ErrorDescriptor<'static>),
    /// The error of the action reply at this position, after its command replies.
    Within(usize, ErrorDescriptor<'static>),
}

/// The errors of a message, by transaction.
#[derive(Debug, Default)]
pub(super) struct Notes {
    by_transaction: Vec<(usize, Note)>,
    nameless: Vec<ErrorDescriptor<'static>>,
    /// Codes of replies that do not even stand in the message: their requests wait on.
    lost_replies: Vec<u16>,
}

/// Sorts a message's faults: the first of each request counts, for execution ends there.
pub(super) fn notes(faults: &[Fault]) -> Notes {
    let mut notes = Notes::default();
    for fault in faults {
        let error = || fault.error.descriptor();
        let broken = match fault.scope {
            Scope::Transaction {
                kind: TransactionKind::Request,
                id: Some(_),
                ..
            } => Broken::Transaction,
            Scope::Transaction {
                kind: TransactionKind::Request | TransactionKind::Unknown,
                ..
            } => {
                notes.nameless.push(error());
                continue;
            }
            Scope::Transaction {
                kind: TransactionKind::Reply,
                ..
            } => {
                notes.lost_replies.push(fault.error.code);
                continue;
            }
            // A faulty reply, Pending or acknowledgement is not answered: two peers would answer each other for ever.
            Scope::Transaction { .. } => continue,
            Scope::Action { index, context, .. } => Broken::Action(index, context),
            Scope::Command {
                action,
                index,
                optional,
                ..
            } => Broken::Command(action, index, optional),
        };
        let at = fault.scope.transaction();
        if notes
            .by_transaction
            .last()
            .is_none_or(|(last, _)| *last != at)
        {
            notes.by_transaction.push((
                at,
                Note {
                    broken,
                    error: error(),
                },
            ));
        }
    }
    notes
}

impl Notes {
    pub(super) fn take(&mut self, transaction: usize) -> Option<Note> {
        let at = self
            .by_transaction
            .iter()
            .position(|(of, _)| *of == transaction)?;
        Some(self.by_transaction.swap_remove(at).1)
    }

    /// What is left when every transaction has taken its own: errors of requests without an id, and codes of lost replies.
    pub(super) fn rest(self) -> (Vec<ErrorDescriptor<'static>>, Vec<u16>) {
        (self.nameless, self.lost_replies)
    }
}

impl Note {
    /// The part of the request to execute, and how its reply ends.
    pub(super) fn cut<'m>(
        self,
        request: &TransactionRequest<'m>,
    ) -> (Vec<ActionRequest<'m>>, Tail) {
        let actions = &request.actions;
        let before = |index: usize| actions.iter().take(index).cloned().collect::<Vec<_>>();
        let (mut kept, at) = match self.broken {
            Broken::Transaction => return (actions.to_vec(), Tail::Last(self.error)),
            Broken::Action(index, None) => return (before(index), Tail::Last(self.error)),
            Broken::Action(index, Some(_)) => (before(index + 1), index),
            Broken::Command(action, _, true) => (before(actions.len()), action),
            Broken::Command(action, index, false) => {
                let mut kept = before(action + 1);
                if let Some(last) = kept.last_mut() {
                    last.commands = last.commands.iter().take(index).cloned().collect();
                }
                (kept, action)
            }
        };
        let context = kept
            .get(at)
            .map_or(ContextId::NULL, |action| action.context_id);
        // An action of which nothing is left is not executed, only answered.
        if kept
            .get(at)
            .is_none_or(|action| is_empty(std::slice::from_ref(action)))
        {
            kept.truncate(at);
            return (kept, Tail::Context(context, self.error));
        }
        (kept, Tail::Within(at, self.error))
    }
}

/// Whether there is anything to execute.
pub(super) fn is_empty(actions: &[ActionRequest<'_>]) -> bool {
    actions.iter().all(|action| {
        action.commands.is_empty()
            && action.context_request.is_none()
            && action.context_attr_audit.is_none()
    })
}

/// Ends a user's result with the error of its request.
pub(super) fn ended<'m>(result: TransactionResult<'m>, tail: &Tail) -> TransactionResult<'m> {
    let TransactionResult::ActionReplies(replies) = result else {
        return result;
    };
    let mut replies = replies.to_vec();
    let (context, error) = match tail {
        Tail::Last(error) if replies.is_empty() => return TransactionResult::Error(error.clone()),
        Tail::Last(error) => (ContextId::NULL, error),
        Tail::Context(context, error) => (*context, error),
        Tail::Within(at, error) => {
            if let Some(reply) = replies.get_mut(*at).filter(|reply| reply.error.is_none()) {
                reply.error = Some(error.clone());
                return TransactionResult::ActionReplies(List::Owned(replies));
            }
            (ContextId::NULL, error)
        }
    };
    replies.push(ActionReply {
        error: Some(error.clone()),
        ..ActionReply::new(context, List::EMPTY)
    });
    TransactionResult::ActionReplies(List::Owned(replies))
}

impl Engine {
    /// The peer's reply has a fault.
    pub(super) fn count_faulty_reply(&mut self, now: Tick, place: u32, code: u16) {
        self.totals.faulty_replies += 1;
        self.count_error(Some(place));
        self.trace(
            now,
            trace::IMPORTANT,
            Some(place),
            Way::In,
            "faulty reply",
            None,
            format_args!("{code}"),
        );
    }

    /// A transaction without a readable id is answered under id 0 (RFC 3525 8.1.1).
    pub(super) fn answer_nameless(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        error: ErrorDescriptor<'static>,
    ) {
        self.count_error(Some(place));
        self.send_plain_reply(
            now,
            place,
            source,
            version,
            0,
            TransactionResult::Error(error),
        );
    }
}
