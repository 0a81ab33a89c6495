//! The text encoders: `pretty` (long tokens, tabs, line feeds) and `compact` (short tokens, no white space).
//!
//! Messages can be put together from parts that were encoded before: a transaction once and for all its re-sends, a
//! list of actions once and for many transactions, action replies one by one to be grouped into segments. A part is
//! plain bytes; its length is its contribution to the message.

mod audit;
mod command;
mod context;
mod event;
mod media;
mod message;
mod service_change;
mod writer;

use self::writer::Writer;
use crate::error::EncodeError;
use crate::model::{
    ActionReply, ActionRequest, AuthenticationHeader, MId, Message, Segment, Transaction,
    TransactionId,
};

/// Which of the two text encodings to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// For humans.
    Pretty,
    /// For the wire.
    Compact,
}

/// What stands before the body of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// See [`Message::auth_header`].
    pub auth_header: Option<AuthenticationHeader>,
    /// See [`Message::version`].
    pub version: u8,
    /// See [`Message::mid`].
    pub mid: MId<'a>,
}

/// What stands before the action replies of a transaction reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyHeader {
    /// The request's number.
    pub transaction_id: TransactionId,
    /// Ask for an acknowledgement.
    pub imm_ack_required: bool,
    /// Which segment this is.
    pub segment: Option<Segment>,
}

macro_rules! write {
    ($layout:expr, $out:expr, |$writer:ident| $body:expr) => {
        match $layout {
            Layout::Pretty => {
                let mut $writer = Writer::<true>::new($out);
                $body;
                $writer.finish()
            }
            Layout::Compact => {
                let mut $writer = Writer::<false>::new($out);
                $body;
                $writer.finish()
            }
        }
    };
}

/// Appends a message to `out`.
///
/// # Errors
/// [`EncodeError`] when a part has no form in text or says nothing; `out` is then as it was.
pub fn encode(message: &Message<'_>, layout: Layout, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    write!(layout, out, |writer| writer.message(message))
}

/// Appends one transaction to `out`, to be put into a message by [`join_message`].
///
/// # Errors
/// As [`encode`].
pub fn encode_transaction(
    transaction: &Transaction<'_>,
    layout: Layout,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    write!(layout, out, |writer| writer.transaction(transaction))
}

/// Appends one action to `out`, to be put into a transaction by [`join_request`].
///
/// # Errors
/// As [`encode`].
pub fn encode_action(
    action: &ActionRequest<'_>,
    layout: Layout,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    write!(layout, out, |writer| {
        writer.depth = 1;
        writer.action(action);
    })
}

/// Appends one action reply to `out`, to be put into a transaction by [`join_reply`].
///
/// # Errors
/// As [`encode`].
pub fn encode_action_reply(
    reply: &ActionReply<'_>,
    layout: Layout,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    write!(layout, out, |writer| {
        writer.depth = 1;
        writer.action_reply(reply);
    })
}

/// Appends a transaction request made of encoded actions.
///
/// # Errors
/// [`EncodeError::Empty`] without actions.
pub fn join_request(
    id: TransactionId,
    actions: &[&[u8]],
    layout: Layout,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    write!(layout, out, |writer| writer.join_request(id, actions))
}

/// Appends a transaction reply made of encoded action replies.
///
/// # Errors
/// [`EncodeError::Empty`] without replies.
pub fn join_reply(
    header: ReplyHeader,
    replies: &[&[u8]],
    layout: Layout,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    write!(layout, out, |writer| writer.join_reply(header, replies))
}

/// Appends a message made of encoded transactions.
///
/// # Errors
/// [`EncodeError::Empty`] without transactions.
pub fn join_message(
    header: &Header<'_>,
    transactions: &[&[u8]],
    layout: Layout,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    write!(layout, out, |writer| writer
        .join_message(header, transactions))
}
