//! Overload levels: how full the pool is decides what a shard still takes on. A level is entered at once and left slowly.
//!
//! | level | entered when free blocks are below | left when above, for a second | what is shed |
//! | --- | --- | --- | --- |
//! | 0 | - | - | nothing |
//! | 1 | 25 % | 35 % | nothing yet: the gauge says so |
//! | 2 | 15 % | 25 % | accepts are slowed; what clients sent and has to wait moves to the smallest blocks |
//! | 3 | 8 % | 18 % | accepts are refused; clients that are slow to take bytes are closed |
//! | 4 | 2 % | 22 % | every session that holds a block is closed |
//!
//! Before all levels comes back-pressure. With half of the blocks leased, links are read at a pace, and so are links elsewhere that
//! send here, because their packets are answered at that pace. It never stops altogether: blocks may be held by clients' packets
//! that wait for a CREDIT of the very backend that is slowed. And a link that takes too little has its own clients held, before they
//! fill what others need (`session/hold.rs`).
//!
//! Free means not leased, in the class that is worst off: blocks in the kernel's hands are where they should be.

use crate::contract::{NoteLevel, ShardId};
use crate::credit::Account;
use crate::deadlines::Timer;
use crate::drain::Scan;
use crate::limits::{Limits, ms};
use crate::shard::Shard;
use megaphone_mesh::Return;
use megaphone_metrics::Metric;
use megaphone_pool::{Class, Pool};
use megaphone_wheel::Tick;
use std::collections::VecDeque;

/// Percent of free blocks below which a level is entered.
const ENTER: [u32; 4] = [25, 15, 8, 2];
/// Percent of free blocks above which it is left.
const LEAVE: [u32; 4] = [35, 25, 18, 22];

/// Percent of free blocks below which backends are slowed, and packets that then pass in [`Shard::POOL_RETRY`]: 32,000 a
/// second, and from level 1 on 2,000.
const SLOW: [(u32, usize); 2] = [(ENTER[0], 4), (50, 64)];

/// Percent of leased blocks above which blocks that come home are taken at once. Well before backends are slowed.
const SHORT: u32 = 25;

/// The present level, and what is needed to leave it.
#[derive(Debug, Default)]
pub(crate) struct Overload {
    level: u8,
    /// Since when the pool has been above the present level's mark.
    calm: Option<Tick>,
    /// Accepts that level 2 still allows, and since when they were counted.
    allowed: u32,
    since: Tick,
    armed: bool,
    /// Percent of blocks that were leased at the last look.
    leased: u32,
    /// Packets of links that may pass until the pool is asked again; none counts while there are blocks enough.
    allowance: usize,
    /// Answers to packets for sessions that are kept back while the pool is low: whose, in order.
    kept_back: VecDeque<(ShardId, Return)>,
}

impl Overload {
    pub(crate) fn level(&self) -> u8 {
        self.level
    }

    /// Percent of the blocks that were leased at the last look, in the class that is worst off.
    pub(crate) fn leased(&self) -> u32 {
        self.leased
    }

    /// Looks at the pool; true if the level rose.
    fn observe(&mut self, now: Tick, free: u32, limits: &Limits) -> bool {
        let entered = ENTER.iter().filter(|&&mark| free < mark).count() as u8;
        if entered > self.level {
            self.level = entered;
            self.calm = None;
            return true;
        }
        let Some(&mark) = usize::from(self.level)
            .checked_sub(1)
            .and_then(|at| LEAVE.get(at))
        else {
            return false;
        };
        if free <= mark {
            self.calm = None;
        } else if now >= *self.calm.get_or_insert(now) + ms(limits.calm_ms) {
            self.level -= 1;
            self.calm = None;
        }
        false
    }

    /// Whether one more client is taken.
    pub(crate) fn admit(&mut self, now: Tick, limits: &Limits) -> bool {
        match self.level {
            0 | 1 => true,
            2 => {
                if now >= self.since + ms(1_000) || self.since == Tick::ZERO {
                    self.since = now;
                    self.allowed = limits.slow_accepts_per_second;
                }
                let admitted = self.allowed > 0;
                self.allowed = self.allowed.saturating_sub(1);
                admitted
            }
            _ => false,
        }
    }
}

/// Percent of blocks that are not leased, in the class that is worst off.
fn free_percent(pool: &Pool) -> u32 {
    let percent = |class| {
        let counts = pool.counts(class);
        // At most 32,768 blocks of a class (`megaphone_pool::BLOCKS_MAX`): no overflow, and a short division.
        (counts.total - counts.leased) * 100 / counts.total.max(1)
    };
    Class::ALL.into_iter().map(percent).min().unwrap_or(100)
}

impl Shard {
    /// Looks at the pool after every input; three divisions in the calm case.
    pub(crate) fn watch_pool(&mut self) {
        let mut free = free_percent(&self.pool);
        if free < SLOW[1].0 {
            // Blocks that came home as strays are free only once they are collected.
            self.pool.collect_strays();
            free = free_percent(&self.pool);
        }
        self.overload.leased = 100 - free;
        if self.overload.level == 0 && free >= ENTER[0] {
            return;
        }
        let before = self.overload.level;
        if self.overload.observe(self.now, free, &self.config.limits) {
            let text = format!(
                "overload level {}: {free} % of the blocks are free",
                self.overload.level
            );
            self.note(NoteLevel::Warning, text);
            self.shed();
        } else if self.overload.level == 0 && before > 0 {
            self.note(
                NoteLevel::Info,
                String::from("overload level 0: back to normal"),
            );
        }
        if self.overload.level > 0 && !self.overload.armed {
            self.overload.armed = true;
            let at = self.now + ms(self.config.limits.calm_ms.div_ceil(4).max(1));
            self.wheel.insert(at, Timer::Overload);
        }
    }

    /// Whether so many blocks are leased that those which come home should be taken at once.
    pub(crate) fn is_short_of_blocks(&self) -> bool {
        self.overload.leased > SHORT
    }

    /// How many packets pass at a time while the pool is low; `None` if it is not.
    fn pace(&self) -> Option<usize> {
        let free = 100 - self.overload.leased;
        let (_, pace) = SLOW.iter().find(|(mark, _)| free < *mark)?;
        Some(*pace)
    }

    /// Whether a link's next packet may pass. If not, it is asked again at [`Shard::POOL_RETRY`].
    pub(crate) fn may_pass(&mut self) -> bool {
        if self.pace().is_none() || self.overload.allowance > 0 {
            return true;
        }
        self.count(Metric::OverloadHoldBack);
        self.wait_for_pool();
        false
    }

    /// A packet with data passed.
    pub(crate) fn has_passed(&mut self) {
        self.overload.allowance = self.overload.allowance.saturating_sub(1);
    }

    /// Answers a packet for a session, at once or, while the pool is low, a little later: its sender's credit is what is
    /// held back, and with the last of it the link is not read.
    pub(crate) fn answer_in_time(&mut self, from: ShardId, back: Return) {
        if self.overload.kept_back.is_empty() && self.pace().is_none() {
            return self.give_back(from, Account::Inbound, back.block);
        }
        self.overload.kept_back.push_back((from, back));
        self.count(Metric::OverloadHoldBack);
        self.wait_for_pool();
    }

    /// The next few packets may pass, and as many answers go that were kept back: all, if the pool has recovered.
    pub(crate) fn ease(&mut self) {
        self.pool.collect_strays();
        self.overload.leased = 100 - free_percent(&self.pool);
        let pace = self.pace().unwrap_or(usize::MAX);
        self.overload.allowance = pace;
        for _ in 0..pace.min(self.overload.kept_back.len()) {
            if let Some((from, back)) = self.overload.kept_back.pop_front() {
                self.give_back(from, Account::Inbound, back.block);
            }
        }
        if !self.overload.kept_back.is_empty() {
            self.wait_for_pool();
        }
        self.links_read_on();
    }

    /// What a level asks for, again and again while it lasts.
    fn shed(&mut self) {
        match self.overload.level {
            0 | 1 => {}
            2 => self.scan(Scan::Settle),
            3 => self.scan(Scan::ShedSlow),
            _ => self.scan(Scan::ShedBusy),
        }
    }

    /// The next look at the level; what it asks for is asked for again.
    pub(crate) fn overload_timer(&mut self) {
        self.overload.armed = false;
        self.pool.collect_strays();
        self.shed();
    }

    /// Counts a client that overload keeps out.
    pub(crate) fn count_kept_out(&mut self) {
        self.count(if self.overload.level == 2 {
            Metric::OverloadSlowAccept
        } else {
            Metric::OverloadStopAccept
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_entered_at_once_and_left_one_by_one() {
        let limits = Limits::default();
        let mut overload = Overload::default();
        let mut now = Tick::ZERO;
        for (free, level) in [(25, 0), (24, 1), (15, 1), (14, 2), (7, 3), (1, 4)] {
            overload.observe(now, free, &limits);
            assert_eq!(overload.level(), level, "{free} %");
        }
        for level in [4, 3, 2, 1] {
            assert_eq!(overload.level(), level);
            overload.observe(now, 100, &limits);
            now += ms(999);
            overload.observe(now, 100, &limits);
            assert_eq!(overload.level(), level, "not before a second has passed");
            now += ms(1);
            overload.observe(now, 100, &limits);
        }
        assert_eq!(overload.level(), 0);
    }

    #[test]
    fn a_relapse_starts_the_second_again() {
        let limits = Limits::default();
        let mut overload = Overload::default();
        overload.observe(Tick::ZERO, 24, &limits);
        overload.observe(Tick::ZERO, 36, &limits);
        overload.observe(Tick::ZERO + ms(900), 35, &limits);
        overload.observe(Tick::ZERO + ms(1_000), 36, &limits);
        assert_eq!(overload.level(), 1);
    }

    #[test]
    fn level_two_slows_and_level_three_stops_accepts() {
        let limits = Limits {
            slow_accepts_per_second: 2,
            ..Limits::default()
        };
        let mut overload = Overload::default();
        let now = Tick::ZERO + ms(5_000);
        overload.observe(now, 10, &limits);
        let admitted: Vec<_> = (0..3).map(|_| overload.admit(now, &limits)).collect();
        assert_eq!(admitted, [true, true, false]);
        assert!(overload.admit(now + ms(1_000), &limits));
        overload.observe(now, 5, &limits);
        assert!(!overload.admit(now + ms(9_000), &limits));
    }
}
