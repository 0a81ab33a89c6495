//! Wall time of every codec over the measurement pack (criterion). One iteration is the whole pack.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::{IntoOwned, Message};
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};

type Encode = fn(&Message<'_>, &BerConfig, &mut Vec<u8>);
type Decode = for<'a> fn(&'a [u8], &'a Arena, &BerConfig);

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

fn codecs() -> [(&'static str, Encode, Decode); 3] {
    let decode_text: Decode = |input, arena, _| {
        black_box(text::decode(input, arena, &Limits::default()).is_ok());
    };
    [
        (
            "pretty",
            |message, _, out| text::encode(message, Layout::Pretty, out).expect("text"),
            decode_text,
        ),
        (
            "compact",
            |message, _, out| text::encode(message, Layout::Compact, out).expect("text"),
            decode_text,
        ),
        (
            "ber",
            // A message without a binary form is an empty one.
            |message, config, out| drop(ber::encode(message, config, out)),
            |input, arena, config| {
                black_box(ber::decode(input, arena, &Limits::default(), config).is_ok());
            },
        ),
    ]
}

fn codec(criterion: &mut Criterion) {
    let messages = messages();
    let config = BerConfig::default();
    for (name, encode, decode) in codecs() {
        let encoded: Vec<Vec<u8>> = messages
            .iter()
            .map(|message| {
                let mut out = Vec::new();
                encode(message, &config, &mut out);
                out
            })
            .collect();
        let bytes = encoded.iter().map(Vec::len).sum::<usize>() as u64;
        let mut group = criterion.benchmark_group(name);
        group
            .throughput(Throughput::Bytes(bytes))
            .measurement_time(Duration::from_secs(2))
            .sample_size(30);
        let mut out = Vec::with_capacity(64 * 1024);
        group.bench_function("encode", |bencher| {
            bencher.iter(|| {
                for message in &messages {
                    out.clear();
                    encode(black_box(message), &config, &mut out);
                    black_box(&out);
                }
            });
        });
        let mut arena = Arena::new();
        group.bench_function("decode", |bencher| {
            bencher.iter(|| {
                for bytes in &encoded {
                    arena.reset();
                    decode(black_box(bytes), &arena, &config);
                }
            });
        });
        group.bench_function("memchr", |bencher| {
            bencher.iter(|| {
                for bytes in &encoded {
                    black_box(memchr::memchr(0x01, black_box(bytes)));
                }
            });
        });
        group.finish();
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
