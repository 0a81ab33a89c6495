//! The seam to the codecs: transactions are encoded once, kept as bytes, and put together into messages. No protocol state.

mod split;

pub(crate) use split::segments;

use crate::config::{Config, Encoding};
use crate::handle::ReceiveHandle;
use megaphone_h248::ber::{self, BerConfig, BerProfile};
use megaphone_h248::model::{
    ActionRequest, ErrorDescriptor, List, MId, Message, Segment, SegmentReply, Transaction,
    TransactionAck, TransactionReply, TransactionRequest, TransactionResult,
};
use megaphone_h248::text::{self, Header, Layout};
use megaphone_h248::{Arena, DecodeError, Decoded, EncodeError, Limits};
use megaphone_wheel::RangeSet;
use std::sync::{Arc, LazyLock};

static STANDARD: LazyLock<BerConfig> = LazyLock::new(BerConfig::default);
static OTP: LazyLock<BerConfig> = LazyLock::new(|| BerConfig {
    profile: BerProfile::Otp,
    ..BerConfig::default()
});

fn binary_config(otp_values: bool) -> &'static BerConfig {
    if otp_values { &OTP } else { &STANDARD }
}

/// How a connection's messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text(Layout),
    Binary { otp_values: bool },
}

impl Form {
    pub(crate) fn of(config: &Config) -> Self {
        Self::new(config.encoding_mod, config.otp_values)
    }

    pub(crate) fn new(encoding: Encoding, otp_values: bool) -> Self {
        match encoding {
            Encoding::Pretty => Self::Text(Layout::Pretty),
            Encoding::Compact => Self::Text(Layout::Compact),
            Encoding::Binary => Self::Binary { otp_values },
        }
    }

    /// The form of a message around transactions that were encoded before: `config`'s, unless they are of the other kind.
    fn around(config: &Config, binary: bool) -> Self {
        match Self::of(config) {
            Self::Text(_) if binary => Self::Binary { otp_values: false },
            Self::Binary { .. } if !binary => Self::Text(Layout::Compact),
            form => form,
        }
    }

    /// Appends one transaction.
    pub(crate) fn transaction(
        self,
        transaction: &Transaction<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Text(layout) => text::encode_transaction(transaction, layout, out),
            Self::Binary { otp_values } => {
                ber::encode_transaction(transaction, binary_config(otp_values), out)
            }
        }
    }

    pub(crate) fn message(
        self,
        message: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Text(layout) => text::encode(message, layout, out),
            Self::Binary { otp_values } => ber::encode(message, binary_config(otp_values), out),
        }
    }
}

pub(crate) fn decode<'a>(
    receive: &ReceiveHandle,
    limits: &Limits,
    bytes: &'a [u8],
    arena: &'a Arena,
) -> Result<Decoded<'a>, DecodeError> {
    match Form::new(receive.encoding_mod, receive.otp_values) {
        Form::Text(_) => text::decode(bytes, arena, limits),
        Form::Binary { otp_values } => ber::decode(bytes, arena, limits, binary_config(otp_values)),
    }
}

/// A request.
pub(crate) fn request(
    config: &Config,
    id: u32,
    actions: &[ActionRequest<'_>],
) -> Result<Arc<[u8]>, EncodeError> {
    let request = TransactionRequest {
        transaction_id: id,
        actions: List::Borrowed(actions),
    };
    let mut out = Vec::new();
    Form::of(config).transaction(&Transaction::Request(request), &mut out)?;
    Ok(out.into())
}

/// Actions without a request around them.
pub(crate) fn actions(
    config: &Config,
    actions: &[ActionRequest<'_>],
) -> Result<Vec<Box<[u8]>>, EncodeError> {
    let encoded = actions.iter().map(|action| {
        let mut out = Vec::new();
        match Form::of(config) {
            Form::Text(layout) => text::encode_action(action, layout, &mut out)?,
            Form::Binary { otp_values } => {
                ber::encode_action(action, binary_config(otp_values), &mut out)?
            }
        }
        Ok(out.into())
    });
    encoded.collect()
}

/// A request of actions that were encoded before.
pub(crate) fn request_of(
    config: &Config,
    id: u32,
    actions: &[Box<[u8]>],
) -> Result<Arc<[u8]>, EncodeError> {
    let actions: Vec<&[u8]> = actions.iter().map(|action| &**action).collect();
    let mut out = Vec::new();
    match Form::of(config) {
        Form::Text(layout) => text::join_request(id, &actions, layout, &mut out)?,
        Form::Binary { .. } => ber::join_request(id, &actions, &mut out)?,
    }
    Ok(out.into())
}

/// A reply, or a segment of one.
pub(crate) fn reply(
    config: &Config,
    id: u32,
    imm_ack_required: bool,
    segment: Option<Segment>,
    result: &TransactionResult<'_>,
) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    reply_into(config, id, imm_ack_required, segment, result, &mut out)?;
    Ok(out)
}

/// As [`reply`], behind what is in `out`, which is as before if it fails.
pub(crate) fn reply_into(
    config: &Config,
    id: u32,
    imm_ack_required: bool,
    segment: Option<Segment>,
    result: &TransactionResult<'_>,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let result = match result {
        TransactionResult::Error(error) => TransactionResult::Error(error.clone()),
        TransactionResult::ActionReplies(replies) => {
            TransactionResult::ActionReplies(List::Borrowed(replies))
        }
    };
    let reply = TransactionReply {
        transaction_id: id,
        imm_ack_required,
        segment,
        result,
    };
    let before = out.len();
    let written = Form::of(config).transaction(&Transaction::Reply(reply), out);
    if written.is_err() {
        out.truncate(before);
    }
    written
}

/// A Pending.
pub(crate) fn pending(config: &Config, id: u32) -> Vec<u8> {
    simple(config, &Transaction::Pending(id))
}

/// A segment's acknowledgement.
pub(crate) fn segment_reply(config: &Config, transaction_id: u32, segment: Segment) -> Vec<u8> {
    simple(
        config,
        &Transaction::SegmentReply(SegmentReply {
            transaction_id,
            segment,
        }),
    )
}

/// Acknowledgements, neighbours as ranges: 1, 2, 3, 4 is `1-4`.
pub(crate) fn acks(config: &Config, ids: &RangeSet<u32>) -> Vec<u8> {
    let ack = |(first, last)| TransactionAck {
        first,
        last: (first != last).then_some(last),
    };
    let ranges: Vec<TransactionAck> = ids.iter().map(ack).collect();
    simple(config, &Transaction::ResponseAck(ranges.into()))
}

/// Transactions made of numbers only, which every encoding can write.
fn simple(config: &Config, transaction: &Transaction<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let written = Form::of(config).transaction(transaction, &mut out);
    debug_assert!(written.is_ok(), "{written:?}");
    out
}

/// Appends a message of transactions that are all text or all binary.
pub(crate) fn message(
    config: &Config,
    binary: bool,
    version: u8,
    mid: &MId<'_>,
    parts: &[&[u8]],
    out: &mut Vec<u8>,
) {
    let header = Header {
        auth_header: None,
        version,
        mid: mid.clone(),
    };
    let written = match Form::around(config, binary) {
        Form::Text(layout) => text::join_message(&header, parts, layout, out),
        Form::Binary { .. } => ber::join_message(&header, parts, out),
    };
    debug_assert!(written.is_ok(), "{written:?}");
}

/// A message that is an error; `None` if even that has no form.
pub(crate) fn error_message(
    receive: &ReceiveHandle,
    version: u8,
    mid: &MId<'_>,
    error: &ErrorDescriptor<'_>,
) -> Option<Vec<u8>> {
    let message = Message::error(version, mid.clone(), error.clone());
    let mut out = Vec::new();
    Form::new(receive.encoding_mod, receive.otp_values)
        .message(&message, &mut out)
        .ok()?;
    Some(out)
}
