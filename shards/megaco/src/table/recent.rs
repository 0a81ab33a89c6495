//! Ids of a connection's finished transactions, as intervals, for LONG-TIMER.

use megaphone_wheel::{RangeSet, Tick};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How many generations a LONG-TIMER is divided into: an id is remembered for LONG-TIMER and at most one generation more.
const GENERATIONS: u32 = 8;

/// Intervals beyond which a generation is kept as a tree: then one that comes out of order must not move all others.
const FEW_MAX: usize = 64;

/// A set of ids as intervals: small and flat while they are few, which is what nearly every connection has.
#[derive(Debug)]
enum Intervals {
    Few(RangeSet<u32>),
    /// By first id: the last.
    Many(BTreeMap<u32, u32>),
}

impl Intervals {
    fn len(&self) -> usize {
        match self {
            Self::Few(ids) => ids.intervals(),
            Self::Many(ids) => ids.len(),
        }
    }

    fn contains(&self, id: u32) -> bool {
        match self {
            Self::Few(ids) => ids.contains(id),
            Self::Many(ids) => {
                let before = ids.range(..=id).next_back();
                before.is_some_and(|(_, last)| *last >= id)
            }
        }
    }

    fn insert(&mut self, id: u32) {
        match self {
            Self::Few(ids) => {
                ids.insert(id);
                if ids.intervals() > FEW_MAX {
                    *self = Self::Many(ids.iter().collect());
                }
            }
            Self::Many(ids) => insert_merging(ids, id),
        }
    }
}

fn insert_merging(ids: &mut BTreeMap<u32, u32>, id: u32) {
    let before = ids
        .range(..=id)
        .next_back()
        .map(|(first, last)| (*first, *last));
    if before.is_some_and(|(_, last)| last >= id) {
        return;
    }
    let last = id
        .checked_add(1)
        .and_then(|next| ids.remove(&next))
        .unwrap_or(id);
    match before.filter(|(_, last)| last.checked_add(1) == Some(id)) {
        Some((first, _)) => ids.insert(first, last),
        None => ids.insert(id, last),
    };
}

/// Ids of finished transactions, remembered for LONG-TIMER so that a late duplicate is not executed again (RFC 3525 D.1.1).
#[derive(Debug, Default)]
pub(crate) struct RecentIds {
    /// Oldest first: when the generation was opened, and its ids.
    generations: VecDeque<(Tick, Intervals)>,
}

impl RecentIds {
    /// Remembers an id from `now` on.
    pub(crate) fn insert(&mut self, now: Tick, long_timer: Duration, id: u32) {
        self.forget(now, long_timer);
        match self.generations.back_mut() {
            Some((opened, ids)) if now.since(*opened) < long_timer / GENERATIONS => {
                ids.insert(id);
            }
            _ => self
                .generations
                .push_back((now, Intervals::Few(RangeSet::from_iter([(id, id)])))),
        }
    }

    /// How many intervals there are: what remembering costs.
    pub(crate) fn intervals(&self) -> usize {
        self.generations.iter().map(|(_, ids)| ids.len()).sum()
    }

    /// Whether an id is remembered at `now`.
    pub(crate) fn contains(&mut self, now: Tick, long_timer: Duration, id: u32) -> bool {
        self.forget(now, long_timer);
        self.generations.iter().any(|(_, ids)| ids.contains(id))
    }

    /// Drops what is older than LONG-TIMER; whether anything is left.
    pub(crate) fn forget(&mut self, now: Tick, long_timer: Duration) -> bool {
        let keep = long_timer + long_timer / GENERATIONS;
        while self
            .generations
            .front()
            .is_some_and(|(opened, _)| now.since(*opened) >= keep)
        {
            self.generations.pop_front();
        }
        !self.generations.is_empty()
    }

    /// When the oldest generation is over.
    pub(crate) fn next_forget(&self, long_timer: Duration) -> Option<Tick> {
        let (opened, _) = self.generations.front()?;
        Some(opened.after(long_timer + long_timer / GENERATIONS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LONG: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Tick {
        Tick::from(Duration::from_secs(seconds))
    }

    #[test]
    fn an_id_is_remembered_for_the_long_timer() {
        let mut ids = RecentIds::default();
        ids.insert(at(0), LONG, 7);
        ids.insert(at(20), LONG, 8);
        assert!(ids.contains(at(30), LONG, 7));
        assert!(!ids.contains(at(34), LONG, 7));
        assert!(ids.contains(at(50), LONG, 8));
        assert!(!ids.forget(at(54), LONG));
        assert_eq!(ids.next_forget(LONG), None);
    }

    #[test]
    fn neighbours_cost_nothing_and_scattered_ids_are_never_forgotten_early() {
        let mut ids = RecentIds::default();
        (0..1_000_000).for_each(|id| ids.insert(at(1), LONG, id));
        assert!(ids.contains(at(1), LONG, 999_999));
        assert_eq!(ids.intervals(), 1);
        let mut ids = RecentIds::default();
        (0..100_000_u32).for_each(|n| ids.insert(at(u64::from(n) / 5000), LONG, n * 2));
        assert_eq!(ids.intervals(), 100_000);
        assert!((0..100_000).all(|n| ids.contains(at(20), LONG, n * 2)));
        assert!((0..100_000).all(|n| !ids.contains(at(20), LONG, n * 2 + 1)));
    }

    proptest! {
        #[test]
        fn intervals_agree_with_a_set(ids in proptest::collection::vec(prop_oneof![0_u32..300, u32::MAX - 3..=u32::MAX], 1..400)) {
            let mut intervals = Intervals::Few(RangeSet::default());
            let mut tree = Intervals::Many(BTreeMap::new());
            let mut set = std::collections::BTreeSet::new();
            for id in ids {
                intervals.insert(id);
                tree.insert(id);
                set.insert(id);
                for id in [id.wrapping_sub(1), id, id.wrapping_add(1)] {
                    let known = set.contains(&id);
                    prop_assert_eq!((intervals.contains(id), tree.contains(id)), (known, known));
                }
                let starts = set.iter().filter(|id| **id == 0 || !set.contains(&(**id - 1)));
                let starts = starts.count();
                prop_assert_eq!((intervals.len(), tree.len()), (starts, starts));
            }
        }
    }
}
