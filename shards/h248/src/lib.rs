//! H.248/Megaco: message model, text and BER codecs, digit maps, packages. No I/O, no clock, no transactions.
//!
//! | module | what |
//! | --- | --- |
//! | [`model`] | the message as values, the same for every encoding and version |
//! | [`text`] | annex B: one decoder for any mix of long and short tokens; pretty and compact encoders |
//! | [`mini`] | version and sender of a message that does not decode |
//! | [`sniff`] | text, BER or neither, by the first bytes |
//! | [`package`], [`codes`] | names and numbers of packages; error codes and service change reasons |
//! | [`error`](mod@error), [`Limits`] | what decoders report and how much they put up with |
#![forbid(unsafe_code)]

mod arena;
pub mod ber;
mod chars;
pub mod codes;
pub mod digitmap;
pub mod error;
mod limits;
pub mod mini;
pub mod model;
pub mod package;
pub mod sdp;
pub mod sniff;
pub mod termination_id;
pub mod text;

pub use arena::Arena;
pub use error::{DecodeError, Decoded, EncodeError, Fault, MiniMessage};
pub use limits::Limits;
