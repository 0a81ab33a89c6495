//! Signals and signal lists (RFC 3525 7.1.11).

#[cfg(feature = "serde")]
use serde::Serialize;

use super::{List, Parameter, PkgdName, RequestId, StreamId};

/// `SignalsDescriptor` (RFC 3525 7.1.11). Empty, it stops all signals.
pub type SignalsDescriptor<'a> = List<'a, SignalRequest<'a>>;

/// `SignalRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum SignalRequest<'a> {
    /// One signal.
    Signal(Signal<'a>),
    /// Signals to play one after the other.
    SeqSigList(SeqSigList<'a>),
}

/// `SeqSigList`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub struct SeqSigList<'a> {
    /// Its number.
    pub id: u16,
    /// The signals, at least one.
    pub signals: List<'a, Signal<'a>>,
}

/// `Signal`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
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
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
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
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
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
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
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
