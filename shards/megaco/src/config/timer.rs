//! Incremental timers (`megaco_timer()`): what a timer is worth now and after each expiry. It reads no clock and arms nothing.
//!
//! ```text
//! Infinity                          never expires
//! Once(ms)                          one period, and that is the final one
//! Incremental { wait_for, factor, incr, max_retries }
//!     next period = max(1 ms, wait_for * factor + incr)
//!     Count(n)              n intermediate expiries, then one final period
//!     Infinity              never final
//!     InfinityRestartable   its first expiry is final, but an outside event (a Pending) restarts it with the next period
//! ```

/// The shortest period of a restarted timer, in milliseconds. Without it `{0, 1, 0, infinity}` would expire without end in one instant.
pub const PERIOD_MIN_MS: u32 = 1;

/// How often an incremental timer restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retries {
    /// So many intermediate expiries before the final one.
    Count(u32),
    /// No expiry is final.
    Infinity,
    /// The timer does not restart by itself; an outside event restarts it.
    InfinityRestartable,
}

/// A timer of the configuration, or what is left of a running one. Periods are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Never expires.
    Infinity,
    /// Expires once, finally.
    Once(u32),
    /// Expires, grows and restarts.
    Incremental {
        /// The current period.
        wait_for: u32,
        /// What the period is multiplied by at each restart.
        factor: u32,
        /// What is added to the period at each restart; may be negative.
        incr: i32,
        /// How often it restarts.
        max_retries: Retries,
    },
}

/// What an expiry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// An intermediate expiry: act (re-send) and arm what is left.
    Restart(Timer),
    /// The final one.
    Final,
}

impl Timer {
    /// An incremental timer.
    pub const fn incremental(wait_for: u32, factor: u32, incr: i32, max_retries: Retries) -> Self {
        Self::Incremental {
            wait_for,
            factor,
            incr,
            max_retries,
        }
    }

    /// The period to arm now, in milliseconds; `None` when it never expires.
    pub const fn period_ms(self) -> Option<u32> {
        match self {
            Self::Infinity => None,
            Self::Once(ms) => Some(ms),
            Self::Incremental { wait_for, .. } => Some(wait_for),
        }
    }

    /// The period just armed has passed.
    pub fn expire(self) -> Expiry {
        match self {
            Self::Incremental {
                max_retries: Retries::Count(1..) | Retries::Infinity,
                ..
            } => Expiry::Restart(self.grown()),
            // An `Infinity` that expires was armed by someone else's mistake; to end it is the safe answer.
            Self::Infinity | Self::Once(_) | Self::Incremental { .. } => Expiry::Final,
        }
    }

    /// An outside event (a Pending) arrived: the timer to arm instead, or `None` on the final leg, which no event prolongs.
    pub fn restart(self) -> Option<Self> {
        (!self.is_final_leg()).then(|| self.grown())
    }

    /// Whether the next expiry is final whatever happens.
    pub const fn is_final_leg(self) -> bool {
        matches!(
            self,
            Self::Once(_)
                | Self::Incremental {
                    max_retries: Retries::Count(0),
                    ..
                }
        )
    }

    fn grown(self) -> Self {
        let Self::Incremental {
            wait_for,
            factor,
            incr,
            max_retries,
        } = self
        else {
            return self;
        };
        let next = i128::from(wait_for) * i128::from(factor) + i128::from(incr);
        let next = next.clamp(i128::from(PERIOD_MIN_MS), i128::from(u32::MAX));
        Self::Incremental {
            wait_for: u32::try_from(next).unwrap_or(u32::MAX),
            factor,
            incr,
            max_retries: match max_retries {
                Retries::Count(n) => Retries::Count(n.saturating_sub(1)),
                forever => forever,
            },
        }
    }
}

impl From<u32> for Timer {
    fn from(ms: u32) -> Self {
        Self::Once(ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expiries(timer: Timer, at_most: usize) -> (Vec<u64>, bool) {
        let (mut timer, mut now, mut at) = (timer, 0, Vec::new());
        while let Some(period) = timer.period_ms() {
            now += u64::from(period);
            at.push(now);
            match timer.expire() {
                Expiry::Final => return (at, true),
                Expiry::Restart(_) if at.len() == at_most => break,
                Expiry::Restart(next) => timer = next,
            }
        }
        (at, false)
    }

    #[test]
    fn three_retries_make_four_periods() {
        let timer = Timer::incremental(100, 2, 0, Retries::Count(3));
        assert_eq!(expiries(timer, 99), (vec![100, 300, 700, 1500], true));
    }

    #[test]
    fn no_retries_is_a_single_shot() {
        let timer = Timer::incremental(100, 2, 0, Retries::Count(0));
        assert_eq!(expiries(timer, 99), (vec![100], true));
        assert_eq!(expiries(Timer::Once(100), 99), (vec![100], true));
    }

    #[test]
    fn the_default_doubles_for_ever() {
        let timer = Timer::incremental(7000, 2, 0, Retries::Infinity);
        assert_eq!(
            expiries(timer, 4),
            (vec![7000, 21_000, 49_000, 105_000], false)
        );
        assert_eq!(expiries(timer, 1000).0.len(), 1000);
    }

    #[test]
    fn restartable_ends_at_its_first_expiry_unless_an_event_restarts_it() {
        let timer = Timer::incremental(100, 2, 0, Retries::InfinityRestartable);
        assert_eq!(expiries(timer, 99), (vec![100], true));
        let once = timer.restart().expect("an event restarts it");
        assert_eq!(once.period_ms(), Some(200));
        assert_eq!(once.restart().and_then(Timer::period_ms), Some(400));
    }

    #[test]
    fn an_event_uses_up_a_retry_and_the_final_leg_stands() {
        let timer = Timer::incremental(100, 1, 50, Retries::Count(1));
        let last = timer.restart().expect("one retry left");
        assert_eq!(last, Timer::incremental(150, 1, 50, Retries::Count(0)));
        assert_eq!(last.restart(), None);
        assert_eq!(Timer::Once(5).restart(), None);
    }

    #[test]
    fn a_shrinking_timer_stops_at_one_millisecond() {
        let timer = Timer::incremental(3, 1, -2, Retries::Infinity);
        assert_eq!(expiries(timer, 4).0, [3, 4, 5, 6]);
        let none = Timer::incremental(0, 0, 0, Retries::Infinity);
        assert_eq!(expiries(none, 3).0, [0, 1, 2]);
    }

    proptest! {
        #[test]
        fn a_count_is_the_number_of_intermediate_expiries(
            wait in 0_u32..100_000, factor in 0_u32..8, incr in -5_000_i32..5_000, count in 0_u32..40,
        ) {
            let (at, ended) = expiries(Timer::incremental(wait, factor, incr, Retries::Count(count)), 1000);
            prop_assert!(ended);
            prop_assert_eq!(at.len(), count as usize + 1);
            prop_assert!(at.windows(2).all(|pair| pair[0] < pair[1]), "time always moves on: {at:?}");
        }

        #[test]
        fn periods_follow_the_formula_and_never_wrap(
            wait in any::<u32>(), factor in any::<u32>(), incr in any::<i32>(),
        ) {
            let Expiry::Restart(next) = Timer::incremental(wait, factor, incr, Retries::Infinity).expire() else {
                return Err(TestCaseError::fail("infinity is never final"));
            };
            let exact = i128::from(wait) * i128::from(factor) + i128::from(incr);
            let want = exact.max(1).min(i128::from(u32::MAX));
            prop_assert_eq!(next.period_ms().map(i128::from), Some(want));
        }
    }
}
