//! A deterministic byte-mutation run of every fuzz target, for machines without cargo-fuzz.

mod exercise;

use std::fs;
use std::path::Path;

use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::{Arena, Limits, text};

/// Mutants of each kind.
const MUTANTS: usize = 30_000;

/// A small generator of the xorshift family; the same sequence in every run.
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut paths: Vec<_> = ["time_test", "rfc3525"]
        .iter()
        .flat_map(|folder| fs::read_dir(corpus.join(folder)).expect("corpus"))
        .map(|entry| entry.expect("entry").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).expect("message"))
        .collect()
}

/// Up to eight edits: a byte changed, a piece deleted, doubled, or taken from another message.
fn mutate(sequence: &mut Sequence, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[sequence.below(seeds.len())].clone();
    for _ in 0..=sequence.below(8) {
        let at = sequence.below(bytes.len() + 1);
        let end = (at + sequence.below(24)).min(bytes.len());
        match sequence.below(6) {
            0 if at < bytes.len() => bytes[at] = sequence.next() as u8,
            1 if at < bytes.len() => bytes[at] = b"{}[]\",;:=<>#\\ \n-/*$"[sequence.below(19)],
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                let other = &seeds[sequence.below(seeds.len())];
                let from = sequence.below(other.len());
                let piece = other[from..(from + 40).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

/// The binary forms of those seeds that have one.
fn binary_seeds() -> Vec<Vec<u8>> {
    let binary = |bytes: &Vec<u8>| {
        let (arena, mut out) = (Arena::new(), Vec::new());
        let message = text::decode(bytes, &arena, &Limits::default())
            .ok()?
            .message;
        ber::encode(&message, &BerConfig::default(), &mut out)
            .ok()
            .map(|()| out)
    };
    seeds().iter().filter_map(binary).collect()
}

fn run(seeds: &[Vec<u8>], exercise: fn(&[u8])) {
    let mut sequence = Sequence(0x9E37_79B9_7F4A_7C15);
    for _ in 0..MUTANTS {
        exercise(&mutate(&mut sequence, seeds));
    }
}

#[test]
fn text() {
    run(&seeds(), exercise::text);
}

#[test]
fn ber() {
    run(&binary_seeds(), exercise::ber);
}

#[test]
fn mini() {
    run(&seeds(), exercise::mini);
    run(&binary_seeds(), exercise::mini);
}

#[test]
fn round_trip() {
    run(&seeds(), exercise::round_trip);
}
