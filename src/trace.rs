//! `megaphone trace`: the messages of one H.248 association as they pass, drawn as a ladder, and kept for tshark on request.

mod ladder;
mod pcapng;

pub use ladder::Ladder;
pub use pcapng::Capture;

use crate::ctl::wire::{Message, Saying};
use crate::ctl::{self};
use crate::failure::Failure;
use clap::Args;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// What to trace, where.
#[derive(Args, Debug)]
pub struct TraceArgs {
    /// The control socket of the appliance, as given to `serve --ctl`.
    #[arg(long, value_name = "PATH", env = "MEGAPHONE_CTL")]
    socket: PathBuf,
    /// The gateway's MID as H.248 text has it, such as <gw1.example> or [192.0.2.1]:2944; it may connect later.
    #[arg(long, value_name = "MID")]
    association: String,
    /// Keep the messages in this file, for tshark and wireshark.
    #[arg(long, value_name = "FILE")]
    pcapng: Option<PathBuf>,
    /// End after so many messages.
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

/// Traces until interrupted, until the appliance ends, or until enough was seen.
///
/// # Errors
///
/// [`Failure::Unavailable`] if no appliance answers; [`Failure::Verdict`] if it refuses; an error of the file.
pub fn trace(args: &TraceArgs) -> Result<(), Failure> {
    let mut capture = match &args.pcapng {
        None => None,
        Some(path) => {
            let what = format!("writing {}", path.display());
            let file = File::create(path).map_err(|error| Failure::from_io(&what, &error))?;
            let capture = Capture::start(BufWriter::new(file));
            Some((
                capture.map_err(|error| Failure::from_io(&what, &error))?,
                what,
            ))
        }
    };
    let mut ladder = Ladder::new(&args.association);
    let mut left = args.count;
    let mut refused = Vec::new();
    let mut failure = None;
    let question = format!("trace {}", args.association);
    ctl::ask(&args.socket, &question, |said| {
        match said.saying {
            Saying::Message(message) => {
                show(&mut ladder, &message);
                if let Some((capture, what)) = &mut capture
                    && let Err(error) = capture.add(&message)
                {
                    failure = Some(Failure::from_io(what, &error));
                }
                left = left.map(|left| left.saturating_sub(1));
            }
            Saying::Line(line) => drop(writeln!(io::stdout(), "{line}")),
            Saying::Refused(why) => refused.push(why),
            Saying::Done => {}
        }
        failure.is_none() && left != Some(0)
    })?;
    refused.dedup();
    match failure {
        Some(failure) => Err(failure),
        None if refused.is_empty() => Ok(()),
        None => Err(Failure::Verdict(refused.join("\n"))),
    }
}

/// Draws a message. A reader that has gone away is not told.
fn show(ladder: &mut Ladder, message: &Message) {
    let mut out = io::stdout().lock();
    let _ = out
        .write_all(ladder.step(message).as_bytes())
        .and_then(|()| out.flush());
}
