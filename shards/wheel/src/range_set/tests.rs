use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn neighbours_merge_into_one_interval() {
    let mut set = RangeSet::<u32>::new();
    for value in [4, 1, 3, 2] {
        assert!(set.insert(value));
    }
    assert!(!set.insert(3));
    assert_eq!(format!("{set:?}"), "{1-4}");
    set.insert(7);
    assert_eq!(format!("{set:?}"), "{1-4, 7}");
    set.insert_range(5, 6);
    assert_eq!(set.intervals(), 1);
    assert_eq!((set.first(), set.last(), set.len()), (Some(1), Some(7), 7));
}

#[test]
fn the_whole_number_space_is_one_interval() {
    let mut set = RangeSet::<u32>::new();
    set.insert_range(1, u32::MAX);
    assert_eq!((set.intervals(), set.len()), (1, u128::from(u32::MAX)));
    set.insert(0);
    assert_eq!((set.intervals(), set.len()), (1, 1 << 32));
    assert!(set.remove(0) && set.remove(u32::MAX));
    assert_eq!(set.iter().collect::<Vec<_>>(), [(1, u32::MAX - 1)]);

    let all: RangeSet<u64> = [(0, u64::MAX)].into_iter().collect();
    assert_eq!(all.len(), 1 << 64);
}

#[test]
fn removing_the_middle_splits_and_the_ends_shrink() {
    let mut set: RangeSet<u64> = [(10, 20), (30, 40)].into_iter().collect();
    set.remove_range(15, 16);
    assert_eq!(format!("{set:?}"), "{10-14, 17-20, 30-40}");
    set.remove_range(12, 35);
    assert_eq!(format!("{set:?}"), "{10-11, 36-40}");
    set.remove_range(0, u64::MAX);
    assert!(set.is_empty());
}

#[test]
fn inverted_ranges_are_empty() {
    let mut set: RangeSet<u32> = [(5, 9)].into_iter().collect();
    set.insert_range(20, 10);
    set.remove_range(9, 5);
    assert_eq!(format!("{set:?}"), "{5-9}");
    assert!(!set.intersects(9, 5) && set.contains_range(9, 5));
}

#[test]
fn take_front_takes_intervals_and_no_more_than_there_are() {
    let mut set: RangeSet<u32> = [(1, 4), (6, 6), (8, 9)].into_iter().collect();
    assert_eq!(set.take_front(2).collect::<Vec<_>>(), [(1, 4), (6, 6)]);
    assert_eq!(set.take_front(5).collect::<Vec<_>>(), [(8, 9)]);
    assert_eq!(set.take_front(1).next(), None);
}

#[test]
fn a_long_run_of_numbers_in_order_never_holds_more_than_one_interval() {
    let mut set = RangeSet::<u64>::new();
    for value in 0..10_000 {
        set.insert(value);
        assert_eq!(set.intervals(), 1);
    }
}

/// What happens to the set and to its model.
#[derive(Clone, Debug)]
enum Op {
    Insert(u32),
    InsertRange(u32, u32),
    Remove(u32),
    RemoveRange(u32, u32),
    TakeFront(usize),
}

/// Numbers close together, at both ends of the number space.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![0..40_u32, u32::MAX - 40..=u32::MAX]
}

/// Short ranges, so that the model can afford every number; some inverted.
fn range() -> impl Strategy<Value = (u32, u32)> {
    (number(), -3..12_i32).prop_map(|(first, width)| (first, first.saturating_add_signed(width)))
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        number().prop_map(Op::Insert),
        range().prop_map(|(first, last)| Op::InsertRange(first, last)),
        number().prop_map(Op::Remove),
        range().prop_map(|(first, last)| Op::RemoveRange(first, last)),
        (0..4_usize).prop_map(Op::TakeFront),
    ]
}

proptest! {
    #[test]
    fn behaves_like_a_set_of_numbers(ops in proptest::collection::vec(op(), 0..60), probe in range()) {
        let (mut set, mut model) = (RangeSet::new(), BTreeSet::new());
        for op in ops {
            match op {
                Op::Insert(value) => prop_assert_eq!(set.insert(value), model.insert(value)),
                Op::InsertRange(first, last) => {
                    set.insert_range(first, last);
                    model.extend(first..=last);
                }
                Op::Remove(value) => prop_assert_eq!(set.remove(value), model.remove(&value)),
                Op::RemoveRange(first, last) => {
                    set.remove_range(first, last);
                    model.retain(|value| !(first..=last).contains(value));
                }
                Op::TakeFront(count) => {
                    for (first, last) in set.take_front(count) {
                        for value in first..=last {
                            prop_assert_eq!(model.pop_first(), Some(value));
                        }
                    }
                }
            }
            prop_assert_eq!(set.len(), model.len() as u128);
            prop_assert_eq!((set.first(), set.last()), (model.first().copied(), model.last().copied()));
            prop_assert!(set.iter().flat_map(|(first, last)| first..=last).eq(model.iter().copied()));
            let pairs: Vec<_> = set.iter().collect();
            prop_assert!(pairs.windows(2).all(|w| w[0].1 + 1 < w[1].0), "touching intervals: {:?}", set);
            let probed = model.range(probe.0..=probe.1.max(probe.0)).count() as u64;
            let inverted = probe.0 > probe.1;
            prop_assert_eq!(set.intersects(probe.0, probe.1), !inverted && probed > 0);
            let whole = inverted || probed == u64::from(probe.1 - probe.0) + 1;
            prop_assert_eq!(set.contains_range(probe.0, probe.1), whole);
        }
    }
}
