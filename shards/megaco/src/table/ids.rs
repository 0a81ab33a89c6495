//! Transaction ids of one connection: the live ones in order, and the recently finished ones as intervals.

use megaphone_wheel::{RangeSet, Tick};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Live ids in order, each with its row's place. Most connections have none or one: those allocate nothing.
#[derive(Debug, Default)]
#[expect(
    clippy::box_collection,
    reason = "a connection keeps 16 bytes for this, not 32"
)]
pub(crate) enum IdMap {
    #[default]
    Empty,
    One(u32, u32),
    Many(Box<BTreeMap<u32, u32>>),
}

impl IdMap {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(..) => 1,
            Self::Many(map) => map.len(),
        }
    }

    pub(crate) fn get(&self, id: u32) -> Option<u32> {
        match self {
            Self::Empty => None,
            Self::One(key, place) => (*key == id).then_some(*place),
            Self::Many(map) => map.get(&id).copied(),
        }
    }

    pub(crate) fn insert(&mut self, id: u32, place: u32) {
        match self {
            Self::Empty => *self = Self::One(id, place),
            Self::One(key, old) if *key == id => *old = place,
            Self::One(key, old) => {
                *self = Self::Many(Box::new(BTreeMap::from([(*key, *old), (id, place)])))
            }
            Self::Many(map) => {
                map.insert(id, place);
            }
        }
    }

    pub(crate) fn remove(&mut self, id: u32) -> Option<u32> {
        let place = match self {
            Self::Empty => None,
            Self::One(key, place) => (*key == id).then_some(*place),
            Self::Many(map) => map.remove(&id),
        }?;
        match self {
            Self::Many(map) => {
                if let (1, Some((&id, &place))) = (map.len(), map.first_key_value()) {
                    *self = Self::One(id, place);
                }
            }
            Self::Empty | Self::One(..) => *self = Self::Empty,
        }
        Some(place)
    }

    /// At most `limit` live ids of an interval, ascending: the cost follows what is live, never the width of the interval.
    pub(crate) fn within(&self, first: u32, last: u32, limit: usize) -> Vec<(u32, u32)> {
        match self {
            Self::Empty => Vec::new(),
            Self::One(key, place) if (first..=last).contains(key) => vec![(*key, *place)],
            Self::One(..) => Vec::new(),
            Self::Many(_) if first > last => Vec::new(),
            Self::Many(map) => map
                .range(first..=last)
                .take(limit)
                .map(|(k, v)| (*k, *v))
                .collect(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let (one, many) = match self {
            Self::Empty => (None, None),
            Self::One(key, place) => (Some((*key, *place)), None),
            Self::Many(map) => (None, Some(map.iter().map(|(k, v)| (*k, *v)))),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

/// How many generations a LONG-TIMER is divided into: an id is remembered for LONG-TIMER and at most one generation more.
const GENERATIONS: u32 = 8;

/// Intervals of ids kept per connection beyond which the oldest generation is forgotten early: a peer cannot make us remember without bound.
pub(crate) const RECENT_INTERVALS_MAX: usize = 4096;

/// Ids of finished transactions, remembered for LONG-TIMER so that a late duplicate is not executed again (RFC 3525 D.1.1).
#[derive(Debug, Default)]
pub(crate) struct RecentIds {
    /// Oldest first: when the generation was opened, and its ids.
    generations: VecDeque<(Tick, RangeSet<u32>)>,
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
                .push_back((now, RangeSet::from_iter([(id, id)]))),
        }
        let intervals: usize = self
            .generations
            .iter()
            .map(|(_, ids)| ids.intervals())
            .sum();
        if intervals > RECENT_INTERVALS_MAX {
            self.generations.pop_front();
        }
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
    fn scattered_ids_are_bounded_and_neighbours_cost_nothing() {
        let mut ids = RecentIds::default();
        for id in 0..1_000_000 {
            ids.insert(at(1), LONG, id);
        }
        assert!(ids.contains(at(1), LONG, 999_999));
        let mut ids = RecentIds::default();
        for n in 0..100_000_u32 {
            ids.insert(at(u64::from(n) / 1000), LONG, n * 2);
        }
        let held: usize = ids.generations.iter().map(|(_, ids)| ids.intervals()).sum();
        assert!(held <= RECENT_INTERVALS_MAX, "{held}");
    }

    proptest! {
        #[test]
        fn the_id_map_agrees_with_a_tree(steps in proptest::collection::vec((0_u32..12, any::<bool>()), 1..60)) {
            let (mut ids, mut tree) = (IdMap::default(), BTreeMap::new());
            for (step, (id, add)) in steps.into_iter().enumerate() {
                let place = step as u32;
                if add {
                    ids.insert(id, place);
                    tree.insert(id, place);
                } else {
                    prop_assert_eq!(ids.remove(id), tree.remove(&id));
                }
                prop_assert_eq!(ids.len(), tree.len());
                prop_assert_eq!(ids.is_empty(), tree.is_empty());
                prop_assert!(ids.iter().eq(tree.iter().map(|(k, v)| (*k, *v))));
                prop_assert_eq!(ids.get(id), tree.get(&id).copied());
                let within: Vec<_> = tree.range(3..=8).map(|(k, v)| (*k, *v)).collect();
                prop_assert_eq!(ids.within(3, 8, usize::MAX), within);
                prop_assert_eq!(ids.within(8, 3, usize::MAX), vec![]);
            }
        }
    }
}
