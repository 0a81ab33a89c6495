//! Audit requests: whole descriptors by bit, single items by name (version 2 and up).

#[cfg(feature = "serde")]
use serde::Serialize;

use super::{
    List, LocalRemoteDescriptor, ParmValue, PkgdName, Relation, RequestId, ServiceState, StreamId,
    StreamMode, Token,
};

/// `AuditDescriptor` (RFC 3525 7.1.12): descriptors to report, as a set, and single items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct AuditDescriptor<'a> {
    /// `auditToken`: whole descriptors. Empty: report nothing but the terminations.
    pub tokens: AuditTokens,
    /// `auditPropertyToken`: single items (version 2).
    pub parameters: List<'a, IndAuditParameter<'a>>,
}

/// One bit of `auditToken`; the discriminant is its BIT STRING position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
#[repr(u8)]
#[allow(missing_docs)]
pub enum AuditItem {
    Mux = 0,
    Modem = 1,
    Media = 2,
    Events = 3,
    Signals = 4,
    DigitMap = 5,
    Statistics = 6,
    ObservedEvents = 7,
    Packages = 8,
    EventBuffer = 9,
}

impl AuditItem {
    /// Every item, in the order of its bit.
    pub const EVERY: [Self; 10] = [
        Self::Mux,
        Self::Modem,
        Self::Media,
        Self::Events,
        Self::Signals,
        Self::DigitMap,
        Self::Statistics,
        Self::ObservedEvents,
        Self::Packages,
        Self::EventBuffer,
    ];
}

/// A set of [`AuditItem`]s: bit `n` stands for the item with discriminant `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct AuditTokens(pub u16);

impl AuditTokens {
    /// Whether the item is in the set.
    #[must_use]
    pub fn contains(self, item: AuditItem) -> bool {
        self.0 & (1 << item as u16) != 0
    }

    /// The set with the item.
    #[must_use]
    pub fn with(self, item: AuditItem) -> Self {
        Self(self.0 | 1 << item as u16)
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The items, in the order of their bits.
    pub fn iter(self) -> impl Iterator<Item = AuditItem> {
        AuditItem::EVERY
            .into_iter()
            .filter(move |&item| self.contains(item))
    }
}

/// `IndAuditParameter` (version 2): single items of a descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum IndAuditParameter<'a> {
    /// Parts of a media descriptor.
    Media(IndAudMediaDescriptor<'a>),
    /// One event.
    Events(IndAudEventsDescriptor<'a>),
    /// One buffered event.
    EventBuffer(IndAudEventBufferDescriptor<'a>),
    /// One signal or signal list.
    Signals(IndAudSignalsDescriptor<'a>),
    /// One digit map.
    DigitMap(IndAudDigitMapDescriptor<'a>),
    /// One statistic.
    Statistics(IndAudStatisticsDescriptor<'a>),
    /// One package.
    Packages(IndAudPackagesDescriptor<'a>),
}

/// `IndAudMediaDescriptor`; at least one part is present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudMediaDescriptor<'a> {
    /// Parts of the termination state.
    pub termination_state: Option<IndAudTerminationStateDescriptor<'a>>,
    /// Parts of streams.
    pub streams: IndAudStreams<'a>,
}

/// The streams of an [`IndAudMediaDescriptor`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum IndAudStreams<'a> {
    /// None asked for.
    #[default]
    None,
    /// The stream without a number.
    One(IndAudStreamParms<'a>),
    /// Numbered streams, at least one.
    Multi(List<'a, IndAudStreamDescriptor<'a>>),
}

/// `IndAudStreamDescriptor`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudStreamDescriptor<'a> {
    /// Its number.
    pub stream: StreamId,
    /// Which of its parts.
    pub parms: IndAudStreamParms<'a>,
}

/// `IndAudStreamParms`; at least one part is present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudStreamParms<'a> {
    /// Parts of local control.
    pub local_control: Option<IndAudLocalControlDescriptor<'a>>,
    /// Parts of the local descriptor.
    pub local: Option<IndAudLocalRemoteDescriptor<'a>>,
    /// Parts of the remote descriptor.
    pub remote: Option<IndAudLocalRemoteDescriptor<'a>>,
    /// One statistic (version 3).
    pub statistics: Option<IndAudStatisticsDescriptor<'a>>,
}

/// `IndAudLocalControlDescriptor`; at least one part is present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudLocalControlDescriptor<'a> {
    /// Report the mode, or select by it (version 3).
    pub stream_mode: Option<AuditSelect<StreamMode>>,
    /// Report the value reservation.
    pub reserve_value: bool,
    /// Report the group reservation.
    pub reserve_group: bool,
    /// Report, or select by, properties.
    pub property_parms: List<'a, IndAudPropertyParm<'a>>,
}

/// A part that is either reported or selected by (version 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum AuditSelect<T> {
    /// Report it.
    Report,
    /// Only terminations where it is this.
    Equal(T),
    /// Only terminations where it stands in this relation; text only.
    Relation(Relation, T),
}

/// `IndAudPropertyParm`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudPropertyParm<'a> {
    /// Package and property.
    pub name: PkgdName<'a>,
    /// Select by this value instead of reporting it (version 3).
    pub select: Option<ParmValue<'a>>,
}

/// `IndAudLocalRemoteDescriptor`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum IndAudLocalRemoteDescriptor<'a> {
    /// The text encoding's octets (version 3): SDP lines whose values are to be reported.
    Octets(LocalRemoteDescriptor<'a>),
    /// The binary encoding's properties.
    Properties {
        /// Of this group only.
        group: Option<u16>,
        /// The properties.
        property_parms: List<'a, IndAudPropertyParm<'a>>,
    },
}

/// `IndAudTerminationStateDescriptor`; at least one part is present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudTerminationStateDescriptor<'a> {
    /// Report, or select by, properties.
    pub property_parms: List<'a, IndAudPropertyParm<'a>>,
    /// Report whether events are buffered.
    pub event_buffer_control: bool,
    /// Report the service state, or select by it (version 3).
    pub service_state: Option<AuditSelect<ServiceState>>,
}

/// `IndAudEventsDescriptor`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudEventsDescriptor<'a> {
    /// Of this events descriptor.
    pub request_id: Option<RequestId>,
    /// Package and event.
    pub name: PkgdName<'a>,
    /// On this stream; BER only.
    pub stream: Option<StreamId>,
}

/// `IndAudEventBufferDescriptor`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudEventBufferDescriptor<'a> {
    /// Package and event.
    pub name: PkgdName<'a>,
    /// On this stream.
    pub stream: Option<StreamId>,
}

/// `IndAudSignalsDescriptor`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum IndAudSignalsDescriptor<'a> {
    /// One signal.
    Signal(IndAudSignal<'a>),
    /// One signal list, or one signal of it.
    SeqSigList(IndAudSeqSigList<'a>),
}

/// `IndAudSeqSigList`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudSeqSigList<'a> {
    /// The list's number.
    pub id: u16,
    /// One signal of it.
    pub signal: Option<IndAudSignal<'a>>,
}

/// `IndAudSignal`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudSignal<'a> {
    /// Package and signal.
    pub name: PkgdName<'a>,
    /// On this stream.
    pub stream: Option<StreamId>,
    /// Of this signal request (version 3).
    pub request_id: Option<RequestId>,
}

/// `IndAudDigitMapDescriptor`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudDigitMapDescriptor<'a> {
    /// The map's name; absent in BER only.
    pub name: Option<Token<'a>>,
}

/// `IndAudStatisticsDescriptor`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudStatisticsDescriptor<'a> {
    /// Package and statistic.
    pub name: PkgdName<'a>,
}

/// `IndAudPackagesDescriptor`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct IndAudPackagesDescriptor<'a> {
    /// The package's name.
    pub name: Token<'a>,
    /// Its version; 0 to 99 in BER.
    pub version: u16,
}
