//! Datagrams that wait for credit to their home shards, so that a burst of one gateway costs another nothing: each sender has a few
//! places in the line, and what is beyond them is lost, as datagrams may be.

use crate::contract::ShardId;
use foldhash::quality::FixedState;
use std::collections::{HashMap, VecDeque};

/// The lines to all home shards.
#[derive(Debug)]
pub(super) struct Lines<T> {
    /// By home shard: the sender as a number, and the message.
    waiting: Vec<VecDeque<(u64, T)>>,
    /// Messages of each sender that wait.
    of_sender: HashMap<u64, u32, FixedState>,
    count: usize,
    most: usize,
    of_sender_most: u32,
}

impl<T> Lines<T> {
    /// Empty lines to so many shards; room for `most` datagrams in all of them together, `of_sender_most` of one sender.
    pub(super) fn new(shards: usize, most: u32, of_sender_most: u32, seed: u64) -> Lines<T> {
        Lines {
            waiting: (0..shards).map(|_| VecDeque::new()).collect(),
            of_sender: HashMap::with_hasher(FixedState::with_seed(seed)),
            count: 0,
            most: most as usize,
            of_sender_most,
        }
    }

    /// Datagrams that wait.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing waits for this home: else who comes stands behind.
    pub(super) fn is_free(&self, home: ShardId) -> bool {
        let line = self.waiting.get(usize::from(home.0));
        line.is_none_or(VecDeque::is_empty)
    }

    /// Puts a datagram in line; false if its sender has all its places, or there are no more.
    #[must_use]
    pub(super) fn join(&mut self, home: ShardId, sender: u64, datagram: T) -> bool {
        let Some(line) = self.waiting.get_mut(usize::from(home.0)) else {
            return false;
        };
        let has = self.of_sender.get(&sender).copied().unwrap_or(0);
        if self.count >= self.most || has >= self.of_sender_most {
            return false;
        }
        self.of_sender.insert(sender, has + 1);
        line.push_back((sender, datagram));
        self.count += 1;
        true
    }

    /// The next datagram for this home.
    pub(super) fn next(&mut self, home: ShardId) -> Option<T> {
        let line = self.waiting.get_mut(usize::from(home.0))?;
        let (sender, datagram) = line.pop_front()?;
        self.count -= 1;
        if let Some(has) = self.of_sender.get_mut(&sender) {
            *has -= 1;
            if *has == 0 {
                self.of_sender.remove(&sender);
            }
        }
        Some(datagram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: ShardId = ShardId(1);

    #[test]
    fn a_sender_has_so_many_places_and_no_more() {
        for most in 1..4 {
            let mut lines = Lines::<()>::new(2, 100, most, 7);
            for place in 1..=4 {
                let taken = lines.join(HOME, 5, ());
                assert_eq!(taken, place <= most, "{place} of {most}");
            }
            assert!(lines.join(HOME, 6, ()), "another has its own");
            assert!(lines.next(HOME).is_some());
            assert!(lines.join(HOME, 5, ()), "who went on makes room");
        }
    }

    #[test]
    fn all_lines_together_have_so_many_places() {
        for most in [0, 1, 3] {
            let mut lines = Lines::<()>::new(2, most, 100, 7);
            for place in 1..=4_u32 {
                let home = ShardId(place as u16 % 2);
                assert_eq!(lines.join(home, place.into(), ()), place <= most);
            }
            assert_eq!(lines.len(), most as usize);
            while lines.next(HOME).is_some() {}
            while lines.next(ShardId(0)).is_some() {}
            assert!(lines.len() == 0 && lines.is_free(HOME) && lines.of_sender.is_empty());
        }
    }
}
