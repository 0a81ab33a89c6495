//! A run from its plan to its outcome: shards, signals, time, and the line that moves on a terminal.

use super::bar::Bar;
use super::board::{Board, Report, Tally, latencies};
use super::cpu;
use super::outcome::{self, Measured};
use super::work::Work;
use crate::card::Card;
use crate::failure::Failure;
use crossbeam::channel::{Receiver, RecvTimeoutError};
use hdrhistogram::Histogram;
use megaphone_engine::{Controls, Running};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// How often the main thread looks at the board.
const LOOK: Duration = Duration::from_millis(50);
/// How long shards may take to end when everything is over.
const END_PATIENCE: Duration = Duration::from_secs(30);

/// A run and what to do with its outcome.
#[derive(Debug)]
pub struct Run {
    /// What to do.
    pub work: Work,
    /// Shards; as many as the limit on descriptors asks for if `None`.
    pub shards: Option<u16>,
    /// Processors to pin shards to; none: not pinned.
    pub cpus: Vec<usize>,
    /// How long no further connection may be established before the run is given up.
    pub patience: Duration,
    /// The process whose processor time is measured.
    pub server: Option<u32>,
    /// Where the percentiles go.
    pub hgrm: Option<PathBuf>,
    /// Where the histograms of each second go.
    pub hlog: Option<PathBuf>,
}

/// What the main thread learned while the shards worked.
struct Course {
    intervals: BTreeMap<u64, Histogram<u64>>,
    began: SystemTime,
    counted: Duration,
    cpu: Option<Duration>,
    trouble: Option<String>,
    opened_in: Duration,
    ready: u64,
}

impl Run {
    /// Does it. `interrupted` is set by a signal and ends the run early, with the outcome so far.
    ///
    /// # Errors
    ///
    /// A plan that is impossible, an engine that cannot start, a server that is not there, a file that cannot be
    /// written. A run with losses is not an error here.
    pub fn execute(self, interrupted: &AtomicBool) -> Result<Measured, Failure> {
        self.work.check()?;
        if let Some(process) = self
            .server
            .filter(|process| cpu::used_by(*process).is_none())
        {
            return Err(Failure::Usage(format!(
                "--server-pid {process}: there is no such process"
            )));
        }
        let machine = Card::read();
        let shards = self
            .shards
            .unwrap_or_else(|| shards_for(self.work.sockets(), &machine));
        let (board, reports) = Board::new(usize::from(shards));
        let board = Arc::new(board);
        let running = self
            .work
            .start(&board, shards, &self.cpus)
            .map_err(|error| Failure::Unavailable(error.to_string()))?;
        let course = self.follow(&board, &reports, running, shards, interrupted)?;
        if course.ready == 0 {
            let trouble = course
                .trouble
                .unwrap_or_else(|| "no answer to the first packet".into());
            return Err(Failure::Unavailable(format!(
                "no connection was established and answered: {trouble}"
            )));
        }
        self.write_files(&course)?;
        let mut all = latencies();
        for interval in course.intervals.values() {
            all.add(interval).expect("all have the same bounds");
        }
        let opened_in = course.opened_in.as_secs_f64();
        let mut err = io::stderr();
        let _ = writeln!(
            err,
            "{} connections in {opened_in:.1} s on {shards} shards",
            course.ready
        );
        let _ = course
            .trouble
            .as_ref()
            .map(|trouble| writeln!(err, "{trouble}"));
        Ok(Measured {
            tally: board.total(),
            seconds: course.counted,
            latencies: all,
            cpu: course.cpu,
            opened_in: course.opened_in,
            trouble: course.trouble,
            machine,
        })
    }

    /// Follows the shards to their end.
    fn follow(
        &self,
        board: &Arc<Board>,
        reports: &Receiver<Report>,
        running: Running<()>,
        shards: u16,
        interrupted: &AtomicBool,
    ) -> Result<Course, Failure> {
        let mut watch = Watch::new(self, board, interrupted);
        let mut ended = 0;
        while ended < shards {
            // The board is this thread's alone: all shards have ended. Seen before the look at what they reported: theirs is in it.
            let gone = Arc::strong_count(board) == 1;
            match reports.recv_timeout(LOOK) {
                Ok(Report::Done) => ended += 1,
                Ok(Report::Trouble(text)) => {
                    watch.course.trouble = Some(watch.course.trouble.take().unwrap_or(text))
                }
                Ok(Report::Interval {
                    second,
                    latencies: of_shard,
                }) => {
                    let sum = watch
                        .course
                        .intervals
                        .entry(second)
                        .or_insert_with(latencies);
                    sum.add(of_shard).expect("all have the same bounds");
                }
                // Without a last word: joining them tells why.
                Err(RecvTimeoutError::Timeout) if gone => break,
                Err(RecvTimeoutError::Timeout) => watch.look(&running.controls()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            watch.look_if_due(&running.controls());
        }
        let course = watch.finish();
        running.controls().stop();
        running
            .join()
            .map_err(|error| Failure::Os(error.to_string()))?;
        if ended < shards {
            return Err(Failure::Os(format!(
                "{} of {shards} shards of the generator ended before their work was done",
                shards - ended
            )));
        }
        Ok(course)
    }

    fn write_files(&self, course: &Course) -> Result<(), Failure> {
        let mut all = latencies();
        course
            .intervals
            .values()
            .for_each(|interval| all.add(interval).expect("all have the same bounds"));
        if let Some(path) = &self.hgrm {
            write(path, |file| outcome::write_hgrm(&all, file))?;
        }
        if let Some(path) = &self.hlog {
            let intervals: Vec<_> = course
                .intervals
                .iter()
                .map(|(second, h)| (*second, h.clone()))
                .collect();
            write(path, |file| {
                outcome::write_hlog(&intervals, course.began, file)
            })?;
        }
        Ok(())
    }
}

fn write(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), Failure> {
    let result = File::create(path).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush()
    });
    result.map_err(|error| Failure::from_io(&format!("writing {}", path.display()), &error))
}

/// Shards that the limit on descriptors asks for: each ring's table may be as large as the limit.
fn shards_for(connections: u32, machine: &Card) -> u16 {
    let hard = machine
        .limits
        .get("nofile")
        .and_then(|(_, hard)| hard.parse::<u32>().ok());
    // A tenth is left for listeners of others, files and the shards' own descriptors.
    let per_shard = (hard.unwrap_or(1 << 20) / 10 * 9).clamp(64, 1 << 17);
    u16::try_from(connections.div_ceil(per_shard).max(1)).unwrap_or(u16::MAX)
}

/// The main thread's view of a run.
struct Watch<'r> {
    run: &'r Run,
    board: &'r Board,
    interrupted: &'r AtomicBool,
    bar: Bar,
    course: Course,
    started: Instant,
    next_look: Instant,
    /// When the number of established connections last changed.
    moved: (u64, Instant),
    /// When sending begins, once all are there.
    go_at: Option<Instant>,
    sending_since: Option<Instant>,
    stopped_at: Option<Instant>,
    cpu_before: Option<Duration>,
}

impl<'r> Watch<'r> {
    fn new(run: &'r Run, board: &'r Board, interrupted: &'r AtomicBool) -> Watch<'r> {
        let now = Instant::now();
        let course = Course {
            intervals: BTreeMap::new(),
            began: SystemTime::now(),
            counted: Duration::ZERO,
            cpu: None,
            trouble: None,
            opened_in: Duration::ZERO,
            ready: 0,
        };
        Watch {
            bar: Bar::of_opening(run.work.connections()),
            run,
            board,
            interrupted,
            course,
            started: now,
            next_look: now,
            moved: (0, now),
            go_at: None,
            sending_since: None,
            stopped_at: None,
            cpu_before: None,
        }
    }

    fn look_if_due(&mut self, controls: &Controls) {
        if Instant::now() >= self.next_look {
            self.look(controls);
        }
    }

    fn look(&mut self, controls: &Controls) {
        let now = Instant::now();
        self.next_look = now + LOOK;
        let total = self.board.total();
        if self.interrupted.load(Ordering::Relaxed) && self.stopped_at.is_none() {
            self.stop(now);
        }
        let (_, _, grace) = self.run.work.times();
        match (self.sending_since, self.stopped_at) {
            (_, Some(since)) if now > since + grace + END_PATIENCE => controls.stop(),
            (_, Some(_)) => {}
            (None, None) => self.look_at_opening(now, total),
            (Some(since), None) => self.look_at_sending(now, since, total),
        }
    }

    fn look_at_opening(&mut self, now: Instant, total: Tally) {
        let answered = total.ready + total.failed;
        self.bar.opened(total.ready);
        if answered != self.moved.0 {
            self.moved = (answered, now);
        }
        self.course.ready = total.ready;
        if self.go_at.is_none() {
            self.course.opened_in = now - self.started;
        }
        let late = now - self.moved.1 > self.run.patience;
        if late && answered < u64::from(self.run.work.connections()) {
            let missing = u64::from(self.run.work.connections()) - answered;
            self.course.trouble = Some(format!(
                "{missing} connections were neither answered nor refused"
            ));
        }
        let enough = late && self.run.work.does_without_the_late();
        if enough || answered >= u64::from(self.run.work.connections()) {
            if total.ready == 0 {
                return self.stop(now);
            }
            if now < *self.go_at.get_or_insert(now + self.run.work.hold()) {
                return;
            }
            let _ = writeln!(
                io::stderr(),
                "ready: {} in {:.1} s, {} failed",
                total.ready,
                self.course.opened_in.as_secs_f64(),
                total.failed
            );
            self.board.give_go();
            self.course.began = SystemTime::now();
            self.sending_since = Some(now);
            let (warmup, duration, _) = self.run.work.times();
            self.bar.clear();
            self.bar = Bar::of_sending(warmup + duration);
        } else if late {
            self.stop(now);
        }
    }

    fn look_at_sending(&mut self, now: Instant, since: Instant, total: Tally) {
        let (warmup, duration, _) = self.run.work.times();
        let elapsed = now - since;
        self.bar.sent(elapsed, total);
        if elapsed >= warmup && self.cpu_before.is_none() {
            self.cpu_before = self.run.server.and_then(cpu::used_by);
        }
        if elapsed >= warmup + duration {
            self.count_cpu();
            self.course.counted = duration;
            self.stopped_at = Some(now);
        }
    }

    fn count_cpu(&mut self) {
        let after = self.run.server.and_then(cpu::used_by);
        self.course.cpu = after
            .zip(self.cpu_before)
            .map(|(after, before)| after.saturating_sub(before));
    }

    /// Ends the run before its time.
    fn stop(&mut self, now: Instant) {
        self.count_cpu();
        let sending = self
            .sending_since
            .map_or(Duration::ZERO, |since| now - since);
        self.course.counted = sending.saturating_sub(self.run.work.times().0);
        self.stopped_at = Some(now);
        self.board.stop();
    }

    fn finish(mut self) -> Course {
        // The shards had no more to do before the time was over.
        if let (Some(since), None) = (self.sending_since, self.stopped_at) {
            self.count_cpu();
            self.course.counted = since.elapsed().saturating_sub(self.run.work.times().0);
        }
        self.bar.clear();
        self.course
    }
}

#[cfg(test)]
mod tests;
