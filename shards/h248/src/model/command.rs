//! The eight commands and their replies (RFC 3525 7.2).

#[cfg(feature = "serde")]
use serde::Serialize;

use super::{
    AmmDescriptor, AuditDescriptor, AuditReturnParameter, ErrorDescriptor, List,
    ObservedEventsDescriptor, Ref, ServiceChangeParm, ServiceChangeResParm, TerminationId,
};

/// `TerminationIDList`: one termination, or several where version 3 allows it.
pub type TerminationIdList<'a> = List<'a, TerminationId<'a>>;

/// `CommandRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct CommandRequest<'a> {
    /// `O-`: its failure does not end the transaction.
    pub optional: bool,
    /// `W-`: one reply for all terminations that a wildcard matches.
    pub wildcard_return: bool,
    /// The command.
    pub command: Command<'a>,
}

impl<'a> From<Command<'a>> for CommandRequest<'a> {
    fn from(command: Command<'a>) -> Self {
        Self {
            optional: false,
            wildcard_return: false,
            command,
        }
    }
}

/// `Command`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum Command<'a> {
    /// Add a termination to a context.
    Add(AmmRequest<'a>),
    /// Move a termination from its context to this one.
    Move(AmmRequest<'a>),
    /// Change a termination.
    Modify(AmmRequest<'a>),
    /// Remove a termination from its context.
    Subtract(SubtractRequest<'a>),
    /// What could be.
    AuditCapability(AuditRequest<'a>),
    /// What is.
    AuditValue(AuditRequest<'a>),
    /// Events that were observed.
    Notify(NotifyRequest<'a>),
    /// Terminations that leave or enter service.
    ServiceChange(ServiceChangeRequest<'a>),
}

impl<'a> Command<'a> {
    /// The terminations it is about.
    #[must_use]
    pub fn terminations(&self) -> &[TerminationId<'a>] {
        match self {
            Self::Add(request) | Self::Move(request) | Self::Modify(request) => {
                &request.terminations
            }
            Self::Subtract(request) => &request.terminations,
            Self::AuditCapability(request) | Self::AuditValue(request) => &request.terminations,
            Self::Notify(request) => &request.terminations,
            Self::ServiceChange(request) => &request.terminations,
        }
    }
}

/// `AmmRequest`: the body of Add, Move and Modify.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct AmmRequest<'a> {
    /// The terminations.
    pub terminations: TerminationIdList<'a>,
    /// At most one of each kind.
    pub descriptors: List<'a, AmmDescriptor<'a>>,
}

/// `SubtractRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct SubtractRequest<'a> {
    /// The terminations.
    pub terminations: TerminationIdList<'a>,
    /// What to report about them.
    pub audit: Option<AuditDescriptor<'a>>,
}

/// `AuditRequest`. In BER a list of one is `terminationID`, a longer one adds `terminationIDList` (version 3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct AuditRequest<'a> {
    /// The terminations.
    pub terminations: TerminationIdList<'a>,
    /// What to report about them.
    pub audit: AuditDescriptor<'a>,
}

/// `NotifyRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct NotifyRequest<'a> {
    /// The terminations.
    pub terminations: TerminationIdList<'a>,
    /// The events.
    pub observed_events: ObservedEventsDescriptor<'a>,
    /// Why an event could not be handled.
    pub error: Option<ErrorDescriptor<'a>>,
}

/// `ServiceChangeRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ServiceChangeRequest<'a> {
    /// The terminations; `ROOT` for the whole gateway.
    pub terminations: TerminationIdList<'a>,
    /// Method, reason and the rest.
    pub parms: Ref<'a, ServiceChangeParm<'a>>,
}

/// `CommandReply`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum CommandReply<'a> {
    /// Answers Add.
    Add(AmmsReply<'a>),
    /// Answers Move.
    Move(AmmsReply<'a>),
    /// Answers Modify.
    Modify(AmmsReply<'a>),
    /// Answers Subtract.
    Subtract(AmmsReply<'a>),
    /// Answers AuditCapability.
    AuditCapability(AuditReply<'a>),
    /// Answers AuditValue.
    AuditValue(AuditReply<'a>),
    /// Answers Notify.
    Notify(NotifyReply<'a>),
    /// Answers ServiceChange.
    ServiceChange(ServiceChangeReply<'a>),
}

/// `AmmsReply`: the answer to Add, Move, Modify and Subtract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct AmmsReply<'a> {
    /// The terminations; specific even when the request said "choose".
    pub terminations: TerminationIdList<'a>,
    /// What was asked for, or an error.
    pub audit: TerminationAudit<'a>,
}

/// `TerminationAudit`.
pub type TerminationAudit<'a> = List<'a, AuditReturnParameter<'a>>;

/// `AuditReply`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum AuditReply<'a> {
    /// `AuditValue = Context { a, b }`: the terminations of a context.
    ContextAuditResult(TerminationIdList<'a>),
    /// `AuditValue = Context { Error ... }`.
    Error(ErrorDescriptor<'a>),
    /// What was asked for. In BER one termination is `auditResult`, more are `auditResultTermList` (version 3).
    AuditResult {
        /// The terminations.
        terminations: TerminationIdList<'a>,
        /// Their state.
        audit: TerminationAudit<'a>,
    },
}

/// `NotifyReply`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct NotifyReply<'a> {
    /// The terminations.
    pub terminations: TerminationIdList<'a>,
    /// Set when the notification failed.
    pub error: Option<ErrorDescriptor<'a>>,
}

/// `ServiceChangeReply`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ServiceChangeReply<'a> {
    /// The terminations.
    pub terminations: TerminationIdList<'a>,
    /// The outcome.
    pub result: ServiceChangeResult<'a>,
}

/// `ServiceChangeResult`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum ServiceChangeResult<'a> {
    /// Refused.
    Error(ErrorDescriptor<'a>),
    /// Accepted, with nothing more to say (text writes no `Services` then).
    Accepted,
    /// Accepted, with parameters of which at least one is present.
    Parms(Ref<'a, ServiceChangeResParm<'a>>),
}
