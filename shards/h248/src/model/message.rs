//! Messages and transactions: the outer shells, from the header down to the list of actions.

#[cfg(feature = "serde")]
use serde::Serialize;

use super::{ActionReply, ActionRequest, List, MId, Quoted};

/// A transaction's number, unique per sender (RFC 3525 8.1).
pub type TransactionId = u32;

/// `MegacoMessage`: one protocol data unit (RFC 3525 annex A and 8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct Message<'a> {
    /// The interim authentication header (RFC 3525 10.2); carried, never verified here.
    pub auth_header: Option<AuthenticationHeader>,
    /// Protocol version, 0 to 99; the codecs know 1 to 3.
    pub version: u8,
    /// Who sent it.
    pub mid: MId<'a>,
    /// What it says.
    pub body: MessageBody<'a>,
}

impl<'a> Message<'a> {
    /// A message of transactions without an authentication header.
    pub fn new(
        version: u8,
        mid: MId<'a>,
        transactions: impl Into<List<'a, Transaction<'a>>>,
    ) -> Self {
        Self {
            auth_header: None,
            version,
            mid,
            body: MessageBody::Transactions(transactions.into()),
        }
    }

    /// A message that is one error descriptor.
    #[must_use]
    pub fn error(version: u8, mid: MId<'a>, error: ErrorDescriptor<'a>) -> Self {
        Self {
            auth_header: None,
            version,
            mid,
            body: MessageBody::Error(error),
        }
    }

    /// The transactions; none when the message is an error.
    #[must_use]
    pub fn transactions(&self) -> &[Transaction<'a>] {
        match &self.body {
            MessageBody::Transactions(transactions) => transactions,
            MessageBody::Error(_) => &[],
        }
    }
}

/// `messageBody`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum MessageBody<'a> {
    /// The answer to a message that could not be used.
    Error(ErrorDescriptor<'a>),
    /// One transaction or more.
    Transactions(List<'a, Transaction<'a>>),
}

/// `AuthenticationHeader` (RFC 3525 10.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct AuthenticationHeader {
    /// Security parameters index.
    pub sec_parm_index: [u8; 4],
    /// Sequence number.
    pub seq_num: [u8; 4],
    /// Integrity check value.
    pub auth_data: AuthData,
}

/// `AuthData`: 12 to 32 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AuthData {
    octets: [u8; 32],
    len: u8,
}

impl AuthData {
    /// 12 to 32 octets, or `None`.
    #[must_use]
    pub fn new(octets: &[u8]) -> Option<Self> {
        if !(12..=32).contains(&octets.len()) {
            return None;
        }
        let mut data = Self {
            octets: [0; 32],
            len: octets.len() as u8,
        };
        data.octets[..octets.len()].copy_from_slice(octets);
        Some(data)
    }

    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}

/// `Transaction` (RFC 3525 8).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum Transaction<'a> {
    /// Actions to carry out.
    Request(TransactionRequest<'a>),
    /// "Still working on it".
    Pending(TransactionId),
    /// The outcome, or a segment of it (version 3).
    Reply(TransactionReply<'a>),
    /// Replies that arrived; ranges are kept as ranges.
    ResponseAck(List<'a, TransactionAck>),
    /// A segment of a reply that arrived (version 3).
    SegmentReply(SegmentReply),
}

/// `TransactionRequest` (RFC 3525 8.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct TransactionRequest<'a> {
    /// Its number, not 0.
    pub transaction_id: TransactionId,
    /// Carried out in this order.
    pub actions: List<'a, ActionRequest<'a>>,
}

/// `TransactionReply` (RFC 3525 8.2.2; segments: H.248.1 v3 8.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct TransactionReply<'a> {
    /// The request's number; 0 when it could not be read.
    pub transaction_id: TransactionId,
    /// The sender wants an acknowledgement at once (RFC 3525 D.1.2.2).
    pub imm_ack_required: bool,
    /// Which segment of a segmented reply this is; `None` when it is whole.
    pub segment: Option<Segment>,
    /// The outcome.
    pub result: TransactionResult<'a>,
}

/// `segmentNumber` and `segmentationComplete` (version 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct Segment {
    /// 1 and up.
    pub number: u16,
    /// This is the last one.
    pub complete: bool,
}

/// `transactionResult`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum TransactionResult<'a> {
    /// The transaction failed as a whole.
    Error(ErrorDescriptor<'a>),
    /// One reply per action carried out.
    ActionReplies(List<'a, ActionReply<'a>>),
}

/// `TransactionAck`: one number or an inclusive range of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct TransactionAck {
    /// The first number.
    pub first: TransactionId,
    /// The last number of a range; as written on the wire, so it may even lie below `first`.
    pub last: Option<TransactionId>,
}

/// `SegmentReply` (version 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct SegmentReply {
    /// The request's number.
    pub transaction_id: TransactionId,
    /// The segment that arrived.
    pub segment: Segment,
}

/// `ErrorDescriptor` (RFC 3525 7.1.19).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ErrorDescriptor<'a> {
    /// See [`codes`](crate::codes).
    pub code: u16,
    /// A text for humans.
    pub text: Option<Quoted<'a>>,
}
