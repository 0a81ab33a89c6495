//! `megaphone ctl`: asks a running appliance, over its control socket. The words are in [`words`], what travels in [`wire`];
//! the appliance's side is [`crate::admin::desk`].

pub mod wire;
pub mod words;

use crate::failure::Failure;
use clap::Args;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use wire::{Said, Saying};

/// What to ask, and of whom.
#[derive(Args, Debug)]
pub struct CtlArgs {
    /// The control socket of the appliance, as given to `serve --ctl`.
    #[arg(long, value_name = "PATH", env = "MEGAPHONE_CTL")]
    socket: PathBuf,
    /// Print each answer as a JSON object.
    #[arg(long)]
    json: bool,
    /// The question; `help` lists them.
    #[arg(value_name = "WORDS", required = true, trailing_var_arg = true)]
    words: Vec<String>,
}

/// Asks and prints what is said.
///
/// # Errors
///
/// [`Failure::Unavailable`] if nobody answers at the socket; [`Failure::Verdict`] if the question was refused.
pub fn ctl(args: &CtlArgs) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let mut refused = Vec::new();
    let question = args.words.join(" ");
    ask(&args.socket, &question, |said| {
        // A reader that has gone away is not told.
        let _ = match &said.saying {
            _ if args.json => writeln!(out, "{}", said.to_json()),
            Saying::Line(line) => match said.shard {
                Some(shard) => writeln!(out, "shard={shard} {line}"),
                None => writeln!(out, "{line}"),
            },
            Saying::Message(message) => writeln!(out, "{message}"),
            Saying::Refused(_) | Saying::Done => Ok(()),
        };
        if let Saying::Refused(why) = said.saying {
            refused.push(why);
        }
        true
    })?;
    refused.dedup();
    match refused.is_empty() {
        true => Ok(()),
        false => Err(Failure::Verdict(refused.join("\n"))),
    }
}

/// Asks `question` at `socket` and hands over what is said, until the last word or until `hear` has heard enough.
///
/// # Errors
///
/// [`Failure::Unavailable`] if nobody answers there, or stops in the middle.
pub fn ask(
    socket: &Path,
    question: &str,
    mut hear: impl FnMut(Said) -> bool,
) -> Result<(), Failure> {
    let what = format!("asking at {}", socket.display());
    let failed = |error: io::Error| Failure::from_io(&what, &error);
    let mut stream = UnixStream::connect(socket).map_err(failed)?;
    writeln!(stream, "{question}").map_err(failed)?;
    for line in BufReader::new(stream).lines() {
        let said = Said::from_json(&line.map_err(failed)?)
            .map_err(|error| Failure::Unavailable(format!("{what}: {error}")))?;
        if said.saying == Saying::Done {
            return Ok(());
        }
        if !hear(said) {
            return Ok(());
        }
    }
    Err(Failure::Unavailable(format!(
        "{what}: the answer broke off"
    )))
}
