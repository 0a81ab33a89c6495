//! A fixed amount of codec work for callgrind, whose instruction counts do not depend on what else the machine does:
//!
//! ```text
//! cargo bench -p megaphone-h248 --bench instructions --no-run
//! valgrind --tool=callgrind --toggle-collect='*measured*' target/release/deps/instructions-... decode pretty
//! ```
//!
//! Arguments: `encode` or `decode`; `pretty`, `compact` or `ber`. Without them every combination runs once.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::{IntoOwned, Message};
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};

/// Passes over the pack: enough to make everything else negligible.
const PASSES: usize = 20;

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let messages = messages();
    for direction in ["encode", "decode"] {
        for encoding in ["pretty", "compact", "ber"] {
            if asked
                .iter()
                .all(|word| word == direction || word == encoding)
            {
                run(direction, encoding, &messages);
            }
        }
    }
}

fn run(direction: &str, encoding: &str, messages: &[Message<'_>]) {
    let config = BerConfig::default();
    let mut work = Vec::new();
    for message in messages {
        let mut bytes = Vec::new();
        if encode(encoding, message, &config, &mut bytes) {
            work.push((message, bytes));
        }
    }
    match direction {
        "encode" => measured_encode(encoding, &work, &config),
        _ => measured_decode(encoding, &work, &config),
    }
    println!(
        "{direction} {encoding}: {} messages, {PASSES} passes",
        work.len()
    );
}

#[inline(never)]
fn measured_encode(encoding: &str, work: &[(&Message<'_>, Vec<u8>)], config: &BerConfig) {
    let mut out = Vec::with_capacity(64 * 1024);
    for _ in 0..PASSES {
        for (message, _) in work {
            out.clear();
            black_box(encode(encoding, message, config, &mut out));
        }
    }
}

#[inline(never)]
fn measured_decode(encoding: &str, work: &[(&Message<'_>, Vec<u8>)], config: &BerConfig) {
    let (mut arena, limits) = (Arena::with_capacity(64 * 1024), Limits::default());
    for _ in 0..PASSES {
        for (_, bytes) in work {
            arena.reset();
            let decoded = match encoding {
                "ber" => ber::decode(bytes, &arena, &limits, config),
                _ => text::decode(bytes, &arena, &limits),
            };
            black_box(&decoded);
        }
    }
}

fn encode(encoding: &str, message: &Message<'_>, config: &BerConfig, out: &mut Vec<u8>) -> bool {
    match encoding {
        "pretty" => text::encode(message, Layout::Pretty, out).is_ok(),
        "compact" => text::encode(message, Layout::Compact, out).is_ok(),
        _ => ber::encode(message, config, out).is_ok(),
    }
}

fn messages() -> Vec<Message<'static>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/time_test");
    let mut paths: Vec<_> = fs::read_dir(dir)
        .expect("corpus")
        .map(|entry| entry.expect("entry").path())
        .collect();
    paths.sort();
    let owned = |path| {
        let (bytes, arena) = (fs::read(path).expect("message"), Arena::new());
        text::decode(&bytes, &arena, &Limits::default())
            .expect("golden")
            .message
            .into_owned()
    };
    paths.iter().map(owned).collect()
}
