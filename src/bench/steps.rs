//! What the machines of all benches do alike: they work in steps, so that nothing keeps completions waiting for long, they take turns
//! as a schedule has them, and they close what they opened a few at a time.

use super::plan::Schedule;
use megaphone_wheel::Tick;
use std::ops::Range;
use std::time::Duration;

/// How often a shard looks at the board and publishes its counts.
pub(super) const LOOK: Duration = Duration::from_millis(100);
/// How soon work goes on that was broken off to let completions in, or for want of a block.
pub(super) const SOON: Duration = Duration::from_millis(1);
/// What one step handles at most: turns, connections, messages.
pub(super) const STEP_MAX: u32 = 1_024;

/// An open loop's schedule, and the next turn on it that is one of this shard's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turns {
    pub(super) schedule: Schedule,
    round: u32,
    /// Whose turn it is, by its number on this shard.
    pub(super) local: u32,
}

impl Turns {
    /// From the beginning.
    pub(super) fn new(schedule: Schedule) -> Turns {
        Turns {
            schedule,
            round: 0,
            local: 0,
        }
    }

    /// When the turn is, of which `number` is the number in the run of whose it is.
    pub(super) fn at(&self, number: u32) -> Tick {
        self.schedule.turn(number, self.round)
    }

    /// The turn after this one; `share` have turns on this shard.
    pub(super) fn next(self, share: u32) -> Turns {
        let local = (self.local + 1) % share.max(1);
        Turns {
            local,
            round: self.round + u32::from(local == 0),
            ..self
        }
    }
}

/// Which of `share` connections are closed now, of those from `next` on: none before `again`, which is when more are.
pub(super) fn to_close(now: Tick, again: &mut Tick, next: u32, share: u32) -> Range<u32> {
    if now < *again || next >= share {
        return next..next;
    }
    *again = now + SOON;
    next..(next + STEP_MAX).min(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_go_round() {
        let schedule = Schedule::new(Tick(1_000), Duration::from_nanos(100), 4);
        // Shard 1 of 2 has numbers 1 and 3.
        let mut turns = Turns::new(schedule);
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push((turns.local, turns.at(turns.local * 2 + 1).0));
            turns = turns.next(2);
        }
        assert_eq!(
            seen,
            [(0, 1_025), (1, 1_075), (0, 1_125), (1, 1_175), (0, 1_225)]
        );
        assert_eq!(turns.next(0).local, 0, "nobody has no turn");
    }

    #[test]
    fn connections_are_closed_a_step_at_a_time() {
        let mut again = Tick::ZERO;
        let share = STEP_MAX + 1;
        assert_eq!(to_close(Tick(5), &mut again, 0, share), 0..STEP_MAX);
        assert_eq!(again, Tick(5) + SOON);
        assert_eq!(
            to_close(Tick(6), &mut again, STEP_MAX, share),
            STEP_MAX..STEP_MAX,
            "completions come first"
        );
        let later = again;
        assert_eq!(
            to_close(later, &mut again, STEP_MAX, share),
            STEP_MAX..share
        );
        assert_eq!(to_close(Tick::MAX, &mut again, share, share), share..share);
        assert_eq!(again, later + SOON, "nothing is left to come back for");
    }
}
