//! `megaphone serve`: turns what was asked for into an engine full of shards, and sees it through to its end. What
//! the shards do with clients is not known here.

mod log;
mod setup;

pub use log::Log;
pub use setup::Setup;

use crate::admin::desk::{self, Desk};
use crate::admin::{self, Report, Stage};
use crate::cli::{Metrics, ServeArgs};
use crate::embed::Additions;
use crate::failure::Failure;
use megaphone_core::{Note, NoteLevel, Shard, ShardId};
use megaphone_engine::{Birth, Controls, EngineError, NoteSink, Running};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::{self, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

/// Serves until a signal ends it: the first one drains, a second one ends at once.
///
/// # Errors
///
/// Anything that keeps it from starting, with the likely cause; a shard that failed later.
pub fn serve(args: ServeArgs) -> Result<(), Failure> {
    serve_with(args, &Additions::default())
}

/// As [`serve`], with what a program adds.
///
/// # Errors
///
/// As [`serve`]'s.
pub fn serve_with(args: ServeArgs, additions: &Additions) -> Result<(), Failure> {
    let setup = Setup::new(args, additions)?;
    // First what may fail without a trace, then threads.
    let reading_side = match setup.metrics {
        Metrics::Off => None,
        Metrics::At(at) => {
            let bound = TcpListener::bind(at);
            Some(bound.map_err(|error| {
                Failure::from_io(&format!("listening for --metrics on {at}"), &error)
            })?)
        }
    };
    let counter = match &setup.ctl {
        None => None,
        Some(path) => {
            let bound = desk::bind(path);
            Some(bound.map_err(|error| {
                Failure::from_io(
                    &format!("listening for --ctl at {}", path.display()),
                    &error,
                )
            })?)
        }
    };
    let signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| Failure::from_io("waiting for signals", &error))?;
    let report = Arc::new(Report::new(setup.pages(), setup.link_names()));
    if let Some(listener) = &reading_side {
        admin::start(listener, &report)
            .map_err(|error| Failure::from_io("starting the reading side", &error))?;
    }
    let log = Log::to_stderr().map_err(|error| Failure::from_io("starting a thread", &error))?;
    let desk = Arc::new(Desk::default());
    let running = start(&setup, log.clone(), &desk)?;
    if let Some(listener) = counter {
        desk::start(listener, desk, shards(running.controls()))
            .map_err(|error| Failure::from_io("starting a thread", &error))?;
    }
    obey(
        signals,
        running.controls(),
        Arc::clone(&report),
        log,
        setup.patience,
    )?;
    let controls = running.controls();
    report.ask_with(move || controls.publish());
    report.set_stage(Stage::Serving);
    // Whoever started it may have stopped reading.
    let _ = write!(io::stdout(), "{setup}");
    running.join().map(drop).map_err(failure)
}

/// Starts the shards.
fn start(setup: &Setup, log: Log, desk: &Arc<Desk>) -> Result<Running<()>, Failure> {
    let mut config = setup.engine.clone();
    config.notes = notes(log);
    let desk = Arc::clone(desk);
    config.answers = Arc::new(move |shard, question, answer| desk.take(shard, question, answer));
    let (template, pages) = (setup.shard.clone(), setup.machine_pages.clone());
    let make = move |birth: Birth| {
        let mut config = template.clone();
        (config.shard, config.shards) = (birth.shard, birth.shards);
        let page = pages.get(usize::from(birth.shard.0)).cloned();
        Shard::new(config, birth.pool, page)
            .expect("the same configuration was checked before the start")
    };
    megaphone_engine::run(config, make, drop).map_err(failure)
}

/// The running shards, as the desk sees them.
fn shards(controls: Controls) -> desk::Shards {
    desk::Shards {
        count: controls.shards(),
        started: SystemTime::now() - controls.origin().elapsed(),
        ask: Box::new(move |shard, question, command| controls.ask(shard, question, command)),
    }
}

/// Waits for signals on a thread of its own.
fn obey(
    mut signals: Signals,
    controls: Controls,
    report: Arc<Report>,
    log: Log,
    patience: Duration,
) -> Result<(), Failure> {
    let wait = move || {
        for (count, _) in signals.forever().enumerate() {
            if count == 0 {
                report.set_stage(Stage::Draining);
                log.say(format!(
                    "draining for {patience:?} at most; another signal ends at once"
                ));
                controls.drain(patience);
            } else {
                controls.stop();
            }
        }
    };
    let started = thread::Builder::new().name("signals".into()).spawn(wait);
    started
        .map(drop)
        .map_err(|error| Failure::from_io("starting a thread", &error))
}

/// Notes of machines go to the standard error, one line each.
fn notes(log: Log) -> NoteSink {
    Arc::new(move |shard: ShardId, note: &Note| {
        let level = match note.level {
            NoteLevel::Info => "info",
            NoteLevel::Warning => "warning",
            NoteLevel::Error => "error",
        };
        log.say(format!("{level}: shard {}: {}", shard.0, note.text));
    })
}

/// An engine's error as a reason to end.
fn failure(error: EngineError) -> Failure {
    match error {
        EngineError::Listen { address, source } => {
            Failure::from_io(&format!("listening on {address}"), &source)
        }
        EngineError::Config(text) => Failure::Config(text),
        EngineError::Uring { .. } | EngineError::Opcode(_) | EngineError::Descriptors { .. } => {
            Failure::Unavailable(error.to_string())
        }
        _ => Failure::Os(error.to_string()),
    }
}
