//! Why a connection ends or never began: the payload of CLOSE, RESET and REJECT.
//!
//! ```text
//!  0        2
//! ┌────────┬─────────────────┐
//! │ reason │ text …          │     text: UTF-8, for people, may be empty, at most 1,024 bytes
//! └────────┴─────────────────┘
//!  u16
//! ```
//!
//! An empty payload means reason 0 without text.

use super::hello::cut;
use super::{FrameType, PayloadFault};

/// Bytes of a reason's text, at most; what is behind is ignored.
pub const TEXT_BYTES_MAX: usize = 1024;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// Why. Codes from 0x8000 are the application's own and travel unchanged.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* $name,)*
            /// A code that this version does not know.
            Other(u16),
        }

        impl Reason {
            /// All that have a name here.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),*];

            /// The reason with this code.
            pub fn from_code(code: u16) -> Self {
                match code { $($code => Self::$name,)* other => Self::Other(other) }
            }

            /// The code on the wire.
            pub fn code(self) -> u16 {
                match self { $(Self::$name => $code,)* Self::Other(code) => code }
            }

            /// A sentence for people.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* Self::Other(_) => "a reason of the other side's own" }
            }
        }
    };
}

reasons! {
    /// The conversation is over.
    Normal = 0, "the conversation is over";
    /// The sender is shutting down.
    Drain = 1, "the sender is shutting down";
    /// The client went away without saying so.
    PeerLost = 2, "the client's socket broke";
    /// A deadline passed: header, body, handshake or idleness.
    Timeout = 3, "a deadline passed";
    /// A frame above a limit.
    FrameTooLong = 4, "a frame was longer than allowed";
    /// Bytes that are no frame.
    FrameFault = 5, "the byte stream could not be cut into frames";
    /// No backend of that name is there.
    NoBackend = 6, "no backend is available";
    /// Overload: come back later.
    Overload = 7, "too busy, come back later";
    /// Some resource ran out.
    Exhausted = 8, "a resource ran out";
    /// The application does not want this client.
    Refused = 9, "the application refused the connection";
    /// More was sent than credit allowed.
    CreditExceeded = 10, "more was sent than credit allowed";
    /// Something against the protocol.
    Protocol = 11, "the link protocol was violated";
    /// HELLO of a version not spoken here.
    Version = 12, "this version of the protocol is not spoken here";
    /// HELLO with the wrong token or from the wrong place.
    NotAuthorised = 13, "not authorised";
    /// Another link with the same name took over.
    Replaced = 14, "replaced by a newer link of the same name";
    /// The link was lost and could not be resumed in time.
    LinkLost = 15, "the link to the backend was lost";
    /// The connection id is not known.
    UnknownConnection = 16, "no such connection";
    /// OPEN for an id that is open.
    DuplicateConnection = 17, "the connection id is already in use";
    /// A defect of the sender.
    Internal = 18, "an internal error";
    /// PING was not answered.
    Unresponsive = 19, "the link did not answer";
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.text(), self.code())
    }
}

/// A reason with its text: the payload of CLOSE, RESET and REJECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Why.
    pub reason: Reason,
    /// For people; may be empty.
    pub text: &'a str,
}

impl<'a> Verdict<'a> {
    /// `reason` with its own text.
    pub fn of(reason: Reason) -> Verdict<'static> {
        Verdict {
            reason,
            text: reason.text(),
        }
    }

    /// Appends the payload to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.reason.code().to_be_bytes());
        out.extend_from_slice(cut(self.text, TEXT_BYTES_MAX).as_bytes());
    }

    /// Reads the payload of a `kind` frame. Text that is not UTF-8 is kept up to where it is, text that is too long up
    /// to the limit.
    ///
    /// # Errors
    /// [`PayloadFault::Short`] for a payload of one byte.
    pub fn decode(kind: FrameType, payload: &'a [u8]) -> Result<Self, PayloadFault> {
        let (reason, text) = match payload {
            [] => (Reason::Normal, &[][..]),
            [_] => {
                return Err(PayloadFault::Short {
                    kind,
                    field: "reason",
                });
            }
            [high, low, text @ ..] => (Reason::from_code(u16::from_be_bytes([*high, *low])), text),
        };
        let text = &text[..text.len().min(TEXT_BYTES_MAX)];
        let text = match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default(),
        };
        Ok(Self { reason, text })
    }
}
