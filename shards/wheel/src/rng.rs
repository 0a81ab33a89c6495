//! A small seeded generator for simulation, jitter and sampling; not for secrets.

/// xoshiro256** (Blackman and Vigna, public domain), its state filled by splitmix64 from one seed.
///
/// The same seed yields the same numbers on every machine and in every release: a failing simulation is
/// replayed from its seed alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// A generator that `seed` decides completely; every seed is good, zero included.
    #[must_use]
    pub fn new(seed: u64) -> Rng {
        let mut mixer = seed;
        Rng {
            state: std::array::from_fn(|_| splitmix64(&mut mixer)),
        }
    }

    /// 64 uniform bits.
    pub fn next_u64(&mut self) -> u64 {
        let [s0, s1, s2, s3] = &mut self.state;
        let result = s1.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= shifted;
        *s3 = s3.rotate_left(45);
        result
    }

    /// 32 uniform bits (the upper half of [`Rng::next_u64`]).
    pub fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    /// A uniform number below `bound`, without modulo bias; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Lemire's method: the high word of a 128-bit product is the answer, and the few low words that
        // would make some answers likelier than others are drawn again.
        let rejected = bound.wrapping_neg().checked_rem(bound).unwrap_or(0);
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= rejected {
                return (product >> 64) as u64;
            }
        }
    }

    /// A uniform number of `first..=last`; `first` if the range is empty.
    pub fn range(&mut self, first: u64, last: u64) -> u64 {
        match last.saturating_sub(first).checked_add(1) {
            Some(count) => first + self.below(count),
            None => self.next_u64(),
        }
    }

    /// True `numerator` times out of `denominator`; never for 0 of anything, always from one upwards.
    pub fn chance(&mut self, numerator: u64, denominator: u64) -> bool {
        numerator > 0 && self.below(denominator) < numerator
    }

    /// A uniform element, `None` of an empty slice.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u64) as usize)
    }

    /// Puts `items` into a uniform random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end as u64 + 1) as usize);
        }
    }

    /// A generator of its own for a part of the world, so that draws there do not move draws here.
    #[must_use]
    pub fn fork(&mut self) -> Rng {
        Rng::new(self.next_u64())
    }
}

/// One step of splitmix64 (Steele, Lea and Flood; public domain reference).
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Rng, splitmix64};
    use proptest::prelude::*;

    #[test]
    fn splitmix64_matches_its_published_vector() {
        let mut state = 1_234_567;
        let drawn: Vec<u64> = (0..5).map(|_| splitmix64(&mut state)).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
    }

    #[test]
    fn xoshiro_matches_its_published_vector() {
        let mut rng = Rng {
            state: [1, 2, 3, 4],
        };
        let drawn: Vec<u64> = (0..6).map(|_| rng.next_u64()).collect();
        assert_eq!(
            drawn,
            [
                11_520,
                0,
                1_509_978_240,
                1_215_971_899_390_074_240,
                1_216_172_134_540_287_360,
                607_988_272_756_665_600,
            ]
        );
    }

    #[test]
    fn a_fork_leaves_the_parent_alone() {
        let (mut left, mut right) = (Rng::new(7), Rng::new(7));
        let mut child = left.fork();
        assert_eq!(child, right.fork());
        child.next_u64();
        assert_eq!(left, right);
    }

    #[test]
    fn the_full_range_and_the_empty_bound_are_fine() {
        let mut rng = Rng::new(0);
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.range(9, 3), 9);
        assert_ne!(rng.range(0, u64::MAX), rng.range(0, u64::MAX));
        assert!(!rng.chance(0, 0) && !rng.chance(0, 5) && rng.chance(5, 5));
        assert_eq!(rng.pick::<u8>(&[]), None);
    }

    #[test]
    fn below_is_close_to_uniform() {
        let mut rng = Rng::new(42);
        let mut seen = [0_u32; 6];
        for _ in 0..60_000 {
            seen[rng.below(6) as usize] += 1;
        }
        // Five standard deviations around 10,000; the seed is fixed, so this never flickers.
        assert!(
            seen.iter().all(|&count| (9_540..=10_460).contains(&count)),
            "{seen:?}"
        );
    }

    proptest! {
        #[test]
        fn below_and_range_stay_inside(seed: u64, bound in 1_u64.., first: u64, width: u64) {
            let mut rng = Rng::new(seed);
            prop_assert!(rng.below(bound) < bound);
            let last = first.saturating_add(width);
            prop_assert!((first..=last).contains(&rng.range(first, last)));
        }

        #[test]
        fn shuffle_is_a_permutation(seed: u64, mut items in proptest::collection::vec(any::<u8>(), 0..50)) {
            let mut sorted = items.clone();
            sorted.sort_unstable();
            Rng::new(seed).shuffle(&mut items);
            items.sort_unstable();
            prop_assert_eq!(items, sorted);
        }
    }
}
