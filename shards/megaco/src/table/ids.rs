//! The live transaction ids of one connection, in order.

use std::collections::{BTreeMap, VecDeque};
use std::iter::Peekable;

/// The place of an id that is gone while its neighbours are live.
const GONE: u32 = u32::MAX;

/// Ids that are gone but still in the queue, at least, before they are swept out of it.
const GONE_MIN: usize = 16;

/// Live ids in order, each with its row's place. Most connections have none or one: those allocate nothing.
#[derive(Debug, Default)]
pub(crate) enum IdMap {
    #[default]
    Empty,
    One(u32, u32),
    Many(Box<Many>),
}

/// Peers number their transactions upwards, and what was answered first is forgotten first. So nearly every id comes in at the back
/// of a queue and leaves at its front; the others are in a tree, so that no order of ids costs more than that.
#[derive(Debug, Default)]
pub(crate) struct Many {
    /// Ascending.
    queue: VecDeque<(u32, u32)>,
    /// Of those in the queue, how many are gone.
    gone: usize,
    /// Ids that came behind a higher one.
    late: BTreeMap<u32, u32>,
    /// The highest id that ever came: one above it is new, without a search.
    highest: u32,
}

impl Many {
    fn new((id, place): (u32, u32)) -> Self {
        Self {
            queue: VecDeque::from([(id, place)]),
            highest: id,
            ..Self::default()
        }
    }

    fn len(&self) -> usize {
        self.queue.len() - self.gone + self.late.len()
    }

    /// Where an id is in the queue, gone or not.
    fn find(&self, id: u32) -> Option<usize> {
        self.queue.binary_search_by_key(&id, |(id, _)| *id).ok()
    }

    fn get(&self, id: u32) -> Option<u32> {
        if id > self.highest {
            return None;
        }
        let queued = self.find(id).map(|at| self.queue[at].1);
        let queued = queued.filter(|place| *place != GONE);
        queued.or_else(|| self.late.get(&id).copied())
    }

    fn insert(&mut self, id: u32, place: u32) {
        if id > self.highest {
            self.highest = id;
            return self.queue.push_back((id, place));
        }
        match self.find(id) {
            Some(at) if self.queue[at].1 != GONE => self.queue[at].1 = place,
            _ => {
                self.late.insert(id, place);
            }
        }
    }

    fn remove(&mut self, id: u32) -> Option<u32> {
        let queued = self.find(id).filter(|at| self.queue[*at].1 != GONE);
        let Some(at) = queued else {
            return self.late.remove(&id);
        };
        let place = std::mem::replace(&mut self.queue[at].1, GONE);
        self.gone += 1;
        while let Some((_, GONE)) = self.queue.front() {
            self.queue.pop_front();
            self.gone -= 1;
        }
        if self.gone >= GONE_MIN && self.gone * 2 > self.queue.len() {
            self.queue.retain(|(_, place)| *place != GONE);
            self.gone = 0;
        }
        Some(place)
    }

    /// Those of an interval, ascending.
    fn range(&self, first: u32, last: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let from = self.queue.partition_point(|(id, _)| *id < first);
        let queued = self.queue.range(from..).copied();
        let queued = queued.take_while(move |(id, _)| *id <= last);
        let queued = queued.filter(|(_, place)| *place != GONE);
        let late = (first <= last).then(|| self.late.range(first..=last));
        let late = late.into_iter().flatten().map(|(id, place)| (*id, *place));
        merged(queued.peekable(), late.peekable())
    }
}

/// Two ascending sequences without a common id as one.
fn merged(
    mut left: Peekable<impl Iterator<Item = (u32, u32)>>,
    mut right: Peekable<impl Iterator<Item = (u32, u32)>>,
) -> impl Iterator<Item = (u32, u32)> {
    std::iter::from_fn(move || match (left.peek(), right.peek()) {
        (Some((a, _)), Some((b, _))) if b < a => right.next(),
        (None, Some(_)) => right.next(),
        _ => left.next(),
    })
}

impl IdMap {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(..) => 1,
            Self::Many(many) => many.len(),
        }
    }

    pub(crate) fn get(&self, id: u32) -> Option<u32> {
        match self {
            Self::Empty => None,
            Self::One(key, place) => (*key == id).then_some(*place),
            Self::Many(many) => many.get(id),
        }
    }

    pub(crate) fn insert(&mut self, id: u32, place: u32) {
        match self {
            Self::Empty => *self = Self::One(id, place),
            Self::One(key, old) if *key == id => *old = place,
            Self::One(key, old) => {
                let mut many = Many::new((*key, *old));
                many.insert(id, place);
                *self = Self::Many(Box::new(many));
            }
            Self::Many(many) => many.insert(id, place),
        }
    }

    pub(crate) fn remove(&mut self, id: u32) -> Option<u32> {
        let place = match self {
            Self::Empty => None,
            Self::One(key, place) => (*key == id).then_some(*place),
            Self::Many(many) => many.remove(id),
        }?;
        let rest = match self {
            Self::Many(many) if many.len() > 1 => return Some(place),
            Self::Many(many) => many.range(0, u32::MAX).next(),
            Self::Empty | Self::One(..) => None,
        };
        *self = rest.map_or(Self::Empty, |(id, place)| Self::One(id, place));
        Some(place)
    }

    /// At most `limit` live ids of an interval, ascending: the cost follows what is live, never the width of the interval.
    pub(crate) fn within(&self, first: u32, last: u32, limit: usize) -> Vec<(u32, u32)> {
        match self {
            Self::Empty => Vec::new(),
            Self::One(key, place) if (first..=last).contains(key) => vec![(*key, *place)],
            Self::One(..) => Vec::new(),
            Self::Many(many) => many.range(first, last).take(limit).collect(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let (one, many) = match self {
            Self::Empty => (None, None),
            Self::One(key, place) => (Some((*key, *place)), None),
            Self::Many(many) => (None, Some(many.range(0, u32::MAX))),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_id_map_agrees_with_a_tree(steps in proptest::collection::vec((0_u32..40, any::<bool>()), 1..300)) {
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

    #[test]
    fn what_is_gone_from_the_middle_is_swept_out() {
        let mut ids = IdMap::default();
        (0..1_000).for_each(|id| ids.insert(id, id));
        // The lowest stays, so that nothing leaves at the front.
        (1..999).for_each(|id| assert_eq!(ids.remove(id), Some(id)));
        let IdMap::Many(many) = &ids else {
            panic!("two are left");
        };
        assert!(many.queue.len() <= 2 + GONE_MIN, "{}", many.queue.len());
        assert!(ids.iter().eq([(0, 0), (999, 999)]));
    }
}
