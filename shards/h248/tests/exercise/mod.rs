//! What a fuzz target does with its bytes; the mutation run of the ordinary tests does the same.

#![allow(dead_code, unreachable_pub)]

#[path = "../generate/mod.rs"]
mod generate;

use generate::Dialect;
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::Message;
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

/// Limits for what an encoder wrote: it may be longer than what it was read from.
fn unlimited_length() -> Limits {
    Limits {
        message_bytes_max: usize::MAX,
        ..Limits::default()
    }
}

/// Any bytes as a text message.
pub fn text(input: &[u8]) {
    let (arena, again) = (Arena::new(), Arena::new());
    let outcome = text::decode(input, &arena, &Limits::default());
    check(input, &outcome);
    let Some(message) = outcome.ok().and_then(|decoded| decoded.clean().ok()) else {
        return;
    };
    for layout in [Layout::Pretty, Layout::Compact] {
        let mut out = Vec::new();
        // A few things can be read that the encoder is too careful to write.
        if text::encode(&message, layout, &mut out).is_err() {
            continue;
        }
        let decoded = text::decode(&out, &again, &unlimited_length());
        let decoded = decoded.expect("what was written can be read");
        assert_eq!(decoded.clean().expect("without faults"), message);
    }
}

/// Any bytes as a binary message.
pub fn ber(input: &[u8]) {
    let (arena, config) = (Arena::new(), BerConfig::default());
    let outcome = ber::decode(input, &arena, &Limits::default(), &config);
    check(input, &outcome);
    let Some(read) = outcome.ok().and_then(|decoded| decoded.clean().ok()) else {
        return;
    };
    // Names made of strings need not have numbers. What has been read as bare text, such as "02", is a number once it
    // has been written.
    let (mut first, mut second) = (Vec::new(), Vec::new());
    if ber::encode(&read, &config, &mut first).is_ok() {
        let once = reread(&first, &arena, &config);
        ber::encode(&once, &config, &mut second).expect("what was written can be written again");
        assert_eq!(reread(&second, &arena, &config), once);
    }
}

fn reread<'a>(binary: &'a [u8], arena: &'a Arena, config: &BerConfig) -> Message<'a> {
    let decoded = ber::decode(binary, arena, &unlimited_length(), config);
    let decoded = decoded.expect("what was written can be read");
    decoded.clean().expect("without faults")
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
