//! The engine's counters as figures of the shard.

use crate::shard::Shard;
use megaphone_megaco::counters::Histogram as Times;
use megaphone_metrics::{Buckets, Histogram, Metric};

impl Shard {
    /// Sets the figures that are counted by the engine and the book.
    pub(crate) fn gather_h248(&mut self) {
        let Some(h248) = self.h248.as_ref() else {
            return;
        };
        let (totals, numbers) = (h248.engine.totals(), h248.engine.numbers());
        let (book, messages) = (h248.book.borrow(), &totals.counters);
        let outbox: usize = h248.outboxes.iter().map(|it| it.waiting.len()).sum();
        let whole = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        for (metric, value) in [
            (Metric::H248Associations, u64::from(book.live())),
            (
                Metric::H248AssociationsUnregistered,
                u64::from(book.unregistered()),
            ),
            (Metric::H248Newcomers, h248.newcomers.silent().into()),
            (Metric::H248DatagramsWaiting, whole(h248.lines.len())),
            (Metric::H248Requests, whole(numbers.requests)),
            (Metric::H248Replies, whole(numbers.replies)),
            (Metric::H248Peers, whole(book.peers.len())),
            (Metric::H248Outbox, whole(outbox)),
            (
                Metric::H248ControllerRequests,
                whole(h248.controllers.open()),
            ),
            (
                Metric::H248ControllerFrames,
                whole(h248.controllers.waiting()),
            ),
            (Metric::H248MessagesIn, messages.in_messages.into()),
            (Metric::H248MessagesOut, messages.out_messages.into()),
            (Metric::H248BytesIn, messages.in_octets),
            (Metric::H248BytesOut, messages.out_octets),
            (Metric::H248TransactionsIn, totals.requests_executed),
            (
                Metric::H248TransactionsOut,
                h248.engine.originate_times().count(),
            ),
            (Metric::H248Duplicates, totals.duplicates),
            (Metric::H248LateDuplicates, totals.late_duplicates),
            (Metric::H248TimerRecoveries, messages.timer_recovery.into()),
            (Metric::H248SyntaxErrors, totals.syntax_errors),
            (Metric::H248FaultyReplies, totals.faulty_replies),
            (Metric::H248ReversedAcks, totals.reversed_acks),
            (Metric::H248AckViolations, totals.ack_violations),
            (Metric::H248Unexpected, totals.unexpected),
            (Metric::H248Unregistered, totals.unregistered),
            (Metric::H248Forged, book.forged),
            (Metric::H248Errors, messages.errors.into()),
            (
                Metric::H248Refused,
                totals.refused + h248.controllers.refused(),
            ),
            (Metric::H248DroppedHeld, totals.held_dropped),
            (Metric::H248Moves, book.moves),
            (
                Metric::H248RegistrationsDelayed,
                totals.registrations_delayed,
            ),
        ] {
            self.cells.set(metric, value);
        }
        let times = [
            (Histogram::H248Answer, h248.engine.answer_times()),
            (Histogram::H248Transaction, h248.engine.originate_times()),
        ];
        for (histogram, times) in times {
            self.cells.set_histogram(histogram, in_nanoseconds(times));
        }
    }
}

/// The engine's times in the cells' unit.
fn in_nanoseconds(times: &Times) -> Buckets {
    let buckets = times.buckets();
    // A bucket of whole microseconds ends just below the next one.
    let buckets = buckets.map(|(us, count)| (us.saturating_mul(1_000).saturating_add(999), count));
    Buckets::of(buckets, times.sum_us().wrapping_mul(1_000))
}
