//! Descriptors: the parameters of commands and replies (RFC 3525 7.1).

use super::{
    AuditDescriptor, AuditItem, DigitMapBody, ErrorDescriptor, List, NonStandardData, OctetString,
    PkgdName, Ref, TerminationId, Token, Value,
};

/// A stream's number within a termination.
pub type StreamId = u16;

/// `RequestID`: ties observed events to the events descriptor that asked for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct RequestId(pub u32);

impl RequestId {
    /// `*`: every request.
    pub const ALL: Self = Self(0xFFFF_FFFF);
}

/// `AmmDescriptor`: what Add, Move and Modify may carry, at most one of each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct MediaDescriptor<'a> {
    /// Properties of the termination as a whole.
    pub termination_state: Option<TerminationStateDescriptor<'a>>,
    /// Its streams.
    pub streams: MediaStreams<'a>,
}

/// The streams of a [`MediaDescriptor`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct StreamDescriptor<'a> {
    /// Its number.
    pub stream: StreamId,
    /// Its parameters.
    pub parms: StreamParms<'a>,
}

/// `StreamParms`; at least one part is present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub enum LocalRemoteDescriptor<'a> {
    /// The octets of the text encoding: SDP. See [`sdp`](crate::sdp) for a parsed view.
    Octets(OctetString<'a>),
    /// Property groups of the binary encoding that are not SDP lines (annex C tags); text cannot write them.
    Groups(List<'a, List<'a, PropertyParm<'a>>>),
}

/// `TerminationStateDescriptor` (RFC 3525 7.1.5); at least one part is present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
#[repr(u8)]
pub enum EventBufferControl {
    /// Events are handled at once.
    Off = 0,
    /// Events wait until the previous one was handled.
    LockStep = 1,
}

/// `ServiceState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct PropertyParm<'a> {
    /// Package and property.
    pub name: PkgdName<'a>,
    /// The value or values.
    pub value: ParmValue<'a>,
}

/// `EventParameter` and `SigParameter`: a name and what it is or should be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct Parameter<'a> {
    /// The parameter's name within the package of the event or signal.
    pub name: Token<'a>,
    /// The value or values.
    pub value: ParmValue<'a>,
}

/// `parmValue`: the `value` sequence of annex A together with its `extraInfo`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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

/// `EventsDescriptor` (RFC 3525 7.1.9). Without events it turns event detection off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct EventsDescriptor<'a> {
    /// Present when there are events.
    pub request_id: Option<RequestId>,
    /// What to look for.
    pub events: List<'a, RequestedEvent<'a>>,
}

/// `RequestedEvent`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct RequestedEvent<'a> {
    /// Package and event.
    pub name: PkgdName<'a>,
    /// On this stream only.
    pub stream: Option<StreamId>,
    /// What to do when it is seen. `None` rather than empty actions.
    pub actions: Option<Ref<'a, RequestedActions<'a>>>,
    /// Parameters of the event.
    pub parameters: List<'a, Parameter<'a>>,
}

/// `RequestedActions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct RequestedActions<'a> {
    /// Signals go on when the event is seen.
    pub keep_active: bool,
    /// Collect digits by this map.
    pub event_dm: Option<EventDm<'a>>,
    /// Look for these events next (`embedFirst`).
    pub second_event: Option<SecondEventsDescriptor<'a>>,
    /// Play these signals next.
    pub signals: Option<SignalsDescriptor<'a>>,
    /// Whether and how to notify (version 3).
    pub notify_behaviour: Option<NotifyBehaviour<'a>>,
    /// Go back to the first events descriptor (version 3).
    pub reset_events_descriptor: bool,
}

/// `NotifyBehaviour` (version 3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub enum NotifyBehaviour<'a> {
    /// `ImmediateNotify`
    Immediate,
    /// `RegulatedNotify`, with what to do while notifications are held back.
    Regulated(RegulatedEmbeddedDescriptor<'a>),
    /// `NeverNotify`
    Never,
}

/// `RegulatedEmbeddedDescriptor` (version 3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct RegulatedEmbeddedDescriptor<'a> {
    /// Look for these events next.
    pub second_event: Option<SecondEventsDescriptor<'a>>,
    /// Play these signals next.
    pub signals: Option<SignalsDescriptor<'a>>,
}

/// `EventDM`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub enum EventDm<'a> {
    /// A map that the gateway knows.
    Name(Token<'a>),
    /// A map given here.
    Value(DigitMapValue<'a>),
}

/// `SecondEventsDescriptor`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct SecondEventsDescriptor<'a> {
    /// Present when there are events.
    pub request_id: Option<RequestId>,
    /// What to look for.
    pub events: List<'a, SecondRequestedEvent<'a>>,
}

/// `SecondRequestedEvent`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct SecondRequestedEvent<'a> {
    /// Package and event.
    pub name: PkgdName<'a>,
    /// On this stream only.
    pub stream: Option<StreamId>,
    /// What to do when it is seen. `None` rather than empty actions.
    pub actions: Option<Ref<'a, SecondRequestedActions<'a>>>,
    /// Parameters of the event.
    pub parameters: List<'a, Parameter<'a>>,
}

/// `SecondRequestedActions`: as [`RequestedActions`], but without further events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct SecondRequestedActions<'a> {
    /// Signals go on when the event is seen.
    pub keep_active: bool,
    /// Collect digits by this map.
    pub event_dm: Option<EventDm<'a>>,
    /// Play these signals next.
    pub signals: Option<SignalsDescriptor<'a>>,
    /// Whether and how to notify (version 3).
    pub notify_behaviour: Option<NotifyBehaviour<'a>>,
    /// Go back to the first events descriptor (version 3).
    pub reset_events_descriptor: bool,
}

/// `EventBufferDescriptor` (RFC 3525 7.1.10).
pub type EventBufferDescriptor<'a> = List<'a, EventSpec<'a>>;

/// `EventSpec`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct EventSpec<'a> {
    /// Package and event.
    pub name: PkgdName<'a>,
    /// On this stream only.
    pub stream: Option<StreamId>,
    /// Parameters of the event.
    pub parameters: List<'a, Parameter<'a>>,
}

/// `SignalsDescriptor` (RFC 3525 7.1.11). Empty, it stops all signals.
pub type SignalsDescriptor<'a> = List<'a, SignalRequest<'a>>;

/// `SignalRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub enum SignalRequest<'a> {
    /// One signal.
    Signal(Signal<'a>),
    /// Signals to play one after the other.
    SeqSigList(SeqSigList<'a>),
}

/// `SeqSigList`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct SeqSigList<'a> {
    /// Its number.
    pub id: u16,
    /// The signals, at least one.
    pub signals: List<'a, Signal<'a>>,
}

/// `Signal`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct Signal<'a> {
    /// Package and signal.
    pub name: PkgdName<'a>,
    /// On this stream only.
    pub stream: Option<StreamId>,
    /// Overrides the package's default.
    pub sig_type: Option<SignalType>,
    /// In hundredths of a second.
    pub duration: Option<u16>,
    /// When to notify that it ended; never empty.
    pub notify_completion: Option<NotifyCompletion>,
    /// Goes on when an event is seen.
    pub keep_active: bool,
    /// Parameters of the signal.
    pub parameters: List<'a, Parameter<'a>>,
    /// Towards the context, away from it, or both (version 3).
    pub direction: Option<SignalDirection>,
    /// Ties the completion event to this signal (version 3).
    pub request_id: Option<RequestId>,
    /// Silence after it within a list, in hundredths of a second (version 3).
    pub intersig_delay: Option<u16>,
}

impl<'a> Signal<'a> {
    /// A signal with all defaults.
    #[must_use]
    pub fn new(name: PkgdName<'a>) -> Self {
        Self {
            name,
            stream: None,
            sig_type: None,
            duration: None,
            notify_completion: None,
            keep_active: false,
            parameters: List::EMPTY,
            direction: None,
            request_id: None,
            intersig_delay: None,
        }
    }
}

/// `SignalType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
#[repr(u8)]
pub enum SignalType {
    /// Ends by itself.
    Brief = 0,
    /// Until told otherwise.
    OnOff = 1,
    /// Until told otherwise or its duration is over.
    TimeOut = 2,
}

/// `SignalDirection` (version 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
#[repr(u8)]
pub enum SignalDirection {
    /// Towards the context.
    Internal = 0,
    /// Away from the context.
    External = 1,
    /// Both ways. (3 in the ASN.1 of the standard.)
    Both = 3,
}

/// `NotifyCompletion`: a set of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct NotifyCompletion(pub u8);

impl NotifyCompletion {
    /// `TimeOut`
    pub const TIME_OUT: Self = Self(1 << 0);
    /// `IntByEvent`
    pub const INTERRUPT_BY_EVENT: Self = Self(1 << 1);
    /// `IntBySigDescr`
    pub const INTERRUPT_BY_NEW_SIGNAL_DESCR: Self = Self(1 << 2);
    /// `OtherReason`
    pub const OTHER_REASON: Self = Self(1 << 3);
    /// `Iteration` (version 3).
    pub const ITERATION: Self = Self(1 << 4);

    /// Whether every reason of `other` is in this set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// `DigitMapDescriptor` (RFC 3525 7.1.14); a name, a value, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct DigitMapDescriptor<'a> {
    /// What the map is or will be known by.
    pub name: Option<Token<'a>>,
    /// The map.
    pub value: Option<DigitMapValue<'a>>,
}

/// `DigitMapValue`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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

/// `ObservedEventsDescriptor` (RFC 3525 7.1.17).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct ObservedEventsDescriptor<'a> {
    /// Of the events descriptor that asked for them.
    pub request_id: RequestId,
    /// In the order they were seen, at least one.
    pub events: List<'a, ObservedEvent<'a>>,
}

/// `ObservedEvent`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct ObservedEvent<'a> {
    /// Package and event.
    pub name: PkgdName<'a>,
    /// The stream it was seen on.
    pub stream: Option<StreamId>,
    /// Parameters of the event.
    pub parameters: List<'a, Parameter<'a>>,
    /// When it was seen.
    pub time: Option<TimeNotation>,
}

/// `TimeNotation`: ISO 8601 digits, `yyyymmdd` and `hhmmssss` (the last two are hundredths of a second).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeNotation {
    date: [u8; 8],
    time: [u8; 8],
}

impl TimeNotation {
    /// Sixteen ASCII digits, or `None`. Whether they make a calendar date is not looked at.
    #[must_use]
    #[inline]
    pub fn new(date: [u8; 8], time: [u8; 8]) -> Option<Self> {
        let digits = date.iter().chain(&time).all(u8::is_ascii_digit);
        digits.then_some(Self { date, time })
    }

    /// `yyyymmdd`
    #[must_use]
    pub fn date(&self) -> &[u8; 8] {
        &self.date
    }

    /// `hhmmssss`
    #[must_use]
    pub fn time(&self) -> &[u8; 8] {
        &self.time
    }
}

impl core::fmt::Debug for TimeNotation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "{}T{}",
            self.date.escape_ascii(),
            self.time.escape_ascii()
        )
    }
}

/// `StatisticsDescriptor` (RFC 3525 7.1.15).
pub type StatisticsDescriptor<'a> = List<'a, StatisticsParameter<'a>>;

/// `StatisticsParameter`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "camelCase")
)]
pub struct PackagesItem<'a> {
    /// The package's name.
    pub name: Token<'a>,
    /// Its version; 0 to 99 in BER.
    pub version: u16,
}
