use super::*;
use proptest::prelude::*;

#[test]
fn the_first_values_have_a_bucket_each() {
    for value in 1..=16 {
        assert_eq!(index(value), value as usize - 1);
        assert_eq!(bound(index(value)), value);
    }
    assert_eq!((index(0), index(17), index(18), index(19)), (0, 16, 16, 17));
}

#[test]
fn the_last_bucket_takes_the_rest() {
    assert_eq!(index(1 << EXPONENT_MAX), BUCKETS - 2);
    assert_eq!(bound(BUCKETS - 2), 1 << EXPONENT_MAX);
    assert_eq!(index((1 << EXPONENT_MAX) + 1), BUCKETS - 1);
    assert_eq!(index(u64::MAX), BUCKETS - 1);
}

#[test]
fn quantiles_of_a_thousand_values() {
    let mut buckets = Buckets::new();
    assert_eq!(buckets.quantile(0.5), 0);
    (1..=1_000).for_each(|value| buckets.record(value));
    assert_eq!((buckets.count(), buckets.sum()), (1_000, 500_500));
    assert_eq!(
        (
            buckets.quantile(0.0),
            buckets.quantile(0.5),
            buckets.quantile(1.0)
        ),
        (1, 512, 1_024)
    );
    buckets.record(u64::MAX);
    assert_eq!(buckets.quantile(1.0), u64::MAX);
}

#[test]
fn count_to_counts_the_bound_itself() {
    let mut buckets = Buckets::new();
    for value in [1, 2, 3, 4, 5, 1_024, 1_025] {
        buckets.record(value);
    }
    assert_eq!(
        [0, 1, 2, 3, 10, 11, 60].map(|e| buckets.count_to(e)),
        [1, 2, 4, 5, 6, 7, 7]
    );
}

proptest! {
    #[test]
    fn a_value_lies_in_its_bucket(value in 1..=1_u64 << EXPONENT_MAX) {
        let at = index(value);
        prop_assert!(value <= bound(at));
        prop_assert!(at == 0 || value > bound(at - 1));
        prop_assert!(bound(at) - value <= value / 8, "more than an eighth above");
    }

    #[test]
    fn an_le_bucket_counts_exactly_what_is_not_above_it(values in proptest::collection::vec(any::<u64>(), 0..50), exponent in 0..=EXPONENT_MAX, shift in 0..60_u32) {
        let mut buckets = Buckets::new();
        values.iter().for_each(|value| buckets.record(value >> shift));
        let expected = values.iter().filter(|value| **value >> shift <= 1 << exponent).count() as u64;
        prop_assert_eq!(buckets.count_to(exponent), expected);
    }

    #[test]
    fn merging_is_recording_both(left in proptest::collection::vec(any::<u64>(), 0..20), right in proptest::collection::vec(any::<u64>(), 0..20)) {
        let (mut one, mut other, mut both) = (Buckets::new(), Buckets::new(), Buckets::new());
        left.iter().for_each(|value| { one.record(*value); both.record(*value) });
        right.iter().for_each(|value| { other.record(*value); both.record(*value) });
        one.merge(&other);
        prop_assert_eq!(one, both);
    }
}
