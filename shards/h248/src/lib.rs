//! H.248/Megaco: message model, text and BER codecs, digit maps, packages.
#![forbid(unsafe_code)]

pub mod codes;
pub mod package;
