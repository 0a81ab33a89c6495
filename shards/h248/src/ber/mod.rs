//! Annex A: BER straight into the model and out of it, versions 1 to 3; text is another module, and there is no third tree.
//!
//! The ASN.1 of RFC 3525 Annex A and of H.248.1 versions 2 and 3 is one family: later versions only add components
//! behind extension marks, so one decoder and one encoder serve all three. What a message says that its version does
//! not know is written as the extension it is, and unknown extensions are passed over (X.680, AUTOMATIC TAGS).
//!
//! ```text
//!   input --read::Reader--> decode --+--> model::Message        names, values, ids: names.rs, value.rs
//!                                    '--> faults                 (package table, termination id layout)
//!   model::Message --> encode --write::Writer--> Vec<u8>
//! ```
//!
//! # Values
//! A package value is BER in an OCTET STRING: encoded by its type first, then wrapped (RFC 3525 A.2, note 4).
//! Erlang/OTP wraps the text of the value instead. [`BerProfile`] chooses what is written; both are understood, for
//! the first octet tells them apart: printable text never begins with the tags that A.2 allows.
//!
//! # What BER cannot say
//! Whether a value was quoted (it comes back as a token when it can be one), letter case of names the package table
//! knows, line ends of SDP ([`BerConfig::sdp_line_end`]), and empty lines in it. All else round-trips.

mod decode;
mod encode;
mod header;
mod names;
mod read;
#[cfg(test)]
mod tests;
mod value;
mod write;

use crate::error::{DecodeError, Decoded, EncodeError, MiniMessage};
use crate::model::{ActionReply, ActionRequest, Message, Transaction, TransactionId};
use crate::package::PackageTable;
use crate::termination_id::TerminationIdLayout;
use crate::text::{Header, ReplyHeader};
use crate::{Arena, Limits};

/// How package values are wrapped when writing. Reading understands both.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum BerProfile {
    /// As RFC 3525 A.2 demands: BER by type inside the OCTET STRING.
    #[default]
    Standard,
    /// As Erlang/OTP does: the value's text inside the OCTET STRING, and `sublist FALSE` with alternatives.
    Otp,
}

/// What ends an SDP line that comes out of property groups.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SdpLineEnd {
    /// LF: what RFC 3525's examples and most gateways show.
    #[default]
    Lf,
    /// CR LF, as RFC 4566 has it.
    CrLf,
}

impl SdpLineEnd {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// What the two ends of a BER association have to agree on beforehand.
#[derive(Clone, Debug, Default)]
pub struct BerConfig {
    /// How values are written.
    pub profile: BerProfile,
    /// How termination ids map to names.
    pub termination_ids: TerminationIdLayout,
    /// The packages known by name.
    pub packages: PackageTable,
    /// Line ends of SDP read from property groups.
    pub sdp_line_end: SdpLineEnd,
}

/// Decodes a message.
///
/// Faults inside a transaction, action or command are confined to it (RFC 3525 8.2.2): lengths keep the decoder in step.
///
/// # Errors
/// [`DecodeError`] when the message is unusable as a whole; it names version and sender when those could be read.
pub fn decode<'a>(
    input: &'a [u8],
    arena: &'a Arena,
    limits: &Limits,
    config: &BerConfig,
) -> Result<Decoded<'a>, DecodeError> {
    decode::message(input, arena, limits, config)
}

/// Reads version and sender and nothing behind them; `None` when even those cannot be read.
pub fn decode_mini(input: &[u8], config: &BerConfig) -> Option<MiniMessage> {
    decode::mini(input, config)
}

/// Appends a message to `out`. On error `out` is as it was.
///
/// # Errors
/// [`EncodeError`] when a part has no binary form: a name without a number, a termination id outside the layout, an
/// extension token, a body that is not SDP, a number out of its range.
pub fn encode(
    message: &Message<'_>,
    config: &BerConfig,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    restoring(out, |out| encode::message(message, config, out))
}

/// Appends one transaction to `out`, to be put into a message by [`join_message`].
///
/// # Errors
/// As [`encode`].
pub fn encode_transaction(
    transaction: &Transaction<'_>,
    config: &BerConfig,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    restoring(out, |out| encode::transaction(transaction, config, out))
}

/// Appends one action to `out`, to be put into a transaction by [`join_request`].
///
/// # Errors
/// As [`encode`].
pub fn encode_action(
    action: &ActionRequest<'_>,
    config: &BerConfig,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    restoring(out, |out| encode::action_request(action, config, out))
}

/// Appends one action reply to `out`, to be put into a transaction by [`join_reply`].
///
/// # Errors
/// As [`encode`].
pub fn encode_action_reply(
    reply: &ActionReply<'_>,
    config: &BerConfig,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    restoring(out, |out| encode::action_reply(reply, config, out))
}

/// Appends a transaction request made of encoded actions.
///
/// # Errors
/// [`EncodeError::Empty`] without actions.
pub fn join_request(
    id: TransactionId,
    actions: &[&[u8]],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    encode::join_request(id, actions, out)
}

/// Appends a transaction reply made of encoded action replies.
///
/// # Errors
/// [`EncodeError::Empty`] without replies.
pub fn join_reply(
    header: ReplyHeader,
    replies: &[&[u8]],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    encode::join_reply(header, replies, out)
}

/// Appends a message made of encoded transactions.
///
/// # Errors
/// [`EncodeError::Empty`] without transactions, [`EncodeError::OutOfRange`] for a version above 99.
pub fn join_message(
    header: &Header<'_>,
    transactions: &[&[u8]],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    restoring(out, |out| encode::join_message(header, transactions, out))
}

fn restoring(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let before = out.len();
    let result = write(out);
    if result.is_err() {
        out.truncate(before);
    }
    result
}
