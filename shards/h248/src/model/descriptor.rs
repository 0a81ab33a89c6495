//! Descriptors: the parameters of commands and replies (RFC 3525 7.1).

#[cfg(feature = "serde")]
use serde::Serialize;

use super::{
    AuditDescriptor, AuditItem, DigitMapBody, ErrorDescriptor, EventBufferDescriptor,
    EventsDescriptor, List, NonStandardData, ObservedEventsDescriptor, OctetString, PkgdName, Ref,
    SignalsDescriptor, TerminationId, Token, Value,
};

/// A stream's number within a termination.
pub type StreamId = u16;

/// `AmmDescriptor`: what Add, Move and Modify may carry, at most one of each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum AmmDescriptor<'a> {
    /// Streams and termination state.
    Media(MediaDescriptor<'a>),
    /// Modem types; deprecated since version 2, Corrigendum 1.
    Modem(ModemDescriptor<'a>),
    /// Multiplexing.
    Mux(MuxDescriptor<'a>),
    /// Events to look for.
    Events(EventsDescriptor<'a>),
    /// Events to keep while the buffer is in lock step.
    EventBuffer(EventBufferDescriptor<'a>),
    /// Signals to play.
    Signals(SignalsDescriptor<'a>),
    /// A dial plan.
    DigitMap(DigitMapDescriptor<'a>),
    /// What to report.
    Audit(AuditDescriptor<'a>),
    /// Statistics to keep (version 3).
    Statistics(StatisticsDescriptor<'a>),
}

/// `AuditReturnParameter`: what a reply may carry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum AuditReturnParameter<'a> {
    /// Why something could not be done or reported.
    Error(ErrorDescriptor<'a>),
    /// Streams and termination state.
    Media(MediaDescriptor<'a>),
    /// Modem types.
    Modem(ModemDescriptor<'a>),
    /// Multiplexing.
    Mux(MuxDescriptor<'a>),
    /// Events looked for.
    Events(EventsDescriptor<'a>),
    /// Events kept.
    EventBuffer(EventBufferDescriptor<'a>),
    /// Signals being played.
    Signals(SignalsDescriptor<'a>),
    /// A dial plan.
    DigitMap(DigitMapDescriptor<'a>),
    /// Events seen.
    ObservedEvents(ObservedEventsDescriptor<'a>),
    /// Statistics.
    Statistics(StatisticsDescriptor<'a>),
    /// Packages supported.
    Packages(PackagesDescriptor<'a>),
    /// This descriptor is empty (`emptyDescriptors`; one per item, so that order survives every encoding).
    /// Decoders say so only of the descriptors that cannot be empty themselves: an empty events, event buffer,
    /// signals or statistics descriptor is its own variant without items.
    Empty(AuditItem),
}

/// `MediaDescriptor` (RFC 3525 7.1.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct MediaDescriptor<'a> {
    /// Properties of the termination as a whole.
    pub termination_state: Option<TerminationStateDescriptor<'a>>,
    /// Its streams.
    pub streams: MediaStreams<'a>,
}

/// The streams of a [`MediaDescriptor`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum MediaStreams<'a> {
    /// None given.
    #[default]
    None,
    /// `oneStream`: one stream without a number.
    One(Ref<'a, StreamParms<'a>>),
    /// `multiStream`: numbered streams, at least one.
    Multi(List<'a, StreamDescriptor<'a>>),
}

/// `StreamDescriptor` (RFC 3525 7.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct StreamDescriptor<'a> {
    /// Its number.
    pub stream: StreamId,
    /// Its parameters.
    pub parms: StreamParms<'a>,
}

/// `StreamParms`; at least one part is present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct StreamParms<'a> {
    /// Mode, reservation, properties.
    pub local_control: Option<LocalControlDescriptor<'a>>,
    /// What the gateway receives.
    pub local: Option<LocalRemoteDescriptor<'a>>,
    /// What the gateway sends.
    pub remote: Option<LocalRemoteDescriptor<'a>>,
    /// Statistics of this stream (version 3).
    pub statistics: Option<StatisticsDescriptor<'a>>,
}

/// `LocalControlDescriptor` (RFC 3525 7.1.7); at least one part is present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct LocalControlDescriptor<'a> {
    /// Direction of media.
    pub stream_mode: Option<StreamMode>,
    /// Reserve for all alternatives of a value.
    pub reserve_value: Option<bool>,
    /// Reserve for all alternative groups.
    pub reserve_group: Option<bool>,
    /// Package properties of the stream.
    pub property_parms: List<'a, PropertyParm<'a>>,
}

/// `StreamMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
#[repr(u8)]
pub enum StreamMode {
    /// Out of the context only.
    SendOnly = 0,
    /// Into the context only.
    RecvOnly = 1,
    /// Both ways.
    SendRecv = 2,
    /// Neither.
    Inactive = 3,
    /// Back where it came from.
    LoopBack = 4,
}

/// `LocalRemoteDescriptor` (RFC 3525 7.1.8).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum LocalRemoteDescriptor<'a> {
    /// The octets of the text encoding: SDP. See [`sdp`](crate::sdp) for a parsed view.
    Octets(OctetString<'a>),
    /// Property groups of the binary encoding that are not SDP lines (annex C tags); text cannot write them.
    Groups(List<'a, List<'a, PropertyParm<'a>>>),
}

/// `TerminationStateDescriptor` (RFC 3525 7.1.5); at least one part is present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct TerminationStateDescriptor<'a> {
    /// Package properties of the termination.
    pub property_parms: List<'a, PropertyParm<'a>>,
    /// Whether events are buffered.
    pub event_buffer_control: Option<EventBufferControl>,
    /// Whether the termination is in service.
    pub service_state: Option<ServiceState>,
}

/// `EventBufferControl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
#[repr(u8)]
pub enum EventBufferControl {
    /// Events are handled at once.
    Off = 0,
    /// Events wait until the previous one was handled.
    LockStep = 1,
}

/// `ServiceState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
#[repr(u8)]
pub enum ServiceState {
    /// Being tested.
    Test = 0,
    /// Out of service.
    OutOfSvc = 1,
    /// In service.
    InSvc = 2,
}

/// `PropertyParm`: a package item and what it is or should be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct PropertyParm<'a> {
    /// Package and property.
    pub name: PkgdName<'a>,
    /// The value or values.
    pub value: ParmValue<'a>,
}

/// `EventParameter` and `SigParameter`: a name and what it is or should be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct Parameter<'a> {
    /// The parameter's name within the package of the event or signal.
    pub name: Token<'a>,
    /// The value or values.
    pub value: ParmValue<'a>,
}

/// `parmValue`: the `value` sequence of annex A together with its `extraInfo`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum ParmValue<'a> {
    /// `= v`. The value `$` asks the gateway to choose (an empty sequence in BER).
    Value(Value<'a>),
    /// `> v`, `< v`, `# v`: any value in this relation.
    Relation(Relation, Value<'a>),
    /// `= [low:high]`: any value in between.
    Range(Ref<'a, [Value<'a>; 2]>),
    /// `= [a, b]`: all of them (AND); at least one.
    All(List<'a, Value<'a>>),
    /// `= {a, b}`: one of them (OR); at least one.
    Any(List<'a, Value<'a>>),
}

impl ParmValue<'_> {
    /// The only value, when there is exactly one and no relation.
    #[must_use]
    pub fn single(&self) -> Option<&Value<'_>> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
}

/// `Relation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
#[repr(u8)]
pub enum Relation {
    /// `>`
    GreaterThan = 0,
    /// `<`
    SmallerThan = 1,
    /// `#`
    UnequalTo = 2,
}

/// `MuxDescriptor` (RFC 3525 7.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct MuxDescriptor<'a> {
    /// How the terminations are multiplexed.
    pub mux_type: MuxType<'a>,
    /// The multiplexed terminations.
    pub terminations: List<'a, TerminationId<'a>>,
    /// BER only.
    pub non_standard_data: Option<Ref<'a, NonStandardData<'a>>>,
}

/// `MuxType`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum MuxType<'a> {
    /// H.221.
    H221,
    /// H.223.
    H223,
    /// H.226.
    H226,
    /// V.76.
    V76,
    /// N times 64 kbit/s (version 2).
    Nx64k,
    /// `X-...` or `X+...`; text only.
    Extension(Token<'a>),
}

/// `ModemDescriptor` (RFC 3525 7.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ModemDescriptor<'a> {
    /// The types, at least one.
    pub types: List<'a, ModemType<'a>>,
    /// Their properties.
    pub property_parms: List<'a, PropertyParm<'a>>,
    /// BER only.
    pub non_standard_data: Option<Ref<'a, NonStandardData<'a>>>,
}

/// `ModemType`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
#[allow(missing_docs)]
pub enum ModemType<'a> {
    V18,
    V22,
    V22bis,
    V32,
    V32bis,
    V34,
    V90,
    V91,
    SynchIsdn,
    /// `X-...` or `X+...`; text only.
    Extension(Token<'a>),
}

/// `DigitMapDescriptor` (RFC 3525 7.1.14); a name, a value, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct DigitMapDescriptor<'a> {
    /// What the map is or will be known by.
    pub name: Option<Token<'a>>,
    /// The map.
    pub value: Option<DigitMapValue<'a>>,
}

/// `DigitMapValue`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct DigitMapValue<'a> {
    /// `T`: to wait for the first digit, in seconds, 0 to 99.
    pub start_timer: Option<u8>,
    /// `S`: to wait when one alternative is complete, in seconds, 0 to 99.
    pub short_timer: Option<u8>,
    /// `L`: to wait when no alternative is complete, in seconds, 0 to 99.
    pub long_timer: Option<u8>,
    /// `Z`: what makes a press long, in tenths of a second, 0 to 99 (version 2).
    pub duration_timer: Option<u8>,
    /// The alternatives. See [`digitmap`](crate::digitmap) for their meaning.
    pub body: DigitMapBody<'a>,
}

/// `StatisticsDescriptor` (RFC 3525 7.1.15).
pub type StatisticsDescriptor<'a> = List<'a, StatisticsParameter<'a>>;

/// `StatisticsParameter`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct StatisticsParameter<'a> {
    /// Package and statistic.
    pub name: PkgdName<'a>,
    /// Its value: [`ParmValue::Value`], or [`ParmValue::All`] for a list (version 3).
    pub value: Option<ParmValue<'a>>,
}

/// `PackagesDescriptor` (RFC 3525 7.1.16).
pub type PackagesDescriptor<'a> = List<'a, PackagesItem<'a>>;

/// `PackagesItem`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct PackagesItem<'a> {
    /// The package's name.
    pub name: Token<'a>,
    /// Its version; 0 to 99 in BER.
    pub version: u16,
}
