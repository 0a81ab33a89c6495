//! The trace hook: who did what with which transaction, when; and a collector that writes it as a ladder. It formats nothing unless asked.

use crate::handle::ConnectionId;
use crate::mid::Mid;
use megaphone_wheel::Tick;
use std::fmt;

/// How important an event is; a hook sees those up to its level (OTP's `set_trace`).
pub type Level = u8;

/// Important events: `min`.
pub const IMPORTANT: Level = 20;
/// Messages.
pub const VERBOSE: Level = 40;
/// Transactions and timers.
pub const DEBUG: Level = 60;
/// Everything.
pub const TRACE: Level = 80;

/// The two sides of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// The peer sent it.
    In,
    /// We send it.
    Out,
    /// The engine gives it to the user.
    ToUser,
    /// The user gives it to the engine.
    FromUser,
    /// It happens inside.
    Inside,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// When.
    pub now: Tick,
    /// How important.
    pub level: Level,
    /// Which connection, if known.
    pub connection: Option<ConnectionId>,
    /// Its peer, once known: a hook that follows one association looks here first and formats nothing else.
    pub remote: Option<&'a Mid>,
    /// From whom to whom.
    pub way: Way,
    /// What, in a few words.
    pub label: &'static str,
    /// Which transaction.
    pub transaction: Option<u32>,
    /// More about it.
    pub detail: fmt::Arguments<'a>,
}

/// Sees events as they happen.
pub trait Trace {
    /// The level up to which it wants events.
    fn level(&self) -> Level;
    /// One event.
    fn event(&mut self, event: &Event<'_>);
}

/// Collects events as the lines of a ladder.
///
/// ```text
///   0.000000000s  peer ───────► us ─────── user   Request 1
///   0.000000000s  peer ──────── us ──────► user   handle_trans_request 1
///   0.000000000s  peer ◄─────── us ─────── user   Reply 1
/// ```
#[derive(Debug)]
pub struct Ladder {
    level: Level,
    lines: Vec<String>,
    lines_max: usize,
}

impl Ladder {
    /// A ladder of events up to `level`, of at most `lines_max` lines; what comes later is not written.
    pub fn new(level: Level, lines_max: usize) -> Self {
        Self {
            level,
            lines: Vec::new(),
            lines_max,
        }
    }

    /// The lines so far.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

impl Trace for Ladder {
    fn level(&self) -> Level {
        self.level
    }

    fn event(&mut self, event: &Event<'_>) {
        if self.lines.len() >= self.lines_max {
            return;
        }
        let (left, right) = match event.way {
            Way::In => ("───────►", "────────"),
            Way::Out => ("◄───────", "────────"),
            Way::ToUser => ("────────", "───────►"),
            Way::FromUser => ("────────", "◄───────"),
            Way::Inside => ("────────", "────────"),
        };
        let mut line = format!(
            "{:>16}  peer {left} us {right} user   {}",
            event.now, event.label
        );
        if let Some(id) = event.transaction {
            line.push_str(&format!(" {id}"));
        }
        let detail = event.detail.to_string();
        if !detail.is_empty() {
            line.push_str(&format!(": {detail}"));
        }
        self.lines.push(line);
    }
}
