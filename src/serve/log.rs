//! Lines for the operator on the standard error. Shards never wait for whoever reads it: a line that finds the queue
//! full is left out, and the next one says how many were.

use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Lines that wait to be written, at most.
const LINES_MAX: usize = 1_024;

/// Where lines go; clones go to the same place.
#[derive(Clone, Debug)]
pub struct Log {
    lines: Sender<String>,
    left_out: Arc<AtomicU64>,
}

impl Log {
    /// A log on the standard error, written by a thread of its own.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub fn to_stderr() -> io::Result<Log> {
        let (log, lines) = Log::new(LINES_MAX);
        let left_out = Arc::clone(&log.left_out);
        let write = move || {
            for line in lines {
                write_line(&mut io::stderr(), &line, &left_out);
            }
        };
        thread::Builder::new().name("log".into()).spawn(write)?;
        Ok(log)
    }

    fn new(lines_max: usize) -> (Log, Receiver<String>) {
        let (lines, queue) = bounded(lines_max);
        (
            Log {
                lines,
                left_out: Arc::default(),
            },
            queue,
        )
    }

    /// Says a line, or leaves it out if too many wait already.
    pub fn say(&self, line: String) {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes a line, and before it how many are missing. A reader that has gone away is no reason to stop serving.
fn write_line(writer: &mut impl Write, line: &str, left_out: &AtomicU64) {
    let missing = left_out.swap(0, Ordering::Relaxed);
    if missing > 0 {
        let _ = writeln!(
            writer,
            "warning: {missing} lines were left out: nobody read them in time"
        );
    }
    let _ = writeln!(writer, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_leaves_lines_out_and_says_so() {
        let (log, lines) = Log::new(2);
        (0..5).for_each(|number| log.say(format!("line {number}")));
        let mut written = Vec::new();
        for line in lines.try_iter() {
            write_line(&mut written, &line, &log.left_out);
        }
        let written = String::from_utf8(written).expect("text");
        assert_eq!(
            written,
            "warning: 3 lines were left out: nobody read them in time\nline 0\nline 1\n"
        );
        drop(lines);
        log.say("to nobody".into());
    }
}
