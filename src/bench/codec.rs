//! `megaphone bench codec`: what it costs to encode and decode a corpus of messages, without any network.
//!
//! Every message is decoded once and encoded in each encoding; messages that an encoding cannot express are left out
//! there. Then the whole set is encoded, and decoded, over and over by one thread. A pass over the set is one sample;
//! the mean per message of the median pass is reported, so that what else the machine did does not count.

use crate::failure::Failure;
use clap::Args;
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::Message;
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};
use serde::Serialize;
use std::fmt;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// `bench codec`.
#[derive(Args, Debug)]
pub struct CodecArgs {
    /// A directory with one text message per file (*.txt).
    #[arg(long, value_name = "DIR")]
    corpus: PathBuf,
    /// How long to encode, and how long to decode, in each encoding.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    seconds: f64,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What one encoding costs, per message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Mean size in bytes.
    pub bytes: f64,
    /// Mean time to encode, in nanoseconds.
    pub encode_ns: f64,
    /// Mean time to decode, in nanoseconds.
    pub decode_ns: f64,
}

/// What each encoding costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Costs {
    /// Text with long tokens and indentation.
    pub pretty: Cost,
    /// Text with short tokens and no white space.
    pub compact: Cost,
    /// Binary.
    pub ber: Cost,
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:8} {:>8} {:>10} {:>10} {:>10}",
            "", "bytes", "encode ns", "decode ns", "both ns"
        )?;
        for (name, cost) in [
            ("pretty", self.pretty),
            ("compact", self.compact),
            ("ber", self.ber),
        ] {
            let Cost {
                bytes,
                encode_ns,
                decode_ns,
            } = cost;
            let both = encode_ns + decode_ns;
            writeln!(
                f,
                "{name:8} {bytes:8.1} {encode_ns:10.0} {decode_ns:10.0} {both:10.0}"
            )?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Text(Layout),
    Ber,
}

struct Codec {
    encoding: Encoding,
    limits: Limits,
    ber: BerConfig,
}

impl Codec {
    fn encode(&self, message: &Message<'_>, out: &mut Vec<u8>) -> bool {
        match self.encoding {
            Encoding::Text(layout) => text::encode(message, layout, out).is_ok(),
            Encoding::Ber => ber::encode(message, &self.ber, out).is_ok(),
        }
    }

    /// Whether the message is clean; it is built completely in any case.
    fn decode(&self, input: &[u8], arena: &Arena) -> bool {
        let decoded = match self.encoding {
            Encoding::Text(_) => text::decode(input, arena, &self.limits),
            Encoding::Ber => ber::decode(input, arena, &self.limits, &self.ber),
        };
        black_box(&decoded)
            .as_ref()
            .is_ok_and(|decoded| decoded.faults.is_empty())
    }
}

/// Measures a corpus.
///
/// # Errors
///
/// [`Failure::Unavailable`] or [`Failure::Os`] if the corpus cannot be read, [`Failure::Usage`] if it holds no message
/// or one that is faulty.
pub fn measure(args: &CodecArgs) -> Result<Costs, Failure> {
    let files = read(args)?;
    let arenas: Vec<Arena> = files.iter().map(|_| Arena::new()).collect();
    let mut messages = Vec::with_capacity(files.len());
    for ((path, bytes), arena) in files.iter().zip(&arenas) {
        let decoded = text::decode(bytes, arena, &Limits::default());
        let message = match decoded.map(|decoded| decoded.clean()) {
            Ok(Ok(message)) => message,
            Ok(Err(fault)) => return Err(Failure::Usage(format!("{}: {fault}", path.display()))),
            Err(error) => return Err(Failure::Usage(format!("{}: {error}", path.display()))),
        };
        messages.push(message);
    }
    if args.seconds.is_nan() {
        return Err(Failure::Usage("--seconds is no number".into()));
    }
    let time = Duration::from_secs_f64(args.seconds.clamp(0.01, 3600.0));
    let cost = |encoding| cost(encoding, &messages, time);
    Ok(Costs {
        pretty: cost(Encoding::Text(Layout::Pretty)),
        compact: cost(Encoding::Text(Layout::Compact)),
        ber: cost(Encoding::Ber),
    })
}

fn read(args: &CodecArgs) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    let what = format!("reading {}", args.corpus.display());
    let failure = |error| Failure::from_io(&what, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(&args.corpus).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let bytes = fs::read(&path).map_err(failure)?;
            files.push((path, bytes));
        }
    }
    if files.is_empty() {
        return Err(Failure::Usage(format!(
            "{} holds no message (*.txt)",
            args.corpus.display()
        )));
    }
    files.sort();
    Ok(files)
}

fn cost(encoding: Encoding, messages: &[Message<'_>], time: Duration) -> Cost {
    let codec = Codec {
        encoding,
        limits: Limits::default(),
        ber: BerConfig::default(),
    };
    let mut arena = Arena::new();
    let mut pairs = Vec::with_capacity(messages.len());
    for message in messages {
        let mut bytes = Vec::new();
        arena.reset();
        if codec.encode(message, &mut bytes) && codec.decode(&bytes, &arena) {
            pairs.push((message, bytes));
        }
    }
    if pairs.is_empty() {
        return Cost::default();
    }
    let count = pairs.len() as f64;
    let bytes = pairs.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() as f64 / count;
    let mut out = Vec::with_capacity(64 * 1024);
    let encode_ns = median_pass(time, || {
        for (message, _) in &pairs {
            out.clear();
            black_box(codec.encode(black_box(message), &mut out));
        }
    });
    let decode_ns = median_pass(time, || {
        for (_, bytes) in &pairs {
            arena.reset();
            black_box(codec.decode(black_box(bytes), &arena));
        }
    });
    Cost {
        bytes,
        encode_ns: encode_ns / count,
        decode_ns: decode_ns / count,
    }
}

/// Nanoseconds of the median call, over calls that together take about `time`.
fn median_pass(time: Duration, mut pass: impl FnMut()) -> f64 {
    pass();
    let mut samples = Vec::new();
    let start = Instant::now();
    while start.elapsed() < time || samples.is_empty() {
        let before = Instant::now();
        pass();
        samples.push(before.elapsed().as_nanos());
    }
    samples.sort_unstable();
    samples[samples.len() / 2] as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn args(corpus: PathBuf) -> CodecArgs {
        CodecArgs {
            corpus,
            seconds: 0.01,
            json: true,
        }
    }

    #[test]
    fn every_encoding_has_its_cost() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("shards/h248/corpus/time_test");
        let costs = measure(&args(corpus)).expect("the corpus is sound");
        for cost in [costs.pretty, costs.compact, costs.ber] {
            assert!(
                cost.bytes > 100.0 && cost.encode_ns > 0.0 && cost.decode_ns > 0.0,
                "{costs:?}"
            );
        }
        assert!(costs.pretty.bytes > costs.compact.bytes);
        let json = serde_json::to_value(costs).expect("plain data");
        assert!(json["ber"]["decode_ns"].is_f64() && json["pretty"]["encode_ns"].is_f64());
    }

    #[test]
    fn an_empty_corpus_is_refused() {
        let corpus = tempfile::tempdir().expect("a directory");
        assert!(matches!(
            measure(&args(corpus.path().into())),
            Err(Failure::Usage(_))
        ));
        assert!(measure(&args("/nowhere/at/all".into())).is_err());
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("shards/h248/corpus/time_test");
        let seconds = f64::NAN;
        let endless = CodecArgs {
            seconds,
            ..args(corpus)
        };
        assert!(matches!(measure(&endless), Err(Failure::Usage(_))));
    }
}
