//! What can go wrong in a codec, in types: where in the input, which error code of the standard, what was expected.
//!
//! Decoding has three outcomes (RFC 3525 8.2.2). A clean message; a message with [`Fault`]s, each confined to one
//! transaction, action or command while the rest was decoded; or a [`DecodeError`] that leaves nothing but, perhaps,
//! the version and sender that the mini decoder found.

use core::fmt;

use crate::model::{ContextId, ErrorDescriptor, MId, Message, Quoted, TransactionId};

/// Bytes that cannot be the atom they were offered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}")]
pub struct InvalidAtom {
    /// The kind of atom.
    pub kind: &'static str,
}

/// Where a byte is in the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    /// Bytes before it. Equal to the input's length when the input ended too early; never more.
    pub offset: usize,
    /// Line, from 1. In BER always 1.
    pub line: u32,
    /// Column in bytes, from 1. In BER the offset plus 1.
    pub column: u32,
}

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Something else should stand here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// The element does not belong here, or nothing is known by that name.
    #[error("unexpected {0}")]
    Unexpected(&'static str),
    /// The element may stand only once.
    #[error("{0} appears twice")]
    Repeated(&'static str),
    /// The element is required.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A number or length is outside its range.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// A configured limit was reached; the name is that of the field in [`Limits`](crate::Limits).
    #[error("limit {0} exceeded")]
    Limit(&'static str),
    /// The protocol version is not one of those spoken here.
    #[error("unsupported version {0}")]
    Version(u8),
}

/// A problem, where it is, and the standard's error code for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {problem} at line {}, column {} (offset {})", .position.line, .position.column, .position.offset)]
pub struct SyntaxError {
    /// The error code to answer with (RFC 3525 7.1.19; 400, 403, 422, 442, 448, ...).
    pub code: u16,
    /// Where.
    pub position: Position,
    /// What.
    pub problem: Problem,
}

impl SyntaxError {
    /// The descriptor to answer with. Its text is always encodable: it quotes nothing from the input.
    #[must_use]
    pub fn descriptor(&self) -> ErrorDescriptor<'static> {
        let text = format!(
            "{} on line {} column {}",
            self.problem, self.position.line, self.position.column
        );
        ErrorDescriptor {
            code: self.code,
            text: Quoted::try_from(text).ok(),
        }
    }
}

/// The unit of a message that an error is confined to, and where that unit would have been.
///
/// Positions are execution order: `index` counts the siblings that were decoded before the faulty unit, so that a
/// processor carries out `index` siblings, meets the fault, and then decides about the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A transaction (403).
    Transaction {
        /// Transactions before it.
        index: usize,
        /// Its kind.
        kind: TransactionKind,
        /// Its number, if it could be read. A request with a number stands in the message at `index`, with the
        /// actions that could be decoded; any other faulty transaction does not.
        id: Option<TransactionId>,
    },
    /// An action (422).
    Action {
        /// The transaction it is in.
        transaction: usize,
        /// Actions before it.
        index: usize,
        /// Its context, if it could be read; then it stands in the transaction at `index`, with the commands that
        /// could be decoded. Otherwise it does not.
        context: Option<ContextId>,
    },
    /// A command (442 and its more specific relatives). It does not stand in the action.
    Command {
        /// The transaction it is in.
        transaction: usize,
        /// The action it is in.
        action: usize,
        /// Commands before it.
        index: usize,
        /// It was marked `O-`: the commands after it are to be carried out all the same.
        optional: bool,
    },
}

impl Scope {
    /// The index of the transaction that the fault is in.
    #[must_use]
    pub fn transaction(&self) -> usize {
        match *self {
            Self::Transaction { index, .. } => index,
            Self::Action { transaction, .. } | Self::Command { transaction, .. } => transaction,
        }
    }
}

/// The kinds of transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum TransactionKind {
    Request,
    Reply,
    Pending,
    ResponseAck,
    SegmentReply,
    /// Its first word could not be read.
    Unknown,
}

/// An error confined to one unit of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which unit.
    pub scope: Scope,
    /// What happened.
    pub error: SyntaxError,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

/// A decoded message with the faults of its parts, in input order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// Everything that could be decoded.
    pub message: Message<'a>,
    /// Empty in a clean message.
    pub faults: Vec<Fault>,
}

impl<'a> Decoded<'a> {
    /// The message, if it is clean.
    ///
    /// # Errors
    /// The first fault otherwise.
    pub fn clean(self) -> Result<Message<'a>, Fault> {
        match self.faults.first() {
            None => Ok(self.message),
            Some(fault) => Err(*fault),
        }
    }
}

/// Version and sender: all that is needed to answer a message that could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MiniMessage {
    /// Protocol version as written, 0 to 99.
    pub version: u8,
    /// Who sent it.
    pub mid: MId<'static>,
}

/// A message that is unusable as a whole: 400, 406 or 413. (401 is for who knows the protocol's procedures, not its syntax.)
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct DecodeError {
    /// What happened.
    pub error: SyntaxError,
    /// Whom to tell, if that could be found out.
    pub mini: Option<Box<MiniMessage>>,
}

/// A message that cannot be written in the encoding asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The encoding has no form for it.
    #[error("{0} has no form in this encoding")]
    NotRepresentable(&'static str),
    /// The standard wants at least one item or part here.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A number is outside its range.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
}
