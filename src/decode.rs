//! `megaphone decode`: H.248 messages from a file or standard input, shown in any encoding. It only wires the codecs.

mod line;
mod show;

use crate::failure::Failure;
use clap::{Args, ValueEnum};
use megaphone_h248::ber::{self, BerConfig, BerProfile};
use megaphone_h248::error::SyntaxError;
use megaphone_h248::model::Message;
use megaphone_h248::sniff::{Sniffed, sniff};
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, DecodeError, Decoded, EncodeError, Limits};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

/// What to decode, and how to show it.
#[derive(Args, Debug)]
pub struct DecodeArgs {
    /// A message, text or binary, as it is or as hexadecimal digits; standard input without it or for -.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The encoding of the input.
    #[arg(long, value_enum, default_value_t = From::Auto)]
    from: From,
    /// The encoding of the output.
    #[arg(long, value_enum, default_value_t = To::Pretty)]
    to: To,
    /// Write package values in BER as Erlang/OTP does, without the inner type; both forms are always read.
    #[arg(long)]
    otp: bool,
    /// One message per line, {"id":..., "text":...} or {"id":..., "base64":...}; one JSON object out for each, in
    /// order.
    #[arg(long, conflicts_with = "to")]
    jsonl: bool,
}

/// An encoding to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// By the first bytes.
    Auto,
    /// Text, long or short tokens or both.
    Text,
    /// Binary.
    Ber,
}

/// An encoding to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum To {
    /// Text with long tokens and indentation.
    Pretty,
    /// Text with short tokens and no white space.
    Compact,
    /// Binary.
    Ber,
    /// The message's parts by name.
    Json,
}

/// The codecs, as one command line has set them up.
struct Codecs {
    from: From,
    limits: Limits,
    ber: BerConfig,
}

/// Which codec read a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Text,
    Ber,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Encoding::Text => "text",
            Encoding::Ber => "ber",
        }
    }
}

impl Codecs {
    fn new(args: &DecodeArgs) -> Codecs {
        let profile = if args.otp {
            BerProfile::Otp
        } else {
            BerProfile::Standard
        };
        Codecs {
            from: args.from,
            limits: Limits::default(),
            ber: BerConfig {
                profile,
                ..BerConfig::default()
            },
        }
    }

    fn encoding(&self, input: &[u8]) -> Encoding {
        match (self.from, sniff(input)) {
            (From::Ber, _) | (From::Auto, Sniffed::Ber { .. }) => Encoding::Ber,
            _ => Encoding::Text,
        }
    }

    fn decode<'a>(
        &self,
        input: &'a [u8],
        arena: &'a Arena,
    ) -> (Encoding, Result<Decoded<'a>, DecodeError>) {
        let encoding = self.encoding(input);
        let decoded = match encoding {
            Encoding::Text => text::decode(input, arena, &self.limits),
            Encoding::Ber => ber::decode(input, arena, &self.limits, &self.ber),
        };
        (encoding, decoded)
    }

    fn text(&self, message: &Message<'_>, layout: Layout) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        text::encode(message, layout, &mut out).map(|()| out)
    }

    fn ber(&self, message: &Message<'_>) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        ber::encode(message, &self.ber, &mut out).map(|()| out)
    }
}

/// Decodes what the arguments name and prints it.
///
/// # Errors
///
/// [`Failure::Verdict`] if a message is faulty, after what could be shown was shown; with `--jsonl` every line gets its
/// own verdict and the run succeeds. [`Failure::Unavailable`] or [`Failure::Os`] if input or output fail.
pub fn decode(args: &DecodeArgs) -> Result<(), Failure> {
    let codecs = Codecs::new(args);
    let mut out = BufWriter::new(io::stdout().lock());
    let input: Box<dyn Read> = match &args.file {
        Some(path) if path.as_os_str() != "-" => {
            let what = format!("reading {}", path.display());
            Box::new(File::open(path).map_err(|error| Failure::from_io(&what, &error))?)
        }
        _ => Box::new(io::stdin().lock()),
    };
    let outcome = if args.jsonl {
        line::every(&codecs, BufReader::new(input), &mut out)
    } else {
        one(&codecs, args.to, input, &mut out)
    };
    match outcome.and_then(|errors| out.flush().map(|()| errors)) {
        Ok(errors) if errors.is_empty() => Ok(()),
        Ok(errors) => Err(Failure::Verdict(errors)),
        // Whoever read our output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::from_io("decoding", &error)),
    }
}

/// Shows one message; returns the faults it had, ready to print.
fn one(codecs: &Codecs, to: To, mut input: impl Read, out: &mut impl Write) -> io::Result<String> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let bytes = show::unhex(bytes);
    let arena = Arena::new();
    let (encoding, decoded) = codecs.decode(&bytes, &arena);
    let Decoded { message, faults } = match decoded {
        Ok(decoded) => decoded,
        Err(error) => return Ok(show::caret(&bytes, encoding, &error.error)),
    };
    let mut errors: Vec<String> = faults
        .iter()
        .map(|fault| show::caret(&bytes, encoding, &fault.error))
        .collect();
    let shown = match to {
        To::Pretty => codecs.text(&message, Layout::Pretty),
        To::Compact => codecs.text(&message, Layout::Compact),
        To::Ber => codecs.ber(&message),
        To::Json => Ok(show::json(&message)),
    };
    match shown {
        Ok(shown) => {
            out.write_all(&shown)?;
            if to != To::Ber {
                out.write_all(b"\n")?;
            }
        }
        Err(error) => errors.push(format!(
            "the message cannot be shown in this encoding: {error}"
        )),
    }
    Ok(errors.join("\n"))
}

/// The first thing that is wrong with a message, if anything is.
fn first_error<'d>(decoded: &'d Result<Decoded<'_>, DecodeError>) -> Option<&'d SyntaxError> {
    match decoded {
        Ok(decoded) => decoded.faults.first().map(|fault| &fault.error),
        Err(error) => Some(&error.error),
    }
}

#[cfg(test)]
mod tests;
