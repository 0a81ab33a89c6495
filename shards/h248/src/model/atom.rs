//! Atoms: the checked byte strings of a message (names, values, identifiers, bodies).
//!
//! An atom is checked once, when it is made; therefore encoders copy it without looking, and no value can break out
//! of its place on the wire. Decoded atoms borrow from the input. Everything except quoted text and bodies compares
//! without regard to ASCII case (RFC 3525 B.2: "everything in the ABNF and text encoding is case insensitive").

use core::fmt;
use core::hash::{Hash, Hasher};
use std::borrow::Cow;

use crate::chars;
use crate::error::InvalidAtom;

/// Most bytes in a termination identifier or path name (RFC 3525 B.2, `pathNAME`).
pub const PATH_BYTES_MAX: usize = 64;

macro_rules! atom {
    ($(#[$doc:meta])* $name:ident, $valid:path, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name<'a>(Cow<'a, [u8]>);

        impl<'a> $name<'a> {
            /// Checks and wraps bytes.
            ///
            /// # Errors
            /// [`InvalidAtom`] when a byte may not stand there, or the length is out of range.
            pub fn new(bytes: impl Into<Cow<'a, [u8]>>) -> Result<Self, InvalidAtom> {
                let bytes = bytes.into();
                if $valid(&bytes) { Ok(Self(bytes)) } else { Err(InvalidAtom { kind: $kind }) }
            }

            /// Wraps bytes that a decoder has already checked.
            #[inline]
            pub(crate) fn checked(bytes: &'a [u8]) -> Self {
                debug_assert!($valid(bytes), "{} {:?}", $kind, bytes.escape_ascii().to_string());
                Self(Cow::Borrowed(bytes))
            }

            /// The bytes as they were written.
            #[must_use]
            #[inline]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// The text, or `None` when it is not UTF-8 (possible in quoted text and bodies only).
            #[must_use]
            pub fn as_str(&self) -> Option<&str> {
                core::str::from_utf8(&self.0).ok()
            }

            /// The same atom with storage of its own.
            #[must_use]
            pub fn into_owned(self) -> $name<'static> {
                $name(Cow::Owned(self.0.into_owned()))
            }
        }

        impl<'a> TryFrom<&'a str> for $name<'a> {
            type Error = InvalidAtom;

            fn try_from(text: &'a str) -> Result<Self, InvalidAtom> {
                Self::new(text.as_bytes())
            }
        }

        impl TryFrom<String> for $name<'_> {
            type Error = InvalidAtom;

            fn try_from(text: String) -> Result<Self, InvalidAtom> {
                Self::new(text.into_bytes())
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "\"{}\"", self.0.escape_ascii())
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", String::from_utf8_lossy(&self.0))
            }
        }
    };
}

macro_rules! ignore_case {
    ($name:ident) => {
        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name<'_> {}

        impl Hash for $name<'_> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write_usize(self.0.len());
                for byte in self.0.iter() {
                    state.write_u8(byte.to_ascii_lowercase());
                }
            }
        }

        impl PartialEq<str> for $name<'_> {
            fn eq(&self, other: &str) -> bool {
                self.0.eq_ignore_ascii_case(other.as_bytes())
            }
        }

        impl PartialEq<&str> for $name<'_> {
            fn eq(&self, other: &&str) -> bool {
                self.0.eq_ignore_ascii_case(other.as_bytes())
            }
        }
    };
}

macro_rules! exact_case {
    ($name:ident) => {
        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl Eq for $name<'_> {}

        impl Hash for $name<'_> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.hash(state);
            }
        }
    };
}

atom!(
    /// One or more `SafeChar`s: a `NAME`, an unquoted `VALUE`, an extension parameter, a domain name (RFC 3525 B.2).
    Token,
    chars::is_token,
    "token"
);
ignore_case!(Token);

atom!(
    /// The inside of a `quotedString`: printable characters, blanks and tabs, but no double quote (RFC 3525 B.2).
    ///
    /// Bytes from 0x80 are let through: section 12.2 promises UTF-8 characters that the ABNF forgot.
    Quoted,
    chars::is_quoted,
    "quoted string"
);
exact_case!(Quoted);

atom!(
    /// A termination identifier or device path: `ROOT`, `*`, `$`, or a path with wildcards (RFC 3525 A.1, B.1).
    ///
    /// The binary encoding's octets and wildcard fields are the codec's affair; the model always holds the text form.
    TerminationId,
    chars::is_path,
    "termination id"
);
ignore_case!(TerminationId);

atom!(
    /// A package name, a slash, and a property, event, signal or statistic name: `al/of`, `al/*`, `*/*`.
    PkgdName,
    chars::is_pkgd_name,
    "package item name"
);
ignore_case!(PkgdName);

atom!(
    /// The octets of a Local or Remote descriptor, byte for byte: SDP as a rule (RFC 3525 7.1.8).
    ///
    /// The `\}` of the wire is a plain `}` here. Blanks before the body and after its last line end belong to the
    /// braces and are not kept. No octet is zero.
    OctetString,
    chars::is_octet_string,
    "octet string"
);
exact_case!(OctetString);

atom!(
    /// The body of a digit map, without its timers: `(0s|00s|[1-7]xlxx)` (RFC 3525 A.3).
    DigitMapBody,
    chars::is_digit_map_body,
    "digit map body"
);
ignore_case!(DigitMapBody);

impl TerminationId<'_> {
    /// The whole gateway (RFC 3525 6.2.5).
    pub const ROOT: TerminationId<'static> = TerminationId(Cow::Borrowed(b"ROOT"));
    /// Every termination that matches the context.
    pub const ALL: TerminationId<'static> = TerminationId(Cow::Borrowed(b"*"));
    /// A termination of the gateway's choice.
    pub const CHOOSE: TerminationId<'static> = TerminationId(Cow::Borrowed(b"$"));

    /// Whether this is `ROOT`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        *self == Self::ROOT
    }

    /// Whether any level is `*`.
    #[must_use]
    pub fn has_all(&self) -> bool {
        self.0.contains(&b'*')
    }

    /// Whether any level is `$`.
    #[must_use]
    pub fn has_choose(&self) -> bool {
        self.0.contains(&b'$')
    }
}

impl PkgdName<'_> {
    /// The package's name, or `*`.
    #[must_use]
    pub fn package(&self) -> &[u8] {
        self.split().0
    }

    /// The item's name, or `*`.
    #[must_use]
    pub fn item(&self) -> &[u8] {
        self.split().1
    }

    fn split(&self) -> (&[u8], &[u8]) {
        match memchr::memchr(b'/', &self.0) {
            Some(slash) => (&self.0[..slash], &self.0[slash + 1..]),
            None => (&self.0, b""),
        }
    }
}

/// A value of a property, parameter or statistic (`VALUE`, RFC 3525 B.2).
///
/// Numbers, booleans and enumerations are tokens, strings and characters are quoted; what a token means is known to
/// the package that defines the property.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Value<'a> {
    /// Unquoted: compares without regard to case.
    Token(Token<'a>),
    /// Quoted.
    Quoted(Quoted<'a>),
}

impl Value<'_> {
    /// The bytes, without quotes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Token(token) => token.as_bytes(),
            Self::Quoted(quoted) => quoted.as_bytes(),
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(token) => write!(f, "{token}"),
            Self::Quoted(quoted) => quoted.fmt(f),
        }
    }
}

impl<'a> From<Token<'a>> for Value<'a> {
    fn from(token: Token<'a>) -> Self {
        Self::Token(token)
    }
}

impl<'a> From<Quoted<'a>> for Value<'a> {
    fn from(quoted: Quoted<'a>) -> Self {
        Self::Quoted(quoted)
    }
}
