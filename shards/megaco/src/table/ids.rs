//! The live transaction ids of one connection, in order.

use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
