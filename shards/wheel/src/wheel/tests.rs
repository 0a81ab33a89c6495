use super::*;
use crate::Rng;
use proptest::prelude::*;
use std::collections::BTreeMap;

const MS: u64 = 1_000_000;

/// Pops until nothing is due any more, however many calls the bounded work needs.
fn drain<K>(wheel: &mut Wheel<K>, now: Tick) -> Vec<K> {
    let mut fired = Vec::new();
    while wheel.deadline().is_some_and(|deadline| deadline <= now) {
        fired.extend(wheel.pop(now));
    }
    fired
}

#[test]
fn fires_in_order_of_deadline_then_insertion_and_never_early() {
    let mut wheel = Wheel::default();
    for (at, key) in [(9, 'c'), (5, 'a'), (9, 'd'), (5, 'b'), (400_000, 'e')] {
        wheel.insert(Tick(at * MS), key);
    }
    assert_eq!(wheel.deadline(), Some(Tick(5 * MS)));
    assert_eq!(wheel.pop(Tick(5 * MS - 1)), None);
    assert_eq!(drain(&mut wheel, Tick(20 * MS)), ['a', 'b', 'c', 'd']);
    assert_eq!(
        wheel.deadline(),
        Some(Tick(400_000 * MS)),
        "a lone timer is slept through to"
    );
    assert_eq!(wheel.pop(Tick(400_000 * MS - 1)), None);
    assert_eq!(drain(&mut wheel, Tick(400_000 * MS)), ['e']);
    assert_eq!(wheel.deadline(), None);
}

#[test]
fn deadlines_round_up_to_the_granularity() {
    let mut wheel = Wheel::default();
    wheel.insert(Tick(MS + 1), ());
    assert_eq!(wheel.deadline(), Some(Tick(2 * MS)));
    assert_eq!(wheel.pop(Tick(2 * MS - 1)), None);
    assert_eq!(wheel.pop(Tick(2 * MS)), Some(()));
}

#[test]
fn cancelled_and_fired_timers_are_stale_even_when_their_place_is_reused() {
    let mut wheel = Wheel::default();
    let first = wheel.insert(Tick(MS), 1);
    assert_eq!(wheel.cancel(first), Some(1));
    assert_eq!(wheel.cancel(first), None);
    let second = wheel.insert(Tick(MS), 2);
    assert_eq!(second.index, first.index);
    assert!(wheel.cancel(first).is_none() && wheel.get(first).is_none());
    assert!(!wheel.reschedule(first, Tick(5)));
    assert_eq!(wheel.pop(Tick(MS)), Some(2));
    assert_eq!(wheel.cancel(second), None);
    assert!(wheel.is_empty());
}

#[test]
fn rescheduling_keeps_the_name_and_loses_the_place_in_the_queue() {
    let mut wheel = Wheel::default();
    let first = wheel.insert(Tick(MS), 'a');
    wheel.insert(Tick(MS), 'b');
    assert!(wheel.reschedule(first, Tick(MS)));
    assert_eq!(wheel.get(first), Some(&'a'));
    assert_eq!(drain(&mut wheel, Tick(MS)), ['b', 'a']);
}

#[test]
fn the_end_of_time_never_comes() {
    let mut wheel = Wheel::default();
    let id = wheel.insert(Tick::MAX, 'z');
    wheel.insert(Tick(7), 'a');
    assert_eq!(drain(&mut wheel, Tick(u64::MAX / 2)), ['a']);
    assert_eq!(wheel.deadline(), Some(Tick::MAX));
    assert_eq!(wheel.cancel(id), Some('z'));

    let mut exact = Wheel::new(Duration::from_nanos(1));
    exact.insert(Tick::MAX, 'z');
    assert_eq!(exact.pop(Tick(u64::MAX - 1)), None);
    assert_eq!(drain(&mut exact, Tick::MAX), ['z']);
}

#[test]
fn a_deadline_behind_the_hand_fires_at_once() {
    let mut wheel = Wheel::default();
    assert_eq!(wheel.pop(Tick(100 * MS)), None);
    wheel.insert(Tick(3 * MS), ());
    assert_eq!(wheel.deadline(), Some(Tick(100 * MS)));
    assert_eq!(wheel.pop(Tick(100 * MS)), Some(()));
}

#[test]
fn an_entry_costs_at_most_32_bytes_beside_its_key() {
    assert!(size_of::<Entry<u32>>() <= 32 + size_of::<u32>());
    assert!(size_of::<Entry<u64>>() <= 32 + size_of::<u64>());
    assert!(size_of::<Entry<(u64, u64)>>() <= 32 + size_of::<(u64, u64)>());
    assert_eq!(size_of::<Option<TimerId>>(), 8);
}

/// A million deadlines in the same second, far enough away to sit on an upper level: what any one call does
/// is bounded, and all calls together move a timer at most once per level.
#[test]
fn a_storm_of_a_million_is_fired_in_bounded_steps() {
    const STORM: u64 = 1_000_000;
    let mut wheel = Wheel::with_capacity(Duration::from_millis(1), STORM as usize);
    let mut rng = Rng::new(1);
    for key in 0..STORM {
        wheel.insert(Tick(3_600_000 * MS + rng.below(1_000) * MS), key);
    }
    let now = Tick(3_602_000 * MS);
    let (mut fired, mut calls, mut moves) = (0, 0_u64, wheel.moves());
    while wheel.deadline().is_some_and(|deadline| deadline <= now) {
        fired += u64::from(wheel.pop(now).is_some());
        calls += 1;
        assert!(wheel.moves() - moves <= u64::from(WORK_PER_POP_MAX));
        moves = wheel.moves();
    }
    assert_eq!((fired, wheel.len()), (STORM, 0));
    let levels = (wheel.slots.len() / SLOTS) as u64;
    assert!(moves <= STORM * levels, "{moves} moves");
    assert!(
        calls <= STORM + STORM * levels / u64::from(WORK_PER_POP_MAX) + levels,
        "{calls} calls"
    );
}

#[test]
fn a_steady_population_moves_each_timer_about_once_per_level() {
    // 10,000 connections, each with a 60 s deadline that is pushed back before it fires.
    let mut wheel = Wheel::default();
    let mut rng = Rng::new(2);
    let ids: Vec<TimerId> = (0..10_000)
        .map(|key| wheel.insert(Tick(60_000 * MS), key))
        .collect();
    for second in 1..600 {
        let now = Tick(second * 1_000 * MS);
        while wheel.deadline().is_some_and(|deadline| deadline <= now) {
            assert_eq!(wheel.pop(now), None, "every timer is pushed back in time");
        }
        for &id in &ids {
            if second % 30 == rng.below(5) {
                wheel.reschedule(id, now + Duration::from_secs(60));
            }
        }
        if second % 30 == 5 {
            ids.iter()
                .for_each(|&id| assert!(wheel.reschedule(id, now + Duration::from_secs(60))));
        }
    }
    assert!(wheel.moves() < 10_000 * 600 / 5, "{} moves", wheel.moves());
}

#[derive(Clone, Debug)]
enum Op {
    Insert(u64),
    Cancel(prop::sample::Index),
    Reschedule(prop::sample::Index, u64),
    Advance(u64),
    Pop(u8),
}

/// Distances on every level: mostly near, sometimes anywhere.
fn distance() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..300_u64, 3 => 0..50_000_u64, 2 => 0..1_u64 << 40, 1 => any::<u64>()]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => distance().prop_map(Op::Insert),
        1 => any::<prop::sample::Index>().prop_map(Op::Cancel),
        1 => (any::<prop::sample::Index>(), distance()).prop_map(|(which, at)| Op::Reschedule(which, at)),
        2 => prop_oneof![0..200_u64, 0..60_000_u64, 0..1_u64 << 41].prop_map(Op::Advance),
        3 => any::<u8>().prop_map(Op::Pop),
    ]
}

/// The wheel's promise, written as a sorted map from (granule, order of setting) to the key.
#[derive(Default)]
struct Model {
    timers: BTreeMap<(u64, u64), u64>,
    ids: Vec<(TimerId, u64)>,
    set: u64,
}

impl Model {
    fn insert(&mut self, granule: u64, key: u64) {
        self.set += 1;
        self.timers.insert((granule, self.set), key);
    }

    fn remove(&mut self, key: u64) -> bool {
        let before = self.timers.len();
        self.timers.retain(|_, k| *k != key);
        before != self.timers.len()
    }
}

fn run_against_the_model(granularity: u64, ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut wheel = Wheel::new(Duration::from_nanos(granularity));
    let (mut model, mut now) = (Model::default(), 0_u64);
    for (step, op) in ops.into_iter().enumerate() {
        let key = step as u64;
        match op {
            Op::Insert(distance) => {
                let at = Tick(now.saturating_add(distance));
                model.insert(wheel.granule_of(at), key);
                model.ids.push((wheel.insert(at, key), key));
            }
            Op::Cancel(which) if !model.ids.is_empty() => {
                let (id, key) = model.ids[which.index(model.ids.len())];
                prop_assert_eq!(wheel.cancel(id).is_some(), model.remove(key));
            }
            Op::Reschedule(which, distance) if !model.ids.is_empty() => {
                let (id, key) = model.ids[which.index(model.ids.len())];
                let at = Tick(now.saturating_sub(100).saturating_add(distance));
                let live = model.remove(key);
                if live {
                    model.insert(wheel.granule_of(at), key);
                }
                prop_assert_eq!(wheel.reschedule(id, at), live);
            }
            Op::Advance(distance) => now = now.saturating_add(distance),
            Op::Pop(times) => {
                for _ in 0..times {
                    let due = model.timers.first_key_value().map(|(&at, _)| at);
                    let fired = wheel.pop(Tick(now));
                    match due.filter(|(granule, _)| *granule <= now / granularity) {
                        Some(at) => prop_assert_eq!(fired, model.timers.remove(&at)),
                        None => prop_assert_eq!(fired, None),
                    }
                }
            }
            Op::Cancel(_) | Op::Reschedule(..) => {}
        }
        prop_assert_eq!(wheel.len(), model.timers.len());
        let earliest = model
            .timers
            .first_key_value()
            .map(|((granule, _), _)| wheel.tick_of(*granule));
        prop_assert_eq!(wheel.deadline().is_some(), earliest.is_some());
        prop_assert!(
            wheel.deadline() <= earliest,
            "{:?} after {:?}",
            wheel.deadline(),
            earliest
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn behaves_like_a_sorted_map(
        granularity in prop_oneof![Just(1_u64), Just(7), Just(100), Just(MS)],
        ops in proptest::collection::vec(op(), 0..200),
    ) {
        run_against_the_model(granularity, ops)?;
    }

    /// As above with slots so full that dealing them out takes many calls, and timers set meanwhile.
    #[test]
    fn a_crowded_slot_keeps_the_order(
        seed: u64,
        crowd in 300..1_500_usize,
        pops in 1..40_usize,
    ) {
        let mut wheel = Wheel::new(Duration::from_nanos(1));
        let (mut rng, mut model) = (Rng::new(seed), BTreeMap::new());
        for key in 0..crowd {
            let at = 10_000 + rng.below(70);
            wheel.insert(Tick(at), key);
            model.insert((at, key), ());
        }
        let (now, mut key, mut fired) = (Tick(20_000), crowd, Vec::new());
        let mut last = (0, 0);
        while wheel.deadline().is_some_and(|deadline| deadline <= now) {
            for _ in 0..pops {
                fired.extend(wheel.pop(now));
            }
            if rng.chance(1, 3) && key < 2 * crowd {
                let at = 10_000 + rng.below(70);
                model.insert((wheel.granule_of(Tick(at)), key), ());
                wheel.insert(Tick(at), key);
                key += 1;
            }
            for key in fired.drain(..) {
                let at = *model.keys().find(|(_, k)| *k == key).expect("fired once and only if set");
                prop_assert!(last < at, "{at:?} fired after {last:?}");
                model.remove(&at);
                last = at;
            }
        }
        prop_assert!(model.is_empty());
    }
}
