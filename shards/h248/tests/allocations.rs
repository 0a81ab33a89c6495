//! After the first messages, decoding and encoding allocate nothing, in any encoding.

use std::fs;
use std::path::Path;

use allocation_counter::measure;
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::Message;
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};

/// The measurement pack: 148 texts.
fn texts() -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/time_test");
    let mut paths: Vec<_> = fs::read_dir(dir)
        .expect("corpus directory")
        .map(|entry| entry.expect("corpus entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    assert_eq!(paths.len(), 148);
    paths
        .iter()
        .map(|path| fs::read(path).expect("readable"))
        .collect()
}

fn decoded<'a>(text: &'a [u8], arena: &'a Arena) -> Message<'a> {
    let decoded = text::decode(text, arena, &Limits::default());
    decoded.expect("decodes").clean().expect("no faults")
}

fn binaries(texts: &[Vec<u8>], config: &BerConfig) -> Vec<Vec<u8>> {
    let binary = |text: &Vec<u8>| {
        let (arena, mut out) = (Arena::new(), Vec::new());
        ber::encode(&decoded(text, &arena), config, &mut out).expect("expressible");
        out
    };
    texts.iter().map(binary).collect()
}

/// Runs `pass` over every input once to warm up, then counts what each one allocates.
fn allocates_nothing<I>(inputs: &[I], mut pass: impl FnMut(&I)) {
    inputs.iter().for_each(&mut pass);
    for (index, input) in inputs.iter().enumerate() {
        let measured = measure(|| pass(input));
        assert_eq!(measured.count_total, 0, "input {index}: {measured:?}");
    }
}

#[test]
fn a_warm_text_decode_allocates_nothing() {
    let mut arena = Arena::with_capacity(64 * 1024);
    allocates_nothing(&texts(), |text| {
        arena.reset();
        let decoded = text::decode(text, &arena, &Limits::default());
        assert!(decoded.expect("decodes").faults.is_empty());
    });
}

#[test]
fn a_warm_ber_decode_allocates_nothing() {
    let config = BerConfig::default();
    let mut arena = Arena::with_capacity(64 * 1024);
    allocates_nothing(&binaries(&texts(), &config), |binary| {
        arena.reset();
        let decoded = ber::decode(binary, &arena, &Limits::default(), &config);
        assert!(decoded.expect("decodes").faults.is_empty());
    });
}

#[test]
fn encoding_into_a_buffer_with_room_allocates_nothing() {
    let (texts, arena, config) = (texts(), Arena::new(), BerConfig::default());
    let messages: Vec<_> = texts.iter().map(|text| decoded(text, &arena)).collect();
    let mut out = Vec::with_capacity(64 * 1024);
    for layout in [Layout::Pretty, Layout::Compact] {
        allocates_nothing(&messages, |message| {
            out.clear();
            text::encode(message, layout, &mut out).expect("expressible");
        });
    }
    allocates_nothing(&messages, |message| {
        out.clear();
        ber::encode(message, &config, &mut out).expect("expressible");
    });
}
