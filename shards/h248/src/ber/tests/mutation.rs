//! Every golden message with each byte changed, and cut off at each byte: no panic, and offsets inside the input.

use super::*;
use crate::error::DecodeError;

fn check(input: &[u8], arena: &mut Arena, limits: &Limits, config: &BerConfig) {
    arena.reset();
    let outcome = decode(input, arena, limits, config);
    let inside = |offset: usize| assert!(offset <= input.len(), "{offset} of {}", input.len());
    match outcome {
        Err(DecodeError { error, .. }) => inside(error.position.offset),
        Ok(decoded) => {
            decoded
                .faults
                .iter()
                .for_each(|fault| inside(fault.error.position.offset));
            // What decodes can be written again, unless a name or number has no form.
            let mut out = Vec::new();
            let _ = encode(&decoded.message, config, &mut out);
        }
    }
    let _ = decode_mini(input, config);
}

#[test]
fn every_byte_changed_and_every_end() {
    let (mut arena, limits, config) = (Arena::new(), Limits::default(), BerConfig::default());
    for (_, _, golden) in golden() {
        let mut input = golden.clone();
        for at in 0..golden.len() {
            // All 256 values at every place take minutes unoptimised; these reach every class of octet.
            for value in [
                0x00,
                0x01,
                0x1f,
                0x30,
                0x7f,
                0x80,
                0x81,
                0x84,
                0xa0,
                0xbf,
                0xff,
                golden[at] ^ 0x20,
                golden[at].wrapping_add(1),
            ] {
                input[at] = value;
                check(&input, &mut arena, &limits, &config);
            }
            input[at] = golden[at];
            check(&golden[..at], &mut arena, &limits, &config);
        }
    }
}

#[test]
fn every_value_of_every_byte_of_a_few() {
    let (mut arena, limits, config) = (Arena::new(), Limits::default(), BerConfig::default());
    for (_, _, golden) in golden().step_by(9) {
        let mut input = golden.clone();
        for at in 0..golden.len() {
            for value in 0..=255 {
                input[at] = value;
                check(&input, &mut arena, &limits, &config);
            }
            input[at] = golden[at];
        }
    }
}
