//! What a fuzz target does with its bytes; the mutation run of the ordinary tests does the same.

#![allow(dead_code, unreachable_pub)]

#[path = "../generate/mod.rs"]
mod generate;

use generate::Dialect;
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, DecodeError, Decoded, Limits, mini as mini_decoder, sniff};

/// Errors point into the input and can be sent; what decodes cleanly encodes, and decodes again as the same.
fn check(input: &[u8], outcome: &Result<Decoded<'_>, DecodeError>) {
    match outcome {
        Err(error) => {
            assert!(error.error.position.offset <= input.len());
            assert!(error.error.descriptor().text.is_some());
        }
        Ok(decoded) => {
            for fault in &decoded.faults {
                assert!(fault.error.position.offset <= input.len());
                assert!(fault.error.descriptor().text.is_some());
            }
        }
    }
}

/// Any bytes as a text message.
pub fn text(input: &[u8]) {
    let (arena, again) = (Arena::new(), Arena::new());
    let outcome = text::decode(input, &arena, &Limits::default());
    check(input, &outcome);
    let Ok(Decoded { message, faults }) = outcome else {
        return;
    };
    if !faults.is_empty() {
        return;
    }
    for layout in [Layout::Pretty, Layout::Compact] {
        let mut out = Vec::new();
        // A few things can be read that the encoder is too careful to write.
        if text::encode(&message, layout, &mut out).is_err() {
            continue;
        }
        let limits = Limits {
            message_bytes_max: usize::MAX,
            ..Limits::default()
        };
        let decoded = text::decode(&out, &again, &limits).expect("what was written can be read");
        assert_eq!(decoded.clean().expect("without faults"), message);
    }
}

/// Any bytes as a binary message.
pub fn ber(input: &[u8]) {
    let (arena, config) = (Arena::new(), BerConfig::default());
    let outcome = ber::decode(input, &arena, &Limits::default(), &config);
    check(input, &outcome);
    if let Ok(decoded) = outcome {
        let mut out = Vec::new();
        let _ = ber::encode(&decoded.message, &config, &mut out);
    }
}

/// Any bytes as the beginning of a message.
pub fn mini(input: &[u8]) {
    let _ = sniff::sniff(input);
    if let Some(mini) = mini_decoder::decode(input) {
        assert!(mini.version <= 99);
    }
}

/// Any bytes as the choices that make a message: it survives every codec.
pub fn round_trip(input: &[u8]) {
    let message = generate::message(input, Dialect::Text);
    for layout in [Layout::Pretty, Layout::Compact] {
        let mut out = Vec::new();
        text::encode(&message, layout, &mut out).expect("generated messages can be written");
        let arena = Arena::new();
        let decoded =
            text::decode(&out, &arena, &Limits::default()).expect("what was written can be read");
        assert_eq!(decoded.clean().expect("without faults"), message);
        mini(&out);
    }
}
