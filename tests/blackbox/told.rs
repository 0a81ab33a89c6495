//! A peer in a process of its own that says on its standard output what happens, a line each, and takes commands on its standard
//! input. It ends with its input, so that nothing is left behind.

use crate::appliance::PATIENCE;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

pub(crate) struct Told {
    child: Child,
    commands: ChildStdin,
    lines: Receiver<String>,
    /// Lines that nobody waited for.
    passed: Vec<String>,
}

impl Told {
    /// Starts an escript of `tests/peers` with these arguments.
    pub(crate) fn escript(name: &str, arguments: &[&str]) -> Told {
        let mut command = Command::new("escript");
        command.arg(crate::peers::peer(name)).args(arguments);
        let why = "escript is installed (Debian: erlang-base; scripts/test installs it)";
        Told::start(command, why)
    }

    /// Starts a program; `why` it can be started.
    pub(crate) fn start(mut command: Command, why: &str) -> Told {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect(why);
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
        Told {
            child,
            commands,
            lines,
            passed: Vec::new(),
        }
    }

    /// The next line that starts with `start`. What comes before it is passed over, but for failures.
    pub(crate) fn wait_for_line(&mut self, start: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.starts_with(start) => return line,
                Ok(line) if line.starts_with("FAILED") => panic!("{line}"),
                Ok(line) => {
                    // Shown if the test fails.
                    println!("{line}");
                    self.passed.push(line);
                }
                Err(why) => panic!("the peer did not say {start}: {why}"),
            }
        }
    }

    /// A line that starts with `start`: one that was passed over, or the next.
    pub(crate) fn line_at_any_time(&mut self, start: &str) -> String {
        let told = self.passed.iter().find(|line| line.starts_with(start));
        match told {
            Some(line) => line.clone(),
            None => self.wait_for_line(start),
        }
    }

    /// Asks for something.
    pub(crate) fn command(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("the peer takes commands");
    }

    /// Its counters.
    pub(crate) fn stats(&mut self) -> BTreeMap<String, u64> {
        self.command("stats");
        fields(&self.wait_for_line("STATS"))
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The counts in a line, by their names.
pub(crate) fn fields(line: &str) -> BTreeMap<String, u64> {
    let pairs = line.split(' ').filter_map(|field| field.split_once('='));
    let counts = pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)));
    counts.collect()
}
