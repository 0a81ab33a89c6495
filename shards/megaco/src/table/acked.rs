//! Acknowledged ids whose replies are not all removed yet: disjoint intervals, each with the arrival of its acknowledgement.
//!
//! A later acknowledgement means everything an earlier one of the same ids meant, and more. So where two overlap the later one
//! rules, and what sticks out of the earlier one keeps its own arrival.

use std::collections::BTreeMap;

/// When an acknowledgement came: the number of the newest answer there was.
pub(crate) type Moment = u32;

/// The arrival of an acknowledgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub moment: Moment,
    /// What the transport gave with its message.
    pub extra: Option<u64>,
}

/// The intervals of one connection, and where to go on with them.
#[derive(Debug, Default)]
pub(crate) struct Acked {
    /// By first id: last id and arrival.
    intervals: BTreeMap<u32, (u32, Arrival)>,
    /// Who goes on always at the front would never get to the back while a peer repeats itself.
    cursor: u32,
}

impl Acked {
    pub(crate) fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.intervals.len()
    }

    /// Whether an interval can be added without there being more of them afterwards.
    pub(crate) fn covers(&self, first: u32, last: u32) -> bool {
        let from = self.intervals.range(first..=last);
        let mut whole = from.filter(|(_, (end, _))| *end <= last);
        whole.next().is_some()
    }

    /// Adds an interval that came later than all others.
    pub(crate) fn insert(&mut self, first: u32, last: u32, arrival: Arrival) {
        self.cut(first, last);
        self.intervals.insert(first, (last, arrival));
    }

    /// Removes an interval; what sticks out on either side stays.
    pub(crate) fn cut(&mut self, first: u32, last: u32) {
        if let Some((&before, &(end, arrival))) = self.intervals.range(..first).next_back()
            && end >= first
        {
            self.intervals.insert(before, (first - 1, arrival));
            if end > last {
                self.intervals.insert(last + 1, (end, arrival));
            }
        }
        while let Some((&at, &(end, arrival))) = self.intervals.range(first..=last).next() {
            self.intervals.remove(&at);
            if end > last {
                self.intervals.insert(last + 1, (end, arrival));
            }
        }
    }

    /// The interval to go on with, from where the last one ended; after the last comes the first.
    pub(crate) fn next(&self) -> Option<(u32, u32, Arrival)> {
        let within = self.intervals.range(..=self.cursor).next_back();
        if let Some((_, &(last, arrival))) = within.filter(|(_, (last, _))| *last >= self.cursor) {
            return Some((self.cursor, last, arrival));
        }
        let behind = self.intervals.range(self.cursor..).next();
        let (first, (last, arrival)) = behind.or_else(|| self.intervals.first_key_value())?;
        Some((*first, *last, *arrival))
    }

    /// An interval is worked off up to and with this id.
    pub(crate) fn done(&mut self, first: u32, up_to: u32) {
        self.cut(first, up_to);
        self.cursor = up_to.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(moment: Moment) -> Arrival {
        Arrival {
            moment,
            extra: None,
        }
    }

    fn moment_of(acked: &Acked, id: u32) -> Option<Moment> {
        let (_, &(last, arrival)) = acked.intervals.range(..=id).next_back()?;
        (last >= id).then_some(arrival.moment)
    }

    proptest! {
        #[test]
        fn the_later_rules_and_the_rest_keeps_its_arrival(
            steps in proptest::collection::vec((0_u32..24, 0_u32..24, any::<bool>()), 1..40),
        ) {
            let (mut acked, mut naive) = (Acked::default(), [None; 24]);
            for (moment, (first, last, add)) in (1_u32..).zip(steps) {
                let (first, last) = (first.min(last), first.max(last));
                let value = add.then_some(moment);
                match value {
                    Some(moment) => acked.insert(first, last, at(moment)),
                    None => acked.cut(first, last),
                }
                naive[first as usize..=last as usize].fill(value);
                for (id, want) in (0..).zip(naive) {
                    prop_assert_eq!(moment_of(&acked, id), want, "id {}", id);
                }
                prop_assert_eq!(acked.is_empty(), naive.iter().all(Option::is_none));
            }
        }

        #[test]
        fn everything_is_worked_off_whatever_comes_meanwhile(
            ranges in proptest::collection::vec((0_u32..1000, 0_u32..1000), 1..20),
        ) {
            let mut acked = Acked::default();
            for (moment, (a, b)) in (0..).zip(&ranges) {
                acked.insert(*a.min(b), *a.max(b), at(moment));
            }
            // The peer repeats its first range before every step, and every step does ten ids.
            let (a, b) = ranges[0];
            let mut seen = std::collections::BTreeSet::new();
            for moment in 100..300 {
                acked.insert(a.min(b), a.max(b), at(moment));
                let Some((from, to, _)) = acked.next() else { break };
                let up_to = to.min(from + 9);
                seen.extend(from..=up_to);
                acked.done(from, up_to);
            }
            for (a, b) in ranges {
                prop_assert!((a.min(b)..=a.max(b)).all(|id| seen.contains(&id)));
            }
        }
    }

    #[test]
    fn the_ends_of_the_number_line_are_ids_too() {
        let mut acked = Acked::default();
        acked.insert(0, u32::MAX, at(1));
        acked.insert(0, 0, at(2));
        acked.insert(u32::MAX, u32::MAX, at(3));
        assert_eq!(acked.len(), 3);
        acked.done(0, 0);
        assert_eq!(acked.next(), Some((1, u32::MAX - 1, at(1))));
        acked.done(1, u32::MAX - 1);
        assert_eq!(acked.next(), Some((u32::MAX, u32::MAX, at(3))));
        acked.done(u32::MAX, u32::MAX);
        assert!(acked.is_empty());
    }
}
