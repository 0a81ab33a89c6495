//! The mini decoder: version and sender of a message that does not decode otherwise, and nothing else of it.
//!
//! A message that cannot be used is answered with an error descriptor in its sender's encoding and version. All that
//! takes stands at its very beginning, so it can mostly be read however broken the rest is.

use crate::ber::{self, BerConfig};
use crate::error::MiniMessage;
use crate::sniff::{Sniffed, sniff};
use crate::text;

/// Version and sender of a message in either encoding, if they can be read.
///
/// ```
/// let broken = b"MEGACO/3 <mg.example.org>:2944 Transaction = }{";
/// assert_eq!(megaphone_h248::mini::decode(broken).map(|mini| mini.version), Some(3));
/// ```
#[must_use]
pub fn decode(input: &[u8]) -> Option<MiniMessage> {
    match sniff(input) {
        Sniffed::Text { .. } => text::mini(input),
        Sniffed::Ber { .. } => ber::decode_mini(input, &BerConfig::default()),
        Sniffed::Unknown => None,
    }
}
