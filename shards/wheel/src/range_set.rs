//! Sets of unsigned numbers as merged intervals; cost follows the intervals, not the numbers.

use std::collections::VecDeque;
use std::fmt;

#[cfg(test)]
mod tests;

/// An unsigned number whose neighbours a [`RangeSet`] can name.
pub trait Ordinal: Copy + Ord + fmt::Debug {
    /// The next number, `None` after the last.
    fn next(self) -> Option<Self>;
    /// The previous number, `None` before the first.
    fn previous(self) -> Option<Self>;
    /// How many numbers lie below this one.
    fn index(self) -> u128;
}

macro_rules! ordinal {
    ($($number:ty),*) => {$(
        impl Ordinal for $number {
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }
            fn index(self) -> u128 {
                u128::from(self)
            }
        }
    )*};
}
ordinal!(u32, u64);

/// A set of numbers kept as disjoint, ascending intervals that never touch: 1, 2, 3, 4 is the one interval
/// 1-4, and `1..=u32::MAX` is one interval too.
///
/// Built for acknowledgements (ranges on a link, `RFC 3525 8.2.2` transaction acknowledgement): numbers
/// arrive almost in order at the back and leave at the front, both in constant time. Elsewhere an operation
/// costs a binary search plus moving at most half of the intervals, so a caller that takes numbers from a
/// peer bounds [`RangeSet::intervals`].
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RangeSet<T> {
    /// Inclusive (first, last), ascending, with at least one absent number between neighbours.
    ranges: VecDeque<(T, T)>,
}

impl<T: Ordinal> RangeSet<T> {
    /// The empty set; allocates nothing.
    #[must_use]
    pub const fn new() -> RangeSet<T> {
        RangeSet {
            ranges: VecDeque::new(),
        }
    }

    /// Adds one number; true if it was not there.
    pub fn insert(&mut self, value: T) -> bool {
        if self.contains(value) {
            return false;
        }
        self.insert_range(value, value);
        true
    }

    /// Adds `first..=last`; an inverted range adds nothing.
    pub fn insert_range(&mut self, first: T, last: T) {
        if first > last {
            return;
        }
        // Everything that overlaps or touches the new interval becomes part of it.
        let start = self
            .ranges
            .partition_point(|r| r.1.next().is_some_and(|after| after < first));
        let (mut merged, mut touching) = ((first, last), 0);
        while let Some(&(low, high)) = self.ranges.get(start + touching)
            && low.previous().is_none_or(|before| before <= last)
        {
            merged = (merged.0.min(low), merged.1.max(high));
            touching += 1;
        }
        if touching == 0 {
            self.ranges.insert(start, merged);
        } else {
            self.ranges[start] = merged;
            self.ranges.drain(start + 1..start + touching);
        }
    }

    /// Removes one number; true if it was there.
    pub fn remove(&mut self, value: T) -> bool {
        let present = self.contains(value);
        self.remove_range(value, value);
        present
    }

    /// Removes `first..=last`; an inverted range removes nothing.
    pub fn remove_range(&mut self, first: T, last: T) {
        if first > last {
            return;
        }
        let start = self.ranges.partition_point(|r| r.1 < first);
        let end = start
            + self
                .ranges
                .range(start..)
                .take_while(|r| r.0 <= last)
                .count();
        if start == end {
            return;
        }
        // What sticks out on either side stays.
        let left = first
            .previous()
            .map(|before| (self.ranges[start].0, before))
            .filter(|r| r.0 <= r.1);
        let right = last
            .next()
            .map(|after| (after, self.ranges[end - 1].1))
            .filter(|r| r.0 <= r.1);
        self.ranges.drain(start..end);
        for kept in [right, left].into_iter().flatten() {
            self.ranges.insert(start, kept);
        }
    }

    /// Removes the first `intervals` intervals (or as many as there are) and yields them, ascending.
    pub fn take_front(&mut self, intervals: usize) -> impl Iterator<Item = (T, T)> + '_ {
        let end = intervals.min(self.ranges.len());
        self.ranges.drain(..end)
    }

    /// Removes everything; keeps the memory.
    pub fn clear(&mut self) {
        self.ranges.clear();
    }

    /// True if the number is in the set.
    #[must_use]
    pub fn contains(&self, value: T) -> bool {
        self.intersects(value, value)
    }

    /// True if every number of `first..=last` is in the set; an inverted range is.
    #[must_use]
    pub fn contains_range(&self, first: T, last: T) -> bool {
        let at = self.ranges.partition_point(|r| r.1 < last);
        first > last || self.ranges.get(at).is_some_and(|r| r.0 <= first)
    }

    /// True if any number of `first..=last` is in the set; an inverted range has none.
    #[must_use]
    pub fn intersects(&self, first: T, last: T) -> bool {
        let at = self.ranges.partition_point(|r| r.1 < first);
        first <= last && self.ranges.get(at).is_some_and(|r| r.0 <= last)
    }

    /// The smallest number.
    #[must_use]
    pub fn first(&self) -> Option<T> {
        self.ranges.front().map(|r| r.0)
    }

    /// The largest number.
    #[must_use]
    pub fn last(&self) -> Option<T> {
        self.ranges.back().map(|r| r.1)
    }

    /// How many numbers are in the set.
    #[must_use]
    pub fn len(&self) -> u128 {
        self.iter()
            .map(|(first, last)| last.index() - first.index() + 1)
            .sum()
    }

    /// True if no number is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many intervals hold the numbers: what memory and time follow.
    #[must_use]
    pub fn intervals(&self) -> usize {
        self.ranges.len()
    }

    /// The intervals as inclusive (first, last), ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (T, T)> + ExactSizeIterator + '_ {
        self.ranges.iter().copied()
    }
}

impl<T: Ordinal> Extend<(T, T)> for RangeSet<T> {
    fn extend<I: IntoIterator<Item = (T, T)>>(&mut self, ranges: I) {
        for (first, last) in ranges {
            self.insert_range(first, last);
        }
    }
}

impl<T: Ordinal> FromIterator<(T, T)> for RangeSet<T> {
    fn from_iter<I: IntoIterator<Item = (T, T)>>(ranges: I) -> RangeSet<T> {
        let mut set = RangeSet::new();
        set.extend(ranges);
        set
    }
}

/// `{1-4, 7}`.
impl<T: Ordinal> fmt::Debug for RangeSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (first, last)) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            if first == last {
                write!(f, "{comma}{first:?}")?;
            } else {
                write!(f, "{comma}{first:?}-{last:?}")?;
            }
        }
        f.write_str("}")
    }
}
