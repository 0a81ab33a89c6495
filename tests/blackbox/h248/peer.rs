//! The Erlang peer: gateways or a controller, from `tests/peers/megaco_peer.escript`.

use crate::appliance::PATIENCE;
use crate::h248::Tongue;
use crate::peers::peer;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

/// A running peer. It ends with its standard input, so that nothing is left behind.
pub(crate) struct Megaco {
    child: Child,
    commands: ChildStdin,
    lines: Receiver<String>,
}

impl Megaco {
    /// Starts it, and waits until it listens, or until its gateways are registered.
    pub(crate) fn start(role: &str, at: SocketAddr, tongue: Tongue, more: &[&str]) -> Megaco {
        let mut megaco = Megaco::begin(role, at, tongue, more);
        megaco.wait_for_line("READY");
        megaco
    }

    /// Starts it without waiting.
    pub(crate) fn begin(
        role: &str,
        at: SocketAddr,
        (transport, encoding, version): Tongue,
        more: &[&str],
    ) -> Megaco {
        let mut child = Command::new("escript")
            .arg(peer("megaco_peer.escript"))
            .arg(role)
            .args(["--host", &at.ip().to_string()])
            .args(["--port", &at.port().to_string()])
            .args(["--transport", transport, "--encoding", encoding])
            .args(["--version", &version.to_string()])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("escript is installed (Debian: erlang-base; scripts/test installs it)");
        let commands = child.stdin.take().expect("its input is a pipe");
        let output = child.stdout.take().expect("its output is a pipe");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Megaco {
            child,
            commands,
            lines,
        }
    }

    /// The next line that starts with `start`. What comes before it is passed over, but for failures.
    pub(crate) fn wait_for_line(&mut self, start: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.starts_with(start) => return line,
                Ok(line) if line.starts_with("FAIL") => panic!("{line}"),
                Ok(_) => {}
                Err(why) => panic!("the peer did not say {start}: {why}"),
            }
        }
    }

    /// Asks for something.
    pub(crate) fn command(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("the peer takes commands");
    }

    /// Its figures.
    pub(crate) fn stats(&mut self) -> BTreeMap<String, u64> {
        self.command("stats");
        fields(&self.wait_for_line("STATS"))
    }

    /// Waits for the end of its traffic: requests answered, and not.
    pub(crate) fn done(&mut self) -> (u64, u64) {
        let fields = fields(&self.wait_for_line("DONE"));
        (fields["ok"], fields["failed"])
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fields(line: &str) -> BTreeMap<String, u64> {
    let pairs = line.split(' ').filter_map(|field| field.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.parse().expect("a count")))
        .collect()
}

impl Drop for Megaco {
    fn drop(&mut self) {
        self.kill();
    }
}
