//! Golden messages with one byte wrong: no panic, no loop, offsets inside the input, linear work.

use crate::text::decode::decode_counting;
use crate::text::{Layout, encode};
use crate::{Arena, Decoded, Limits};

/// Looks per input byte. The rules look once, finding the end of a faulty unit once more for each of its three
/// levels, and every rule looks at its first byte; a quadratic decoder would take thousands.
const LOOKS_PER_BYTE: usize = 12;

fn check(input: &[u8], arena: &mut Arena, out: &mut Vec<u8>) {
    arena.reset();
    let limits = Limits::default();
    let (outcome, looked_at) = decode_counting(input, arena, &limits);
    let shown = || String::from_utf8_lossy(input).into_owned();
    assert!(
        looked_at <= LOOKS_PER_BYTE * (input.len() + 8),
        "{looked_at} for {}\n{}",
        input.len(),
        shown()
    );
    match outcome {
        Ok(Decoded { message, faults }) => {
            for fault in faults {
                let position = fault.error.position;
                assert!(position.offset <= input.len(), "{fault}\n{}", shown());
                assert!(position.line >= 1 && position.column >= 1);
                assert!(fault.error.descriptor().text.is_some(), "{fault}");
            }
            // What was decoded can be written, unless a fault emptied it.
            out.clear();
            let _ = encode(&message, Layout::Compact, out);
        }
        Err(error) => {
            assert!(
                error.error.position.offset <= input.len(),
                "{error}\n{}",
                shown()
            );
            assert!(error.error.descriptor().text.is_some(), "{error}");
        }
    }
}

/// Values that stand for all: every byte that the grammar knows, one of those that are only text, and one that is nothing.
fn values() -> impl Iterator<Item = u8> {
    (0x20..0x7F).chain([0x00, b'\t', b'\n', b'\r', 0x7F, 0xFF])
}

/// Every single-byte mutation: to every kind of value, deleted, doubled, cut off there.
#[test]
fn every_single_byte_mutation_is_survived() {
    let (mut arena, mut out) = (Arena::new(), Vec::new());
    for (_, bytes) in super::corpus("time_test")
        .iter()
        .chain(&super::corpus("rfc3525"))
    {
        let mut mutant = bytes.clone();
        for at in 0..bytes.len() {
            for value in values() {
                mutant[at] = value;
                check(&mutant, &mut arena, &mut out);
            }
            mutant[at] = bytes[at];
            let mut mutant = bytes.clone();
            mutant.remove(at);
            check(&mutant, &mut arena, &mut out);
            mutant.insert(at, bytes[at]);
            mutant.insert(at, bytes[at]);
            check(&mutant, &mut arena, &mut out);
            check(&bytes[..at], &mut arena, &mut out);
        }
    }
}

/// Punctuation in the wrong place is what confuses the search for the end of a unit.
#[test]
fn misplaced_punctuation_is_survived() {
    let (mut arena, mut out) = (Arena::new(), Vec::new());
    for (_, bytes) in super::corpus("time_test") {
        for at in (0..bytes.len()).step_by(3) {
            for byte in *b"{}[]\",;=:\\\n" {
                let mut mutant = bytes.clone();
                mutant[at] = byte;
                check(&mutant, &mut arena, &mut out);
            }
        }
    }
}

/// Inputs built to make a decoder go back and forth.
#[test]
fn hostile_inputs_take_linear_work() {
    let (mut arena, mut out) = (Arena::new(), Vec::new());
    let head = "MEGACO/1 [1.2.3.4]\nTransaction=1{Context=1{";
    let hostile = [
        format!("{head}{}", "Add=a{Media{Local{".repeat(3000)),
        format!("{head}{}", "Add=a{\"".repeat(9000)),
        format!("{head}{}}}}}", "Add=,".repeat(10_000)),
        format!("{head}{}", "{".repeat(60_000)),
        format!("{head}{}", ";".repeat(60_000)),
        format!("{head}{}", ";\n".repeat(30_000)),
        format!("MEGACO/1 [1.2.3.4]\n{}", "X{}".repeat(20_000)),
        format!("MEGACO/1 [1.2.3.4]\n{}", "T=1{C=1{A".repeat(7_000)),
        format!("{head}Add=a{{Media{{Local{{{}", "\\}".repeat(30_000)),
        format!("{}MEGACO/1", " ".repeat(60_000)),
        format!("K{{{}}}", "1-2,".repeat(10_000)),
    ];
    for input in &hostile {
        check(input.as_bytes(), &mut arena, &mut out);
    }
}
