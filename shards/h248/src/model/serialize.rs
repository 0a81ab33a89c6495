//! How the parts of the model that are not plain structs and enums are serialised (feature `serde`, to show messages
//! as JSON); nothing reads this form back.

use serde::{Serialize, Serializer};

use super::{
    AuthData, DigitMapBody, List, MtpAddress, OctetString, PkgdName, Quoted, Ref, TerminationId,
    TimeNotation, Token, Value,
};

macro_rules! texts {
    ($($name:ident),*) => {$(
        impl Serialize for $name<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

texts!(
    Token,
    Quoted,
    TerminationId,
    PkgdName,
    OctetString,
    DigitMapBody
);

/// A quoted value keeps its quotes, to tell it from a token.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Token(token) => serializer.collect_str(token),
            Self::Quoted(text) => serializer.collect_str(&format_args!("\"{text}\"")),
        }
    }
}

impl<T: Serialize> Serialize for List<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.as_slice())
    }
}

impl<T: Serialize> Serialize for Ref<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl Serialize for TimeNotation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

impl Serialize for AuthData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.octets())
    }
}

impl Serialize for MtpAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.octets())
    }
}
