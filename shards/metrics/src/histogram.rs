//! Log-linear buckets: a fixed array that answers quantiles within an eighth; not an HDR histogram.
//!
//! ```text
//! value   1 2 3 4 5 6 7 8 | 9 .. 16 | 17 .. 32 | 33 .. 64 | ...     eight buckets per power of two
//! index   0 1 2 3 4 5 6 7 | 8 .. 15 | 16 .. 23 | 24 .. 31 | ...     the last one takes what is larger
//! ```
//!
//! A bucket holds the values up to and including its bound, as Prometheus' `le` has it.

#[cfg(test)]
mod tests;

/// Buckets per power of two, as a power of two.
const SUB_BITS: u32 = 3;
const SUBS: usize = 1 << SUB_BITS;
/// Values above two to this power (137 s in nanoseconds) share the last bucket.
pub(crate) const EXPONENT_MAX: u32 = 37;
/// Buckets, the last one included.
pub(crate) const BUCKETS: usize = (EXPONENT_MAX - SUB_BITS + 1) as usize * SUBS + 1;

/// A distribution of numbers in fixed buckets: nanoseconds, bytes or counts, from 1 to 2^37.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    pub(crate) counts: [u64; BUCKETS],
    /// Wraps; a rate over it stays right because scrapers take a drop for a restart.
    pub(crate) sum: u64,
}

impl Buckets {
    /// No values.
    #[must_use]
    pub const fn new() -> Buckets {
        Buckets {
            counts: [0; BUCKETS],
            sum: 0,
        }
    }

    /// Counts one value.
    pub fn record(&mut self, value: u64) {
        self.counts[index(value)] += 1;
        self.sum = self.sum.wrapping_add(value);
    }

    /// The distribution that is known as so many values up to each of these bounds, with their sum: what others have counted.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = (u64, u64)>, sum: u64) -> Buckets {
        let mut buckets = Buckets {
            sum,
            ..Buckets::new()
        };
        for (value, count) in values {
            buckets.counts[index(value)] += count;
        }
        buckets
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The sum of the values, modulo 2^64.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// How many values are not above two to the power of `exponent`: the count of an `le` bucket.
    #[must_use]
    pub fn count_to(&self, exponent: u32) -> u64 {
        self.counts[..first_above(exponent)].iter().sum()
    }

    /// A bound that `quantile` (0 to 1) of the values do not exceed, at most an eighth above the value
    /// itself. 0 without values; `u64::MAX` if it lies in the last bucket.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> u64 {
        let count = self.count();
        let rank = ((quantile.clamp(0.0, 1.0) * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut seen = 0;
        for (at, bucket) in self.counts.iter().enumerate() {
            seen += bucket;
            if seen >= rank {
                return bound(at);
            }
        }
        0
    }

    /// Adds another shard's values.
    pub fn merge(&mut self, other: &Buckets) {
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(mine, theirs)| *mine += theirs);
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

impl Default for Buckets {
    fn default() -> Buckets {
        Buckets::new()
    }
}

/// The bucket of a value.
fn index(value: u64) -> usize {
    // One less, so that a power of two is the last value of its bucket, not the first of the next.
    let below = value.saturating_sub(1);
    if below < SUBS as u64 {
        return below as usize;
    }
    let exponent = below.ilog2();
    if exponent >= EXPONENT_MAX {
        return BUCKETS - 1;
    }
    let sub = (below >> (exponent - SUB_BITS)) as usize & (SUBS - 1);
    (exponent - SUB_BITS + 1) as usize * SUBS + sub
}

/// The largest value of a bucket.
fn bound(index: usize) -> u64 {
    if index >= BUCKETS - 1 {
        return u64::MAX;
    }
    let (octave, sub) = (index / SUBS, (index % SUBS) as u64);
    match octave.checked_sub(1) {
        None => sub + 1,
        Some(shift) => (SUBS as u64 + sub + 1) << shift,
    }
}

/// The first bucket whose values are all above two to the power of `exponent`.
fn first_above(exponent: u32) -> usize {
    match exponent.checked_sub(SUB_BITS) {
        None => 1 << exponent,
        Some(octaves) => ((octaves as usize + 1) * SUBS).min(BUCKETS),
    }
}
