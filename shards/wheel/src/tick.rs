//! A moment as a plain number; not a clock.

use std::fmt;
use std::ops::{Add, AddAssign};
use std::time::Duration;

/// A moment: nanoseconds since an arbitrary origin.
///
/// Only whoever produces ticks (an engine from the monotonic clock, a simulator from its own) knows the
/// origin. Arithmetic saturates: a deadline beyond the end of time is [`Tick::MAX`], which never comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Tick(pub u64);

impl Tick {
    /// The origin.
    pub const ZERO: Tick = Tick(0);
    /// The end of time (584 years after the origin): the deadline of what never happens.
    pub const MAX: Tick = Tick(u64::MAX);

    /// Nanoseconds since the origin.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The moment `delay` later, [`Tick::MAX`] at most.
    #[must_use]
    pub fn after(self, delay: Duration) -> Tick {
        Tick(self.0.saturating_add(nanos(delay)))
    }

    /// How long ago `earlier` was; zero if it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Tick) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in nanoseconds, saturating at `u64::MAX`.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl From<u64> for Tick {
    fn from(nanos: u64) -> Tick {
        Tick(nanos)
    }
}

impl From<Duration> for Tick {
    /// The moment this long after the origin.
    fn from(since_origin: Duration) -> Tick {
        Tick(nanos(since_origin))
    }
}

impl From<Tick> for u64 {
    fn from(tick: Tick) -> u64 {
        tick.0
    }
}

/// Saturates: see [`Tick::after`].
impl Add<Duration> for Tick {
    type Output = Tick;

    fn add(self, delay: Duration) -> Tick {
        self.after(delay)
    }
}

/// Saturates: see [`Tick::after`].
impl AddAssign<Duration> for Tick {
    fn add_assign(&mut self, delay: Duration) {
        *self = self.after(delay);
    }
}

/// Seconds since the origin with nine decimals: `12.000000345s`, or `never`.
impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Tick::MAX {
            return f.pad("never");
        }
        write!(
            f,
            "{}.{:09}s",
            self.0 / 1_000_000_000,
            self.0 % 1_000_000_000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addition_saturates_at_never() {
        assert_eq!(Tick(5) + Duration::from_nanos(7), Tick(12));
        assert_eq!(Tick(5) + Duration::MAX, Tick::MAX);
        let mut tick = Tick(u64::MAX - 1);
        tick += Duration::from_secs(1);
        assert_eq!(tick, Tick::MAX);
    }

    #[test]
    fn since_is_zero_for_the_future() {
        assert_eq!(Tick(12).since(Tick(5)), Duration::from_nanos(7));
        assert_eq!(Tick(5).since(Tick(12)), Duration::ZERO);
    }

    #[test]
    fn display_is_seconds() {
        assert_eq!(Tick(12_000_000_345).to_string(), "12.000000345s");
        assert_eq!(Tick::MAX.to_string(), "never");
    }
}
