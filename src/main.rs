//! The `megaphone` command: reads the command line, does what it says, ends with an exit code that tells.
#![forbid(unsafe_code)]

use clap::Parser;
use megaphone::bench::codec::{self, CodecArgs};
use megaphone::card::Card;
use megaphone::cli::{Bench, Cli, Command};
use megaphone::decode::decode;
use megaphone::failure::Failure;
use megaphone::serve::serve;
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
            eprintln!("megaphone: {failure}");
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
        Command::Decode(args) => decode(&args),
        Command::Card { json } => {
            print_card(&Card::read(), json);
            Ok(())
        }
    }
}

fn print_card(card: &Card, json: bool) {
    match json {
        true => println!(
            "{}",
            serde_json::to_string(card).expect("a card is plain data")
        ),
        false => print!("{card}"),
    }
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
    eprintln!("{}", run.plan);
    let outcome = run.execute(&interrupted)?;
    match json {
        true => println!(
            "{}",
            serde_json::to_string(&outcome).expect("an outcome is plain data")
        ),
        false => print!("{outcome}"),
    }
    match outcome.is_clean() {
        true => Ok(()),
        false => Err(Failure::Verdict(
            "packets were lost, misrouted or damaged, or connections failed".into(),
        )),
    }
}
