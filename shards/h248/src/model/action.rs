//! Actions: what is done to one context, and the context's own properties, topology and audit.

#[cfg(feature = "serde")]
use serde::Serialize;

use super::{
    CommandReply, CommandRequest, ErrorDescriptor, IndAudPropertyParm, List, PropertyParm,
    StreamId, TerminationId,
};

/// A context's number with its three special values (RFC 3525 6.1.2 and annex A).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ContextId(pub u32);

impl ContextId {
    /// `-`: the null context, of terminations that are in none.
    pub const NULL: Self = Self(0);
    /// `$`: the gateway is to choose one.
    pub const CHOOSE: Self = Self(0xFFFF_FFFE);
    /// `*`: every context.
    pub const ALL: Self = Self(0xFFFF_FFFF);
}

/// `ActionRequest` (RFC 3525 8.1, 8.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ActionRequest<'a> {
    /// The context.
    pub context_id: ContextId,
    /// Changes to the context itself. `None` rather than an empty request.
    pub context_request: Option<ContextRequest<'a>>,
    /// Questions about the context itself. `None` rather than an empty request.
    pub context_attr_audit: Option<ContextAttrAuditRequest<'a>>,
    /// Carried out in this order until one that is not optional fails.
    pub commands: List<'a, CommandRequest<'a>>,
}

impl<'a> ActionRequest<'a> {
    /// Commands for a context and nothing else.
    pub fn new(context_id: ContextId, commands: impl Into<List<'a, CommandRequest<'a>>>) -> Self {
        Self {
            context_id,
            context_request: None,
            context_attr_audit: None,
            commands: commands.into(),
        }
    }
}

/// `ActionReply` (RFC 3525 8.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ActionReply<'a> {
    /// The context; specific even when the request said "choose".
    pub context_id: ContextId,
    /// Why the action ended early; it comes last on the wire.
    pub error: Option<ErrorDescriptor<'a>>,
    /// The context's own properties. `None` rather than an empty reply.
    pub context_reply: Option<ContextRequest<'a>>,
    /// One reply per command carried out.
    pub commands: List<'a, CommandReply<'a>>,
}

impl<'a> ActionReply<'a> {
    /// Replies for a context and nothing else.
    pub fn new(context_id: ContextId, commands: impl Into<List<'a, CommandReply<'a>>>) -> Self {
        Self {
            context_id,
            error: None,
            context_reply: None,
            commands: commands.into(),
        }
    }
}

/// `ContextRequest`: properties of a context, to set or as reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ContextRequest<'a> {
    /// 0 (lowest) to 15.
    pub priority: Option<u8>,
    /// `Emergency` or `EmergencyOff` (the latter from version 2 on).
    pub emergency: Option<bool>,
    /// Who hears whom.
    pub topology: List<'a, TopologyRequest<'a>>,
    /// International emergency preference scheme call (version 3).
    pub ieps_call_ind: Option<bool>,
    /// Package defined properties of the context (version 3).
    pub context_prop: List<'a, PropertyParm<'a>>,
    /// Contexts that an audit of all contexts selected (version 3).
    pub context_list: List<'a, ContextId>,
}

/// `TopologyRequest` (RFC 3525 7.1.18).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct TopologyRequest<'a> {
    /// Termination A.
    pub from: TerminationId<'a>,
    /// Termination B.
    pub to: TerminationId<'a>,
    /// The relation between them.
    pub direction: TopologyDirection,
    /// Only for this stream (version 2).
    pub stream: Option<StreamId>,
    /// A refinement of `Oneway` (version 3).
    pub extension: Option<TopologyDirectionExtension>,
}

/// `topologyDirection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum TopologyDirection {
    /// Media flows both ways.
    Bothway,
    /// No media flows.
    Isolate,
    /// Media flows from A to B.
    Oneway,
}

/// `topologyDirectionExtension` (version 3). Text writes it in place of `Oneway`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum TopologyDirectionExtension {
    /// What A receives from outside goes to B.
    OnewayExternal,
    /// What A receives and what A sends go to B.
    OnewayBoth,
}

/// `ContextAttrAuditRequest`: questions about contexts, with selection in version 3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ContextAttrAuditRequest<'a> {
    /// Report the topology.
    pub topology: bool,
    /// Report the emergency indicator.
    pub emergency: bool,
    /// Report the priority.
    pub priority: bool,
    /// Report the IEPS indicator (version 3).
    pub ieps_call_ind: bool,
    /// Report, or select by, package defined properties (version 3).
    pub context_prop: List<'a, IndAudPropertyParm<'a>>,
    /// Only contexts of this priority (version 3).
    pub select_priority: Option<u8>,
    /// Only contexts with or without the emergency indicator (version 3).
    pub select_emergency: Option<bool>,
    /// Only contexts with or without the IEPS indicator (version 3).
    pub select_ieps_call_ind: Option<bool>,
    /// How the selections combine (version 3).
    pub select_logic: SelectLogic,
}

/// `SelectLogic` (version 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum SelectLogic {
    /// All conditions hold; what an absent `SelectLogic` means.
    #[default]
    And,
    /// At least one condition holds.
    Or,
}
