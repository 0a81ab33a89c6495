//! Timeouts in the ring. A wait with a timeout of its own programs the CPU's timer twice, which in a virtual machine costs
//! as much as all else of a wake-up; a timeout that is armed once stays for many waits.

use io_uring::types::Timespec;
use io_uring::{opcode, squeue};
use megaphone_wheel::Tick;

/// Timeouts that may be armed at the same time. Each is armed because it is earlier than all others.
const ARMED_MAX: usize = 8;

/// The armed timeouts.
pub(crate) struct Alarm {
    /// When each rings; [`Tick::MAX`] for none.
    at: [Tick; ARMED_MAX],
    /// The span of the last one, which the kernel copies when it takes the submission.
    span: Box<Timespec>,
}

/// How a wake-up at some moment is ensured.
pub(crate) enum Armed {
    /// One that rings in time is armed already.
    Already,
    /// With this operation, by this index.
    By(squeue::Entry, u32),
    /// Not at all: too many are armed.
    Full,
}

impl Alarm {
    pub(crate) fn new() -> Self {
        Self {
            at: [Tick::MAX; ARMED_MAX],
            span: Box::new(Timespec::new()),
        }
    }

    /// Ensures a wake-up at `next`, or some time earlier. To be used once per turn.
    pub(crate) fn arm(&mut self, now: Tick, next: Tick) -> Armed {
        if self.at.iter().any(|&at| at <= next) {
            return Armed::Already;
        }
        let Some((index, at)) = (0..).zip(&mut self.at).find(|(_, at)| **at == Tick::MAX) else {
            return Armed::Full;
        };
        *at = next;
        *self.span = Timespec::from(next.since(now));
        Armed::By(opcode::Timeout::new(&raw const *self.span).build(), index)
    }

    /// One rang.
    pub(crate) fn rang(&mut self, index: u32) {
        if let Some(at) = self.at.get_mut(index as usize) {
            *at = Tick::MAX;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ARMED_MAX, Alarm, Armed};
    use megaphone_wheel::Tick;

    #[test]
    fn only_an_earlier_moment_arms_another_timeout() {
        let mut alarm = Alarm::new();
        let by = |armed| {
            if let Armed::By(_, index) = armed {
                Some(index)
            } else {
                None
            }
        };
        assert_eq!(by(alarm.arm(Tick(0), Tick(1_000))), Some(0));
        assert!(matches!(alarm.arm(Tick(0), Tick(1_000)), Armed::Already));
        assert!(matches!(alarm.arm(Tick(5), Tick(2_000)), Armed::Already));
        for earlier in 1..ARMED_MAX as u64 {
            assert_eq!(
                by(alarm.arm(Tick(5), Tick(1_000 - earlier))),
                u32::try_from(earlier).ok()
            );
        }
        assert!(matches!(alarm.arm(Tick(5), Tick(10)), Armed::Full));
        alarm.rang(3);
        assert_eq!(by(alarm.arm(Tick(5), Tick(10))), Some(3));
    }
}
