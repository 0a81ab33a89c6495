//! What one timer costs: set and cancelled (the usual fate of a deadline), and set and fired.
use criterion::{Criterion, criterion_group, criterion_main};
use megaphone_wheel::{Rng, Tick, TimerId, Wheel};
use std::hint::black_box;
use std::time::Duration;

/// Timers that wait beside the measured one.
const POPULATION: u64 = 100_000;

fn populated() -> (Wheel<u64>, Rng, Vec<TimerId>) {
    let mut rng = Rng::new(1);
    let mut wheel = Wheel::with_capacity(Duration::from_millis(1), POPULATION as usize + 1);
    let ids = (0..POPULATION)
        .map(|key| wheel.insert(Tick(rng.below(60_000_000_000)), key))
        .collect();
    (wheel, rng, ids)
}

fn set_and_cancel(criterion: &mut Criterion) {
    let (mut wheel, mut rng, _) = populated();
    criterion.bench_function("set and cancel", |bencher| {
        bencher.iter(|| {
            let id = wheel.insert(Tick(rng.below(60_000_000_000)), 0);
            black_box(wheel.cancel(id))
        });
    });
}

fn push_back(criterion: &mut Criterion) {
    let (mut wheel, mut rng, ids) = populated();
    criterion.bench_function("push back", |bencher| {
        bencher.iter(|| {
            let id = ids[rng.below(POPULATION) as usize];
            black_box(wheel.reschedule(id, Tick(rng.below(60_000_000_000))))
        });
    });
}

fn set_and_fire(criterion: &mut Criterion) {
    let (mut wheel, mut rng, _) = populated();
    let mut now = Tick(0);
    criterion.bench_function("set and fire", |bencher| {
        bencher.iter(|| {
            now += Duration::from_nanos(600_000);
            wheel.insert(now + Duration::from_nanos(rng.below(60_000_000_000)), 0);
            black_box(wheel.pop(now))
        });
    });
}

criterion_group!(benches, set_and_cancel, push_back, set_and_fire);
criterion_main!(benches);
