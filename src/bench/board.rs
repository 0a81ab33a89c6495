//! Where the generator's shards and the main thread meet: counters, two signals, and a queue for histograms.

use crossbeam::channel::{Receiver, Sender, unbounded};
use crossbeam::utils::CachePadded;
use hdrhistogram::Histogram;
use megaphone_wheel::Tick;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

macro_rules! tally {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$about])* pub $field: u64,)+
        }

        impl $name {
            const FIELDS: usize = [$(stringify!($field)),+].len();

            fn fields(self) -> [u64; $name::FIELDS] {
                [$(self.$field),+]
            }

            fn from_fields([$($field),+]: [u64; $name::FIELDS]) -> $name {
                $name { $($field),+ }
            }
        }
    };
}

tally! {
    /// One shard's counts, published a few times a second.
    Tally {
        /// Connections that are established and were greeted: one packet went and came back. Gateways that registered.
        ready,
        /// Connections that were never established, or that have ended.
        failed,
        /// Packets that came back while figures count.
        packets,
        /// Packets that went, ever.
        sent,
        /// Packets that came back, ever.
        received,
        /// Connection attempts, connections and packets that went wrong, but for those misrouted.
        errors,
        /// Packets that came back on another connection.
        misrouted,
        /// Packets that were sent and had not come back at the end.
        lost,
        /// Packets that were sent again.
        resends,
        /// Packets that came back again.
        duplicates,
        /// Answers that were acknowledged.
        acks,
        /// Messages that did so.
        ack_messages,
    }
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Tally) -> Tally {
        let (mine, theirs) = (self.fields(), other.fields());
        Tally::from_fields(std::array::from_fn(|field| mine[field] + theirs[field]))
    }
}

/// Latencies in nanoseconds: three significant digits, up to a minute.
#[must_use]
pub fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are constant and right")
}

/// A shard's latencies by the second of the run in which they were measured.
#[derive(Debug)]
pub struct Seconds {
    second: u64,
    latencies: Histogram<u64>,
}

impl Seconds {
    /// Nothing was measured yet.
    #[must_use]
    pub fn new() -> Seconds {
        Seconds {
            second: 0,
            latencies: latencies(),
        }
    }

    /// Counts one.
    pub fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.latencies.saturating_record(nanoseconds);
    }

    /// Hands over those of a second that has passed, or of the last one; `start` is when the shard began to send, `Tick::MAX` before.
    pub fn report(&mut self, start: Tick, now: Tick, is_over: bool, board: &Board) {
        if start == Tick::MAX {
            return;
        }
        let second = now.since(start).as_secs();
        if (second > self.second || is_over) && !self.latencies.is_empty() {
            board.report(Report::Interval {
                second: self.second,
                latencies: std::mem::replace(&mut self.latencies, latencies()),
            });
        }
        self.second = second;
    }
}

impl Default for Seconds {
    fn default() -> Seconds {
        Seconds::new()
    }
}

/// What a shard tells besides its counts.
#[derive(Debug)]
pub enum Report {
    /// The latencies of one second of the run.
    Interval {
        /// Seconds since the shard began to send, of the interval's start.
        second: u64,
        /// In nanoseconds.
        latencies: Histogram<u64>,
    },
    /// The first fault of a shard, for the operator.
    Trouble(String),
    /// The shard is done; its last tally is published.
    Done,
}

/// Shared by all threads of a run.
#[derive(Debug)]
pub struct Board {
    tallies: Box<[CachePadded<[AtomicU64; Tally::FIELDS]>]>,
    go: AtomicBool,
    stop: AtomicBool,
    reports: Sender<Report>,
}

impl Board {
    /// A board for so many shards, and the queue of what they report.
    #[must_use]
    pub fn new(shards: usize) -> (Board, Receiver<Report>) {
        let (reports, queue) = unbounded();
        let tallies = (0..shards).map(|_| CachePadded::default()).collect();
        (
            Board {
                tallies,
                go: AtomicBool::new(false),
                stop: AtomicBool::new(false),
                reports,
            },
            queue,
        )
    }

    /// Publishes a shard's counts.
    pub fn publish(&self, shard: usize, tally: Tally) {
        if let Some(cells) = self.tallies.get(shard) {
            cells
                .iter()
                .zip(tally.fields())
                .for_each(|(cell, value)| cell.store(value, Ordering::Relaxed));
        }
    }

    /// All shards' counts together.
    #[must_use]
    pub fn total(&self) -> Tally {
        let shard = |cells: &CachePadded<[AtomicU64; Tally::FIELDS]>| {
            Tally::from_fields(std::array::from_fn(|field| {
                cells[field].load(Ordering::Relaxed)
            }))
        };
        self.tallies
            .iter()
            .map(shard)
            .fold(Tally::default(), Tally::and)
    }

    /// Hands a report to the main thread; one that has gone away needs none.
    pub fn report(&self, report: Report) {
        let _ = self.reports.send(report);
    }

    /// A shard is done, with these counts.
    pub fn last_word(&self, shard: usize, tally: Tally) {
        self.publish(shard, tally);
        self.report(Report::Done);
    }

    /// All connections are there: send.
    pub fn give_go(&self) {
        self.go.store(true, Ordering::Release);
    }

    /// Whether to send.
    #[must_use]
    pub fn has_go(&self) -> bool {
        self.go.load(Ordering::Acquire)
    }

    /// Send no more, and come to an end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Whether to come to an end.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_add_up_over_shards() {
        let (board, _queue) = Board::new(2);
        let one = Tally {
            ready: 1,
            failed: 2,
            packets: 3,
            sent: 4,
            received: 5,
            errors: 6,
            misrouted: 7,
            lost: 8,
            resends: 9,
            duplicates: 10,
            acks: 11,
            ack_messages: 12,
        };
        board.publish(0, one);
        board.publish(1, one);
        board.publish(2, one);
        assert_eq!(board.total(), one.and(one));
        assert_eq!(board.total().lost, 16);
        assert_eq!(board.total().ack_messages, 24);
    }

    #[test]
    fn signals_are_seen_and_reports_arrive() {
        let (board, queue) = Board::new(1);
        assert!(!board.has_go() && !board.has_stopped());
        board.give_go();
        board.stop();
        assert!(board.has_go() && board.has_stopped());
        board.report(Report::Done);
        assert!(matches!(queue.try_recv(), Ok(Report::Done)));
        drop(queue);
        board.report(Report::Done);
    }
}
