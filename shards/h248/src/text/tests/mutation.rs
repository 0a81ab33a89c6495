//! Golden messages with one byte wrong: no panic, no loop, offsets inside the input, linear work.

use std::thread;

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

/// Every single-byte mutation: to every value, deleted, doubled, cut off there. Fifteen million messages, so every core
/// takes its share of the golden ones.
#[test]
fn every_single_byte_mutation_is_survived() {
    let golden = [super::corpus("time_test"), super::corpus("rfc3525")].concat();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for worker in 0..workers {
            let share = golden.iter().skip(worker).step_by(workers);
            scope.spawn(|| share.for_each(|(_, bytes)| mutate(bytes)));
        }
    });
}

fn mutate(golden: &[u8]) {
    let (mut arena, mut out) = (Arena::new(), Vec::new());
    let mut mutant = golden.to_vec();
    for at in 0..golden.len() {
        for value in 0..=u8::MAX {
            mutant[at] = value;
            check(&mutant, &mut arena, &mut out);
        }
        mutant.remove(at);
        check(&mutant, &mut arena, &mut out);
        mutant.splice(at..at, [golden[at]; 2]);
        check(&mutant, &mut arena, &mut out);
        mutant.remove(at);
        check(&golden[..at], &mut arena, &mut out);
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
