//! What a run came to: one JSON object, or lines for a reader.

use crate::bench::outcome::{Latency, Measured};
use crate::card::Card;
use serde::Serialize;
use std::fmt;

/// The result of a run. Serialized, it is the one object that `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Gateways that registered.
    pub registered: u64,
    /// Requests that were answered while figures counted; with `--send nothing` requests of the other side.
    pub transactions: u64,
    /// Attempts, connections, registrations, messages and requests that went wrong, or were answered with an error.
    pub errors: u64,
    /// Requests of the whole run that were never answered.
    pub unanswered: u64,
    /// Replies that came on another gateway's connection.
    pub misrouted: u64,
    /// Requests that were sent again.
    pub resends: u64,
    /// Replies that came again.
    pub duplicates: u64,
    /// Replies of ours that the other side acknowledged, and in how many acknowledgements.
    pub acks: u64,
    /// See `acks`.
    pub ack_messages: u64,
    /// How long figures counted.
    pub seconds: f64,
    /// Transactions per second.
    pub per_second: f64,
    /// Latency from the intended start.
    pub latency_us: Latency,
    /// Processor time of the measured process per transaction, if one was named with `--server-pid`.
    pub cpu_us_per_transaction: Option<f64>,
    /// Where this was measured.
    pub machine: Card,
}

impl From<Measured> for Outcome {
    fn from(measured: Measured) -> Outcome {
        let tally = measured.tally;
        let seconds = measured.seconds.as_secs_f64();
        Outcome {
            registered: tally.ready,
            transactions: tally.packets,
            errors: tally.errors,
            unanswered: tally.lost,
            misrouted: tally.misrouted,
            resends: tally.resends,
            duplicates: tally.duplicates,
            acks: tally.acks,
            ack_messages: tally.ack_messages,
            seconds,
            per_second: tally.packets as f64 / seconds.max(1e-9),
            latency_us: Latency::of(&measured.latencies),
            cpu_us_per_transaction: measured.cpu_us_per_packet(),
            machine: measured.machine,
        }
    }
}

impl Outcome {
    /// Whether every request was answered, without an error, by whom it was sent to.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.errors == 0 && self.unanswered == 0 && self.misrouted == 0
    }
}

/// For a reader; without the machine.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome {
            registered,
            transactions,
            errors,
            unanswered,
            misrouted,
            resends,
            duplicates,
            acks,
            ack_messages,
            seconds,
            per_second,
            latency_us,
            ..
        } = self;
        writeln!(f, "registered   {registered}")?;
        writeln!(
            f,
            "transactions {transactions} in {seconds:.1} s, {per_second:.0} per second"
        )?;
        writeln!(
            f,
            "unanswered   {unanswered}, misrouted {misrouted}, other errors {errors}"
        )?;
        writeln!(
            f,
            "sent again   {resends}, answered again {duplicates}; {acks} acknowledged by {ack_messages}"
        )?;
        write!(f, "{latency_us}")?;
        match self.cpu_us_per_transaction {
            Some(cpu) => writeln!(f, "server CPU   {cpu:.2} us per transaction"),
            None => Ok(()),
        }
    }
}
