//! What all shards of the generator share: which users are there, by which names, and which messages have arrived. A few bytes
//! per user, in atomics, since a sender and its receiver may be on different shards.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a name that a server may give to an anonymous user.
const NAME_BYTES_MAX: usize = 31;
const WORDS: usize = 4;

/// A set of numbers below a bound.
#[derive(Debug)]
pub struct Bits(Box<[AtomicU64]>);

impl Bits {
    /// An empty set of numbers below `bound`.
    #[must_use]
    pub fn new(bound: u64) -> Bits {
        let words = usize::try_from(bound.div_ceil(64)).unwrap_or(usize::MAX);
        Bits((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    /// Adds a number; false if it was there, or cannot be.
    pub fn insert(&self, number: u64) -> bool {
        let bit = 1 << (number % 64);
        usize::try_from(number / 64)
            .ok()
            .and_then(|at| self.0.get(at))
            .is_some_and(|word| word.fetch_or(bit, Ordering::AcqRel) & bit == 0)
    }

    /// Takes a number out.
    pub fn remove(&self, number: u64) {
        if let Some(word) = usize::try_from(number / 64)
            .ok()
            .and_then(|at| self.0.get(at))
        {
            word.fetch_and(!(1 << (number % 64)), Ordering::AcqRel);
        }
    }

    /// Whether a number is there.
    #[must_use]
    pub fn has(&self, number: u64) -> bool {
        usize::try_from(number / 64)
            .ok()
            .and_then(|at| self.0.get(at))
            .is_some_and(|word| word.load(Ordering::Acquire) >> (number % 64) & 1 == 1)
    }
}

/// All users of a run.
#[derive(Debug)]
pub struct Users {
    prefix: String,
    first: u64,
    present: Bits,
    /// Names that the server chose; none if ours are used.
    given: Box<[[AtomicU64; WORDS]]>,
}

impl Users {
    /// `count` users called `prefix` and a number from `first` on, or as the server calls them if `anonymous`.
    #[must_use]
    pub fn new(prefix: &str, first: u64, count: u32, anonymous: bool) -> Users {
        let given = if anonymous { count } else { 0 };
        Users {
            prefix: prefix.to_owned(),
            first,
            present: Bits::new(u64::from(count)),
            given: (0..given).map(|_| Default::default()).collect(),
        }
    }

    /// The name of user `number`; empty for one that the server has not named.
    #[must_use]
    pub fn name(&self, number: u32) -> String {
        if self.given.is_empty() {
            return format!("{}{}", self.prefix, self.first + u64::from(number));
        }
        let Some(words) = self.given.get(number as usize) else {
            return String::new();
        };
        let mut bytes = [0; WORDS * 8];
        for (part, word) in bytes.chunks_exact_mut(8).zip(words) {
            part.copy_from_slice(&word.load(Ordering::Relaxed).to_be_bytes());
        }
        let len = usize::from(bytes[0]).min(NAME_BYTES_MAX);
        String::from_utf8_lossy(&bytes[1..=len]).into_owned()
    }

    /// The server calls user `number` so; false if the name is too long to be kept.
    pub fn give_name(&self, number: u32, name: &str) -> bool {
        let Some(words) = self.given.get(number as usize) else {
            return self.name(number) == name;
        };
        if name.len() > NAME_BYTES_MAX {
            return false;
        }
        let mut bytes = [0; WORDS * 8];
        bytes[0] = name.len() as u8;
        bytes[1..=name.len()].copy_from_slice(name.as_bytes());
        for (part, word) in bytes.chunks_exact(8).zip(words) {
            let part: [u8; 8] = part.try_into().expect("chunks of eight");
            word.store(u64::from_be_bytes(part), Ordering::Relaxed);
        }
        true
    }

    /// User `number` is logged in: its name may be read from now on.
    pub fn arrive(&self, number: u32) {
        self.present.insert(u64::from(number));
    }

    /// User `number` is gone.
    pub fn leave(&self, number: u32) {
        self.present.remove(u64::from(number));
    }

    /// Whether user `number` is logged in.
    #[must_use]
    pub fn is_present(&self, number: u32) -> bool {
        self.present.has(u64::from(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_says_what_is_new() {
        let bits = Bits::new(65);
        assert!(bits.insert(64) && !bits.insert(64) && bits.has(64) && !bits.has(63));
        assert!(!bits.insert(128), "beyond the bound");
        bits.remove(64);
        assert!(!bits.has(64) && bits.insert(64));
    }

    #[test]
    fn names_are_ours_or_the_servers() {
        let named = Users::new("user", 100, 3, false);
        assert_eq!(named.name(2), "user102");
        assert!(named.give_name(2, "user102") && !named.give_name(2, "other"));
        let anonymous = Users::new("user", 0, 2, true);
        for (len, fits) in [(30, true), (31, true), (32, false)] {
            let name = "7".repeat(len);
            assert_eq!(anonymous.give_name(1, &name), fits);
            assert_eq!(anonymous.name(1) == name, fits);
        }
        assert_eq!(anonymous.name(0), "");
        anonymous.arrive(1);
        assert!(anonymous.is_present(1) && !anonymous.is_present(0));
        anonymous.leave(1);
        assert!(!anonymous.is_present(1));
    }
}
