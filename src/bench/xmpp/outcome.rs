//! What a run of `bench xmpp` came to.

use crate::bench::outcome::{Latency, Measured};
use crate::card::Card;
use serde::Serialize;
use std::fmt;

/// The result of a run. Serialized, it is the one object that `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Users that were to log in.
    pub users: u32,
    /// Users that were logged in: authenticated, bound, and present.
    pub logged_in: u64,
    /// Users that could not log in.
    pub failed: u64,
    /// From the first connection to the last login.
    pub login_seconds: f64,
    /// Logins per second over that time.
    pub logins_per_second: f64,
    /// Messages that were sent.
    pub messages: u64,
    /// Messages that arrived, each counted once.
    pub received: u64,
    /// Messages that never arrived.
    pub lost: u64,
    /// Messages that arrived at another user, or with another sender's name.
    pub misrouted: u64,
    /// Messages that arrived again.
    pub duplicated: u64,
    /// Users that were lost after they had logged in, and messages that were not as they had been written.
    pub errors: u64,
    /// How long users wrote.
    pub seconds: f64,
    /// From the moment a message was due to its receiver.
    pub latency_us: Latency,
    /// Processor time of the measured process per message, if one was named with `--server-pid`.
    pub cpu_us_per_message: Option<f64>,
    /// What went wrong first, if anything did.
    pub trouble: Option<String>,
    /// Where this was measured.
    pub machine: Card,
}

impl Outcome {
    /// What was measured, in the words of a chat.
    #[must_use]
    pub fn new(users: u32, measured: Measured) -> Outcome {
        let (tally, cpu) = (measured.tally, measured.cpu_us_per_packet());
        let login_seconds = measured.opened_in.as_secs_f64();
        Outcome {
            users,
            logged_in: tally.ready,
            failed: tally.failed,
            login_seconds,
            logins_per_second: tally.ready as f64 / login_seconds.max(1e-9),
            messages: tally.sent,
            received: tally.received,
            lost: tally.sent.saturating_sub(tally.received),
            misrouted: tally.misrouted,
            duplicated: tally.duplicates,
            errors: tally.errors,
            seconds: measured.seconds.as_secs_f64(),
            latency_us: Latency::of(&measured.latencies),
            cpu_us_per_message: cpu,
            trouble: measured.trouble,
            machine: measured.machine,
        }
    }

    /// Whether everybody logged in and stayed, and every message arrived once, whole, and where it belongs.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.failed + self.lost + self.misrouted + self.duplicated + self.errors == 0
            && self.logged_in == u64::from(self.users)
    }
}

/// For a reader; without the machine.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "logins       {} of {} in {:.1} s, {:.0} per second; {} failed",
            self.logged_in, self.users, self.login_seconds, self.logins_per_second, self.failed
        )?;
        writeln!(
            f,
            "messages     {} sent, {} arrived; lost {}, misrouted {}, duplicated {}, other errors {}",
            self.messages, self.received, self.lost, self.misrouted, self.duplicated, self.errors
        )?;
        self.latency_us.fmt(f)?;
        match self.cpu_us_per_message {
            Some(cpu) => writeln!(
                f,
                "CPU          {cpu:.2} us per message in the measured process"
            ),
            None => Ok(()),
        }
    }
}
