//! Service change parameters (RFC 3525 7.2.8) and non-standard data.

#[cfg(feature = "serde")]
use serde::Serialize;

use super::{AuditDescriptor, List, MId, Parameter, Ref, TimeNotation, Token, Value};

/// `ServiceChangeParm`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ServiceChangeParm<'a> {
    /// What happens.
    pub method: ServiceChangeMethod<'a>,
    /// Where to send later requests; not together with `mgc_id`.
    pub address: Option<ServiceChangeAddress<'a>>,
    /// Protocol version proposed.
    pub version: Option<u8>,
    /// Profile supported.
    pub profile: Option<ServiceChangeProfile<'a>>,
    /// Why: a decimal code and, after one blank, an optional text.
    pub reason: Value<'a>,
    /// When, in seconds from now.
    pub delay: Option<u32>,
    /// The controller to try next; not together with `address`.
    pub mgc_id: Option<MId<'a>>,
    /// The sender's time.
    pub time_stamp: Option<TimeNotation>,
    /// BER only.
    pub non_standard_data: Option<Ref<'a, NonStandardData<'a>>>,
    /// `X-...` and `X+...` parameters; text only.
    pub extensions: List<'a, Parameter<'a>>,
    /// `serviceChangeInfo`: what changed (version 2).
    pub info: Option<AuditDescriptor<'a>>,
    /// More of the same is to come (version 3).
    pub incomplete: bool,
}

impl<'a> ServiceChangeParm<'a> {
    /// The two parameters that every service change has.
    #[must_use]
    pub fn new(method: ServiceChangeMethod<'a>, reason: Value<'a>) -> Self {
        Self {
            method,
            address: None,
            version: None,
            profile: None,
            reason,
            delay: None,
            mgc_id: None,
            time_stamp: None,
            non_standard_data: None,
            extensions: List::EMPTY,
            info: None,
            incomplete: false,
        }
    }
}

/// `ServiceChangeMethod`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum ServiceChangeMethod<'a> {
    /// Another gateway or controller takes over.
    Failover,
    /// Out of service at once.
    Forced,
    /// Out of service when idle.
    Graceful,
    /// In service, after `delay`.
    Restart,
    /// Back after a loss of contact.
    Disconnected,
    /// Another controller takes over.
    HandOff,
    /// `X-...` or `X+...`; text only.
    Extension(Token<'a>),
}

/// `ServiceChangeAddress`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum ServiceChangeAddress<'a> {
    /// The same address, another port.
    Port(u16),
    /// Another address.
    MId(MId<'a>),
}

/// `ServiceChangeProfile`: a name and a version, `resgw/1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ServiceChangeProfile<'a> {
    /// The profile's name.
    pub name: Token<'a>,
    /// Its version, 0 to 99.
    pub version: u8,
}

/// `ServiceChangeResParm`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ServiceChangeResParm<'a> {
    /// Where to send later requests; not together with `mgc_id`.
    pub address: Option<ServiceChangeAddress<'a>>,
    /// Protocol version agreed on.
    pub version: Option<u8>,
    /// Profile agreed on.
    pub profile: Option<ServiceChangeProfile<'a>>,
    /// The controller to try instead; not together with `address`.
    pub mgc_id: Option<MId<'a>>,
    /// The sender's time.
    pub time_stamp: Option<TimeNotation>,
}

/// `NonStandardData` (BER only; text has extension parameters).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct NonStandardData<'a> {
    /// Whose data.
    pub identifier: NonStandardIdentifier<'a>,
    /// The data.
    pub data: List<'a, u8>,
}

/// `NonStandardIdentifier`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum NonStandardIdentifier<'a> {
    /// An object identifier: its content octets.
    Object(List<'a, u8>),
    /// A T.35 country and manufacturer.
    H221 {
        /// Country, first octet.
        country_code1: u8,
        /// Country, second octet.
        country_code2: u8,
        /// Assigned nationally.
        extension: u8,
        /// Assigned nationally.
        manufacturer_code: u16,
    },
    /// Eight characters that begin with `X-` or `X+`.
    Experimental([u8; 8]),
}
