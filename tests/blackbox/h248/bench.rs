//! `megaphone bench h248` as one side.

use crate::h248::Tongue;
use serde_json::Value;
use std::io::Read;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A run that goes on beside the test.
pub(crate) struct Bench(Child);

/// What a run came to.
pub(crate) struct Outcome(Value);

impl Bench {
    pub(crate) fn start(
        role: &str,
        at: SocketAddr,
        (transport, encoding, version): Tongue,
        more: &[&str],
    ) -> Bench {
        let child = Command::new(env!("CARGO_BIN_EXE_megaphone"))
            .args(["bench", "h248", "--json", "--role", role])
            .args(["--to", &format!("{transport}://{at}")])
            .args(["--encoding", encoding, "--version", &version.to_string()])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Bench(child.expect("megaphone starts"))
    }

    /// Waits for its end and reads its one object.
    pub(crate) fn outcome(mut self) -> Outcome {
        let (mut said, mut told) = (String::new(), String::new());
        let output = self.0.stdout.take().expect("its output is a pipe");
        let errors = self.0.stderr.take().expect("its errors are a pipe");
        let read = |mut from: Box<dyn Read>, into: &mut String| {
            from.read_to_string(into).expect("it writes text")
        };
        read(Box::new(output), &mut said);
        read(Box::new(errors), &mut told);
        self.0.wait().expect("it ends");
        let outcome = serde_json::from_str(&said);
        Outcome(outcome.unwrap_or_else(|_| panic!("no outcome: {said}{told}")))
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Outcome {
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.0[name]
            .as_u64()
            .unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }

    /// Every request was answered, without an error, by whom it was sent to.
    pub(crate) fn assert_clean(&self, transactions: u64) {
        for name in ["errors", "unanswered", "misrouted"] {
            assert_eq!(self.count(name), 0, "{name} of {}", self.0);
        }
        assert_eq!(self.count("transactions"), transactions, "{}", self.0);
    }
}

/// Gateways of ours against a controller.
pub(crate) fn gateways(at: SocketAddr, tongue: Tongue, more: &[&str]) -> Outcome {
    Bench::start("mg", at, tongue, more).outcome()
}
