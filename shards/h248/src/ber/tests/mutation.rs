//! Golden messages with one octet wrong: no panic, no loop, offsets inside the input, linear work.

use super::header::looks::LOOKS;
use super::*;
use crate::error::{DecodeError, SyntaxError};

/// Octets looked at per octet of input. A header is two, contents are looked at once or, where a body might have been
/// SDP, twice; a quadratic decoder would take hundreds.
const LOOKS_PER_BYTE: usize = 6;

/// Decodes and gives the octets looked at.
fn looks(input: &[u8], arena: &Arena, limits: &Limits, config: &BerConfig) -> usize {
    LOOKS.set(0);
    let _ = decode(input, arena, limits, config);
    LOOKS.get()
}

fn check(input: &[u8], arena: &mut Arena, limits: &Limits, config: &BerConfig) {
    arena.reset();
    LOOKS.set(0);
    let outcome = decode(input, arena, limits, config);
    let looked_at = LOOKS.get();
    assert!(
        looked_at <= LOOKS_PER_BYTE * (input.len() + 8),
        "{looked_at} for {}: {input:02x?}",
        input.len()
    );
    let can_be_sent = |error: &SyntaxError| {
        let offset = error.position.offset;
        assert!(offset <= input.len(), "{offset} of {}", input.len());
        assert!(error.descriptor().text.is_some(), "{error}");
    };
    match outcome {
        Err(DecodeError { error, .. }) => can_be_sent(&error),
        Ok(decoded) => {
            let faults = decoded.faults.iter();
            faults.for_each(|fault| can_be_sent(&fault.error));
            // What decodes can be written again, unless a name or number has no form.
            let mut out = Vec::new();
            let _ = encode(&decoded.message, config, &mut out);
        }
    }
    let _ = decode_mini(input, config);
}

/// Every single-octet mutation: to every value, deleted, doubled, cut off there.
#[test]
fn every_single_octet_mutation_is_survived() {
    let (mut arena, limits, config) = (Arena::new(), Limits::default(), BerConfig::default());
    for (_, _, golden) in golden() {
        let mut mutant = golden.clone();
        for at in 0..golden.len() {
            for value in 0..=u8::MAX {
                mutant[at] = value;
                check(&mutant, &mut arena, &limits, &config);
            }
            mutant.remove(at);
            check(&mutant, &mut arena, &limits, &config);
            mutant.splice(at..at, [golden[at]; 2]);
            check(&mutant, &mut arena, &limits, &config);
            mutant.remove(at);
            check(&golden[..at], &mut arena, &limits, &config);
        }
    }
}

/// A message of version 1 from `gw` with these transactions.
fn shell(transactions: &[u8]) -> Vec<u8> {
    let element = |tag: u8, contents: &[u8]| {
        let length = u32::try_from(contents.len()).expect("short").to_be_bytes();
        [&[tag, 0x84], &length[..], contents].concat()
    };
    let body = element(0xa2, &element(0xa1, transactions));
    let message = [&[0x80, 1, 1, 0xa1, 4, 0x83, 2, b'g', b'w'], &body[..]].concat();
    element(0x30, &element(0xa1, &message))
}

/// Inputs built to make a decoder go back and forth, eight times as long: at most eight times the work, and a bit.
#[test]
fn hostile_inputs_take_linear_work() {
    let (arena, config) = (Arena::new(), BerConfig::default());
    let most = usize::MAX;
    let limits = Limits {
        message_bytes_max: most,
        transactions_max: most,
        actions_max: most,
        commands_max: most,
        items_max: most,
        faults_max: most,
        ..Limits::default()
    };
    type Build = fn(usize) -> Vec<u8>;
    let hostile: [(&str, Build); 7] = [
        ("pendings", |n| [0xa1, 3, 0x80, 1, 5].repeat(n)),
        ("bad transactions", |n| [0xa1, 3, 0x90, 1, 5].repeat(n)),
        ("unknown ones", |n| [0xa9, 0].repeat(n)),
        ("indefinite ones", |n| {
            [0xa1, 0x80, 0x80, 1, 5, 0, 0].repeat(n)
        }),
        ("nested and indefinite", |n| {
            let (open, close) = ([0xa9, 0x80].repeat(12), [0, 0].repeat(12));
            [&open[..], &[4, 0].repeat(n), &close].concat()
        }),
        ("never closed", |n| {
            [&[0xa9, 0x80], &[4, 0].repeat(n)[..]].concat()
        }),
        ("a string in pieces", |n| {
            let pieces = [0x04, 0x00].repeat(n);
            let length = u32::try_from(pieces.len()).expect("short").to_be_bytes();
            let string = [&[0xa1, 0x84], &length[..], &pieces].concat();
            let length = u32::try_from(string.len() + 3)
                .expect("short")
                .to_be_bytes();
            [&[0xa0, 0x84], &length[..], &[0x80, 1, 1], &string].concat()
        }),
    ];
    for (name, input) in hostile {
        let (short, long) = (shell(&input(500)), shell(&input(4000)));
        let once = looks(&short, &arena, &limits, &config);
        let eight = looks(&long, &arena, &limits, &config);
        assert!(once >= 500, "{name}: {once} is no work");
        assert!(eight <= 9 * once, "{name}: {once}, then {eight}");
    }
}
