//! Events: requested, embedded, buffered and observed (RFC 3525 7.1.9, 7.1.10, 7.1.17).

#[cfg(feature = "serde")]
use serde::Serialize;

use super::{DigitMapValue, List, Parameter, PkgdName, Ref, SignalsDescriptor, StreamId, Token};
use crate::chars;

/// `RequestID`: ties observed events to the events descriptor that asked for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct RequestId(pub u32);

impl RequestId {
    /// `*`: every request.
    pub const ALL: Self = Self(0xFFFF_FFFF);
}

/// `EventsDescriptor` (RFC 3525 7.1.9). Without events it turns event detection off.
///
/// An embedded one is the same with other actions: [`SecondEventsDescriptor`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct EventsDescriptor<'a, Actions = RequestedActions<'a>> {
    /// Present when there are events.
    pub request_id: Option<RequestId>,
    /// What to look for.
    pub events: List<'a, RequestedEvent<'a, Actions>>,
}

/// `RequestedEvent`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct RequestedEvent<'a, Actions = RequestedActions<'a>> {
    /// Package and event.
    pub name: PkgdName<'a>,
    /// On this stream only.
    pub stream: Option<StreamId>,
    /// What to do when it is seen. `None` rather than empty actions.
    pub actions: Option<Ref<'a, Actions>>,
    /// Parameters of the event.
    pub parameters: List<'a, Parameter<'a>>,
}

/// `RequestedActions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
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
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
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
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct RegulatedEmbeddedDescriptor<'a> {
    /// Look for these events next.
    pub second_event: Option<SecondEventsDescriptor<'a>>,
    /// Play these signals next.
    pub signals: Option<SignalsDescriptor<'a>>,
}

/// `EventDM`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum EventDm<'a> {
    /// A map that the gateway knows.
    Name(Token<'a>),
    /// A map given here.
    Value(DigitMapValue<'a>),
}

/// `SecondEventsDescriptor`: events to look for behind another event.
pub type SecondEventsDescriptor<'a> = EventsDescriptor<'a, SecondRequestedActions<'a>>;

/// `SecondRequestedEvent`.
pub type SecondRequestedEvent<'a> = RequestedEvent<'a, SecondRequestedActions<'a>>;

/// `SecondRequestedActions`: as [`RequestedActions`], but without further events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
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
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct EventSpec<'a> {
    /// Package and event.
    pub name: PkgdName<'a>,
    /// On this stream only.
    pub stream: Option<StreamId>,
    /// Parameters of the event.
    pub parameters: List<'a, Parameter<'a>>,
}

/// `ObservedEventsDescriptor` (RFC 3525 7.1.17).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct ObservedEventsDescriptor<'a> {
    /// Of the events descriptor that asked for them.
    pub request_id: RequestId,
    /// In the order they were seen, at least one.
    pub events: List<'a, ObservedEvent<'a>>,
}

/// `ObservedEvent`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
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
        (chars::are_digits(date) && chars::are_digits(time)).then_some(Self { date, time })
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
