//! Counters with OTP's names, and a histogram of transaction times. Plain numbers; who publishes them is not our affair.

use std::time::Duration;

/// What is counted, per connection and in total. Names are those of the Megaco MIB draft that OTP uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// `medGwyGatewayNumTimerRecovery`: expiries of request, reply and segment timers, final or not.
    pub timer_recovery: u32,
    /// `medGwyGatewayNumErrors`.
    pub errors: u32,
    /// `medGwyGatewayNumInMessages`.
    pub in_messages: u32,
    /// `medGwyGatewayNumOutMessages`.
    pub out_messages: u32,
    /// `medGwyGatewayNumInOctets`: bytes of messages, without framing.
    pub in_octets: u64,
    /// `medGwyGatewayNumOutOctets`.
    pub out_octets: u64,
}

impl Counters {
    /// The counters by OTP's names, in the order of the MIB.
    pub fn named(&self) -> [(&'static str, u64); 6] {
        [
            ("medGwyGatewayNumInMessages", self.in_messages.into()),
            ("medGwyGatewayNumInOctets", self.in_octets),
            ("medGwyGatewayNumOutMessages", self.out_messages.into()),
            ("medGwyGatewayNumOutOctets", self.out_octets),
            ("medGwyGatewayNumErrors", self.errors.into()),
            ("medGwyGatewayNumTimerRecovery", self.timer_recovery.into()),
        ]
    }
}

/// What is counted only in total: refusals, and what the peers' mistakes cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// As per connection, summed over all that ever were.
    pub counters: Counters,
    /// Requests given to a user.
    pub requests_executed: u64,
    /// Duplicates answered with a Pending or the stored reply.
    pub duplicates: u64,
    /// Duplicates of finished transactions, dropped (RFC 3525 D.1.1).
    pub late_duplicates: u64,
    /// Messages that did not decode.
    pub syntax_errors: u64,
    /// Replies with a fault in an action or a command, and replies that could not be read at all.
    pub faulty_replies: u64,
    /// Acknowledgement ranges with first > last: refused whole.
    pub reversed_acks: u64,
    /// Acknowledgements of what was not sent yet.
    pub ack_violations: u64,
    /// Pendings, replies and acknowledgements that nothing waited for.
    pub unexpected: u64,
    /// Requests, replies, acknowledgements and connections refused because a limit was reached.
    pub refused: u64,
    /// Messages dropped while a user decided on their connection.
    pub held_dropped: u64,
    /// Commands answered with 505: before registration.
    pub unregistered: u64,
    /// Registrations that waited for admission.
    pub registrations_delayed: u64,
}

impl Totals {
    /// Everything counted, by name: OTP's counters first.
    pub fn named(&self) -> Vec<(&'static str, u64)> {
        let own = [
            ("requests_executed", self.requests_executed),
            ("duplicates", self.duplicates),
            ("late_duplicates", self.late_duplicates),
            ("syntax_errors", self.syntax_errors),
            ("faulty_replies", self.faulty_replies),
            ("reversed_acks", self.reversed_acks),
            ("ack_violations", self.ack_violations),
            ("unexpected", self.unexpected),
            ("refused", self.refused),
            ("held_dropped", self.held_dropped),
            ("unregistered", self.unregistered),
            ("registrations_delayed", self.registrations_delayed),
        ];
        self.counters.named().into_iter().chain(own).collect()
    }
}

const SUB_BITS: u32 = 3;
const SUB: usize = 1 << SUB_BITS;
/// Powers of two of microseconds: up to 2^36 us, 19 hours.
const OCTAVES: usize = 36;

/// Times in log-linear buckets: eight per power of two, so a quantile is at most an eighth too high.
#[derive(Clone, Debug)]
pub struct Histogram {
    buckets: Box<[u64]>,
    count: u64,
    sum_us: u64,
    max_us: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: vec![0; OCTAVES * SUB].into(),
            count: 0,
            sum_us: 0,
            max_us: 0,
        }
    }
}

impl Histogram {
    /// Counts one time.
    pub fn record(&mut self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket(us)] += 1;
        self.count += 1;
        self.sum_us = self.sum_us.wrapping_add(us);
        self.max_us = self.max_us.max(us);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum, in microseconds, modulo 2^64.
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// The largest, in microseconds.
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// The time below which this share (0.0 to 1.0) of all lie, in microseconds, rounded up to its bucket's end.
    pub fn quantile_us(&self, share: f64) -> u64 {
        let rank = (self.count as f64 * share.clamp(0.0, 1.0)).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (at, n) in self.buckets.iter().enumerate() {
            seen += n;
            if seen >= rank {
                return upper(at).min(self.max_us);
            }
        }
        self.max_us
    }

    /// The occupied buckets: upper end in microseconds, and count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let occupied = self.buckets.iter().enumerate().filter(|(_, n)| **n > 0);
        occupied.map(|(at, n)| (upper(at), *n))
    }
}

fn bucket(us: u64) -> usize {
    if us < SUB as u64 {
        return us as usize;
    }
    let shift = us.ilog2() - SUB_BITS;
    let at = (shift as usize + 1) * SUB + ((us >> shift) as usize - SUB);
    at.min(OCTAVES * SUB - 1)
}

fn upper(at: usize) -> u64 {
    if at < SUB {
        return at as u64;
    }
    let shift = at / SUB - 1;
    ((SUB + at % SUB + 1) as u64)
        .checked_shl(shift as u32)
        .unwrap_or(u64::MAX)
        - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantiles_are_at_most_an_eighth_high() {
        let mut times = Histogram::default();
        (1..=1000).for_each(|ms| times.record(Duration::from_millis(ms)));
        for (share, want) in [(0.5, 500_000), (0.99, 990_000), (1.0, 1_000_000)] {
            let got = times.quantile_us(share);
            assert!((want..=want + want / 8).contains(&got), "{share}: {got}");
        }
        assert_eq!((times.count(), times.max_us()), (1000, 1_000_000));
        assert_eq!(times.sum_us(), 500_500_000);
        assert_eq!(times.buckets().map(|(_, n)| n).sum::<u64>(), 1000);
    }

    proptest! {
        #[test]
        fn a_value_lies_in_its_bucket(us in 0_u64..1 << 35) {
            let at = bucket(us);
            prop_assert!(us <= upper(at));
            prop_assert!(at == 0 || us > upper(at - 1));
        }

        #[test]
        fn no_value_is_out_of_range(us in any::<u64>()) {
            prop_assert!(bucket(us) < OCTAVES * SUB);
        }
    }
}
