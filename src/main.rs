//! The `megaphone` command: reads the command line, does what it says, ends with an exit code that tells.
#![forbid(unsafe_code)]

use clap::Parser;
use megaphone::bench::codec::{self, CodecArgs};
use megaphone::bench::h248;
use megaphone::bench::outcome::Outcome;
use megaphone::bench::work::Work;
use megaphone::bench::xmpp;
use megaphone::card::Card;
use megaphone::cli::{Bench, Cli, Command};
use megaphone::ctl::ctl;
use megaphone::decode::decode;
use megaphone::failure::Failure;
use megaphone::serve::serve;
use megaphone::trace::trace;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What `sysexits` has for a wrong command line.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, and are no errors. A closed output cannot be told anything.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match execute(cli.command.unwrap_or_else(Command::default)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "megaphone: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => serve(*args),
        Command::Bench(bench) => match *bench {
            Bench::Codec(args) => measure_codecs(&args),
            bench => measure(bench),
        },
        Command::Ctl(args) => ctl(&args),
        Command::Trace(args) => trace(&args),
        Command::Decode(args) => decode(&args),
        Command::Card { json } => {
            let card = Card::read();
            print(&card, json.then_some(&card))
        }
    }
}

/// Prints a result for a reader, or the one object for a program. A reader that has gone away is not told.
fn print(text: &impl Display, json: Option<&impl Serialize>) -> Result<(), Failure> {
    let mut out = io::stdout();
    let _ = match json {
        None => write!(out, "{text}"),
        Some(object) => {
            let json =
                serde_json::to_string(object).map_err(|error| Failure::Os(error.to_string()))?;
            writeln!(out, "{json}")
        }
    };
    Ok(())
}

fn measure_codecs(args: &CodecArgs) -> Result<(), Failure> {
    let costs = codec::measure(args)?;
    match args.json {
        true => println!(
            "{}",
            serde_json::to_string(&costs).expect("costs are plain data")
        ),
        false => print!("{costs}"),
    }
    Ok(())
}

fn measure(bench: Bench) -> Result<(), Failure> {
    let (run, json) = bench.run()?;
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The second signal ends the process as it would have without us.
        let armed =
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&interrupted))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&interrupted)));
        armed.map_err(|error| Failure::from_io("waiting for signals", &error))?;
    }
    let _ = writeln!(io::stderr(), "{}", run.work);
    let is_h248 = matches!(run.work, Work::H248(_));
    let users = match run.work {
        Work::Xmpp(_) => Some(run.work.connections()),
        _ => None,
    };
    let measured = run.execute(&interrupted)?;
    if let Some(users) = users {
        let outcome = xmpp::outcome::Outcome::new(users, measured);
        print(&outcome, json.then_some(&outcome))?;
        return verdict(
            outcome.is_clean(),
            "users could not log in or were lost, or messages were lost, misrouted, repeated or damaged",
        );
    }
    if is_h248 {
        let outcome = h248::outcome::Outcome::from(measured);
        print(&outcome, json.then_some(&outcome))?;
        return verdict(
            outcome.is_clean(),
            "requests were not answered, or with an error, or gateways failed",
        );
    }
    let outcome = Outcome::from(measured);
    print(&outcome, json.then_some(&outcome))?;
    verdict(
        outcome.is_clean(),
        "packets were lost, misrouted or damaged, or connections failed",
    )
}

fn verdict(is_clean: bool, otherwise: &str) -> Result<(), Failure> {
    match is_clean {
        true => Ok(()),
        false => Err(Failure::Verdict(otherwise.into())),
    }
}
