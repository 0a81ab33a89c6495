//! A hash index split into parts, so that growing it moves one part and never the whole of a million entries.

use foldhash::quality::FixedState;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

const PART_BITS: u32 = 8;

/// A map from keys to places; keyed by a seed, so that nobody who does not know it can choose collisions.
#[derive(Debug)]
pub(crate) struct Index<K> {
    parts: Box<[HashMap<K, u32, FixedState>]>,
    hasher: FixedState,
}

impl<K: Hash + Eq> Index<K> {
    pub(crate) fn new(seed: u64) -> Self {
        let parts =
            (0..1_u32 << PART_BITS).map(|_| HashMap::with_hasher(FixedState::with_seed(seed)));
        Self {
            parts: parts.collect(),
            hasher: FixedState::with_seed(!seed),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<u32> {
        self.parts[self.part(key)].get(key).copied()
    }

    pub(crate) fn insert(&mut self, key: K, place: u32) -> Option<u32> {
        let part = self.part(&key);
        self.parts[part].insert(key, place)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<u32> {
        let part = self.part(key);
        self.parts[part].remove(key)
    }

    fn part(&self, key: &K) -> usize {
        (self.hasher.hash_one(key) >> (u64::BITS - PART_BITS)) as usize
    }
}
