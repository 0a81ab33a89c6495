//! Retransmission timeouts from measured delays, with random back-off (RFC 3525 D.1.3). Eight bytes per connection; the seed is the caller's.

use crate::config::Config;
use megaphone_wheel::Rng;
use std::time::Duration;

/// How many deviations are added to the average delay.
const DEVIATIONS: u64 = 4;

/// The average acknowledgement delay and its average deviation, in microseconds; 0 is "never measured".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoundTrip {
    aad_us: u32,
    adev_us: u32,
}

impl RoundTrip {
    /// A transaction that was sent once was answered after `delay`. One that was re-sent tells nothing: which copy was answered?
    pub(crate) fn observe(&mut self, delay: Duration) {
        let delay = i64::try_from(delay.as_micros())
            .unwrap_or(i64::MAX)
            .clamp(1, u32::MAX.into());
        if self.aad_us == 0 {
            self.aad_us = delay as u32;
            self.adev_us = (delay / 2) as u32;
            return;
        }
        let (aad, adev) = (i64::from(self.aad_us), i64::from(self.adev_us));
        let error = delay - aad;
        self.aad_us = (aad + error / 8).clamp(1, u32::MAX.into()) as u32;
        self.adev_us = (adev + (error.abs() - adev) / 4).clamp(0, u32::MAX.into()) as u32;
    }

    /// How long to wait after the sending number `resends` (0 is the first): doubled per re-send, the average part drawn from its upper half.
    pub(crate) fn timeout(self, config: &Config, resends: u32, rng: &mut Rng) -> Duration {
        let (aad, adev) = match self.aad_us {
            0 => (u64::from(config.rtt_initial) * 1000, 0),
            measured => (u64::from(measured), u64::from(self.adev_us)),
        };
        let cap = u64::from(config.rtt_max) * 1000;
        let doubled = aad
            .saturating_mul(1_u64.checked_shl(resends).unwrap_or(u64::MAX))
            .min(cap);
        let random = match resends {
            0 => doubled,
            _ => rng.range(doubled / 2, doubled),
        };
        let wait = (random + DEVIATIONS * adev).min(cap);
        // Never below a millisecond: a peer on the same machine answers in microseconds, timers tick in milliseconds.
        Duration::from_micros(wait.max(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Duration, Rng, RoundTrip};
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn the_estimate_follows_the_delays() {
        let mut rtt = RoundTrip::default();
        (0..200).for_each(|_| rtt.observe(Duration::from_millis(40)));
        assert!((39_000..=41_000).contains(&rtt.aad_us), "{rtt:?}");
        let wait = rtt.timeout(&Config::default(), 0, &mut Rng::new(1));
        assert!(wait < Duration::from_millis(45), "{wait:?}");
    }

    #[test]
    fn an_initial_200_ms_finds_the_fifth_loss_after_about_6_s() {
        let (config, mut rng) = (Config::default(), Rng::new(7));
        let sum: Duration = (0..=5)
            .map(|n| RoundTrip::default().timeout(&config, n, &mut rng))
            .sum();
        assert!(
            (Duration::from_secs(4)..Duration::from_secs(13)).contains(&sum),
            "{sum:?}"
        );
    }

    proptest! {
        #[test]
        fn waits_lie_between_half_and_whole_of_the_doubled_delay(
            delays in proptest::collection::vec(1_u64..2_000_000, 0..20), resends in 0_u32..80, seed in any::<u64>(),
        ) {
            let config = Config::default();
            let mut rtt = RoundTrip::default();
            delays.iter().for_each(|us| rtt.observe(Duration::from_micros(*us)));
            let wait = rtt.timeout(&config, resends, &mut Rng::new(seed));
            prop_assert!(wait <= Duration::from_millis(config.rtt_max.into()));
            prop_assert!(wait >= Duration::from_millis(1));
            let aad = if rtt.aad_us == 0 { 200_000 } else { u64::from(rtt.aad_us) };
            let doubled = aad.saturating_mul(1_u64.checked_shl(resends).unwrap_or(u64::MAX)).min(4_000_000);
            prop_assert!(wait >= Duration::from_micros(doubled / 2));
        }
    }
}
