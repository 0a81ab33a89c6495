//! Stands where the BER codec will: refuses everything.

use megaphone_h248::error::{Problem, SyntaxError};
use megaphone_h248::model::{ActionRequest, MId, Message, Transaction};
use megaphone_h248::{Arena, DecodeError, Decoded, EncodeError, Limits};

const ABSENT: EncodeError = EncodeError::NotRepresentable("this");

#[derive(Default)]
pub(super) enum BerProfile {
    #[default]
    Standard,
    Otp,
}

#[derive(Default)]
pub(super) struct BerConfig {
    pub profile: BerProfile,
    pub reserved: u8,
}

pub(super) fn decode<'a>(
    _: &'a [u8],
    _: &'a Arena,
    _: &Limits,
    config: &BerConfig,
) -> Result<Decoded<'a>, DecodeError> {
    let BerConfig {
        profile: BerProfile::Standard | BerProfile::Otp,
        ..
    } = config;
    let error = SyntaxError {
        code: 400,
        position: megaphone_h248::error::Position::default(),
        problem: Problem::Unexpected("binary"),
    };
    Err(DecodeError { error, mini: None })
}

pub(super) fn encode(_: &Message<'_>, _: &BerConfig, _: &mut Vec<u8>) -> Result<(), EncodeError> {
    Err(ABSENT)
}

pub(super) fn encode_transaction(
    _: &Transaction<'_>,
    _: &BerConfig,
    _: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    Err(ABSENT)
}

pub(super) fn encode_action_request(
    _: &ActionRequest<'_>,
    _: &BerConfig,
    _: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    Err(ABSENT)
}

pub(super) fn join_request(_: u32, _: &[&[u8]], _: &mut Vec<u8>) {}

pub(super) fn join_message(
    _: u8,
    _: &MId<'_>,
    _: &BerConfig,
    _: &[&[u8]],
    _: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    Err(ABSENT)
}
