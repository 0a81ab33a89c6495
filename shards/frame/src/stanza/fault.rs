//! Why a stream is refused, and how to tell the client.

use crate::link::Reason;
use thiserror::Error;

/// What is wrong with a stream. Always the client's fault; the stream ends.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StanzaFault {
    /// A byte where XML does not allow it.
    #[error("byte {byte:#04x} where XML does not allow it")]
    NotXml {
        /// The byte.
        byte: u8,
    },
    /// Text between stanzas, an element before the header, anything after the end.
    #[error("{what} where XMPP does not allow it")]
    OutOfPlace {
        /// What.
        what: &'static str,
    },
    /// A construct that XMPP forbids (RFC 6120 11.1).
    #[error("{what} in a stream")]
    Restricted {
        /// Which.
        what: &'static str,
    },
    /// An encoding other than UTF-8 (RFC 6120 11.6).
    #[error("an encoding other than UTF-8")]
    Encoding,
    /// A unit above the limit.
    #[error("more than {limit} bytes in one stanza")]
    TooLong {
        /// `stanza_bytes_max`.
        limit: u32,
    },
    /// Elements nested above the limit.
    #[error("elements nested deeper than {limit}")]
    TooDeep {
        /// `depth_max`.
        limit: u16,
    },
    /// Too many attributes on one element.
    #[error("more than {limit} attributes on one element")]
    TooManyAttributes {
        /// `attributes_max`.
        limit: u16,
    },
    /// A name above the limit.
    #[error("a name longer than {limit} bytes")]
    NameTooLong {
        /// `name_bytes_max`.
        limit: u16,
    },
}

/// A stream error condition of RFC 6120 4.9.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// `<bad-format/>`
    BadFormat,
    /// `<connection-timeout/>`
    ConnectionTimeout,
    /// `<internal-server-error/>`
    InternalServerError,
    /// `<not-well-formed/>`
    NotWellFormed,
    /// `<policy-violation/>`
    PolicyViolation,
    /// `<resource-constraint/>`
    ResourceConstraint,
    /// `<restricted-xml/>`
    RestrictedXml,
    /// `<system-shutdown/>`
    SystemShutdown,
    /// `<undefined-condition/>`
    UndefinedCondition,
    /// `<unsupported-encoding/>`
    UnsupportedEncoding,
}

impl Condition {
    /// What a client is told when its stream ends for this reason, and not by a fault of its own.
    ///
    /// A backend that is not there is `internal-server-error`: RFC 6120 4.9.3.15 keeps `remote-connection-failed` for causes
    /// outside of the service's own domain.
    pub fn of(reason: Reason) -> Condition {
        match reason {
            Reason::Drain => Condition::SystemShutdown,
            Reason::Timeout | Reason::PeerLost => Condition::ConnectionTimeout,
            Reason::FrameFault => Condition::NotWellFormed,
            Reason::Overload | Reason::Exhausted => Condition::ResourceConstraint,
            Reason::FrameTooLong | Reason::Refused | Reason::NotAuthorised => {
                Condition::PolicyViolation
            }
            Reason::Normal | Reason::Other(_) => Condition::UndefinedCondition,
            _ => Condition::InternalServerError,
        }
    }

    /// The element's name.
    pub fn name(self) -> &'static str {
        match self {
            Condition::BadFormat => "bad-format",
            Condition::ConnectionTimeout => "connection-timeout",
            Condition::InternalServerError => "internal-server-error",
            Condition::NotWellFormed => "not-well-formed",
            Condition::PolicyViolation => "policy-violation",
            Condition::ResourceConstraint => "resource-constraint",
            Condition::RestrictedXml => "restricted-xml",
            Condition::SystemShutdown => "system-shutdown",
            Condition::UndefinedCondition => "undefined-condition",
            Condition::UnsupportedEncoding => "unsupported-encoding",
        }
    }
}

impl StanzaFault {
    /// What to answer.
    pub fn condition(&self) -> Condition {
        match self {
            StanzaFault::NotXml { .. } => Condition::NotWellFormed,
            StanzaFault::OutOfPlace { .. } => Condition::BadFormat,
            StanzaFault::Restricted { .. } => Condition::RestrictedXml,
            StanzaFault::Encoding => Condition::UnsupportedEncoding,
            StanzaFault::TooLong { .. }
            | StanzaFault::TooDeep { .. }
            | StanzaFault::TooManyAttributes { .. }
            | StanzaFault::NameTooLong { .. } => Condition::PolicyViolation,
        }
    }
}
