//! A shard's figures as other threads read them: copied now and then, consistent, never in the way.

use crate::cells::layout;
use crate::{Buckets, Histogram, LinkMetric, Metric};
use std::sync::atomic::{AtomicU64, Ordering, fence};

#[cfg(test)]
mod tests;

/// One shard's published figures: written by the shard, read by any thread.
///
/// Two banks of words. Publication `n` goes to bank `n % 2` while readers still have the other one, so a
/// writer that loses its processor in the middle disturbs nobody, and a reader fails only if two
/// publications pass while it copies.
#[derive(Debug)]
pub struct Page {
    /// Publications so far; the bank of the last one is complete.
    published: Line,
    banks: [Box<[Line]>; 2],
}

/// Words that share a pair of cache lines (prefetchers fetch pairs) with nothing else.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line([AtomicU64; Line::WORDS]);

impl Line {
    const WORDS: usize = 16;
}

impl Page {
    /// A page for a shard with `links` configured links; reads as all zero until something is published.
    #[must_use]
    pub fn new(links: usize) -> Page {
        let bank = || {
            (0..layout::words(links).div_ceil(Line::WORDS))
                .map(|_| Line::default())
                .collect()
        };
        Page {
            published: Line::default(),
            banks: [bank(), bank()],
        }
    }

    /// Publishes the words in the order of the layout. One writer only: the shard's [`crate::Cells`].
    pub(crate) fn write(&self, words: impl Iterator<Item = u64>) {
        let [published, ..] = &self.published.0;
        let next = published.load(Ordering::Relaxed) + 1;
        // A reader that sees any word written below also sees the publication count of before, and so
        // knows that the bank it is reading has been taken back.
        fence(Ordering::Release);
        let bank = self.banks[next as usize % 2]
            .iter()
            .flat_map(|line| &line.0);
        bank.zip(words)
            .for_each(|(cell, word)| cell.store(word, Ordering::Relaxed));
        published.store(next, Ordering::Release);
    }

    /// How often the shard published: a shard that stands still does not.
    #[must_use]
    pub fn publications(&self) -> u64 {
        self.published.0[0].load(Ordering::Relaxed)
    }

    /// Copies the last publication into `snapshot`. False, with `snapshot` unspecified, if the shard
    /// published twice meanwhile: try again.
    #[must_use]
    pub fn read(&self, snapshot: &mut Snapshot) -> bool {
        let [published, ..] = &self.published.0;
        let before = published.load(Ordering::Acquire);
        let bank = self.banks[before as usize % 2]
            .iter()
            .flat_map(|line| &line.0);
        snapshot.words.clear();
        snapshot
            .words
            .extend(bank.map(|cell| cell.load(Ordering::Relaxed)));
        fence(Ordering::Acquire);
        published.load(Ordering::Relaxed) == before
    }
}

/// One publication of one shard, copied out of its [`Page`].
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    words: Vec<u64>,
}

impl Snapshot {
    /// An empty snapshot, to be filled by [`Page::read`].
    #[must_use]
    pub fn new() -> Snapshot {
        Snapshot::default()
    }

    /// A figure.
    #[must_use]
    pub fn get(&self, metric: Metric) -> u64 {
        self.word(layout::FIGURES + metric as usize)
    }

    /// A link's figure; 0 for a link that was not configured.
    #[must_use]
    pub fn link(&self, link: usize, metric: LinkMetric) -> u64 {
        self.word(layout::LINKS + link * LinkMetric::COUNT + metric as usize)
    }

    /// A distribution.
    #[must_use]
    pub fn histogram(&self, histogram: Histogram) -> Buckets {
        let start = histogram as usize * layout::HISTOGRAM;
        let counts = std::array::from_fn(|bucket| self.word(start + bucket));
        Buckets {
            counts,
            sum: self.word(start + layout::HISTOGRAM - 1),
        }
    }

    /// Adds what another part of the same shard counted on a page of its own. Each figure is counted by one part,
    /// so the sum is that part's value.
    pub fn merge(&mut self, other: &Snapshot) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine = mine.wrapping_add(*theirs);
        }
    }

    fn word(&self, at: usize) -> u64 {
        self.words.get(at).copied().unwrap_or(0)
    }
}
