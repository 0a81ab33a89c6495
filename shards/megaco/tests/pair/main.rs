//! Two engines over a network that loses, doubles, delays and reorders: at most once, eventual completion, nothing left behind.
//!
//! Every seed draws its own configuration (codec, timers, sender, profile) and its own network, and items change while traffic runs:
//! users' and connections'. After the storm the network heals, time runs until everything is quiet, and the books are checked.

#![allow(unreachable_pub, reason = "a test crate has no users")]

mod end;
mod world;

use world::World;

/// Seeds per test; four tests run side by side.
const SEEDS: u64 = 2500;
const STEPS: usize = 1000;

fn run(first: u64) {
    for seed in first..first + SEEDS {
        World::new(seed).run(STEPS);
    }
}

#[test]
fn seeds_from_0() {
    run(0);
}

#[test]
fn seeds_from_2500() {
    run(SEEDS);
}

#[test]
fn seeds_from_5000() {
    run(2 * SEEDS);
}

#[test]
fn seeds_from_7500() {
    run(3 * SEEDS);
}

#[test]
fn a_seed_decides_everything() {
    for seed in [1, 77, 4242] {
        let (mut one, mut two) = (World::new(seed), World::new(seed));
        one.run(STEPS);
        two.run(STEPS);
        assert_eq!(one.trace, two.trace);
    }
}

#[test]
fn the_storm_reaches_what_it_is_for() {
    let mut sum = world::Seen::default();
    for seed in 0..200 {
        let mut world = World::new(seed);
        world.run(STEPS);
        sum.add(&world);
    }
    assert!(
        sum.calls > 5_000 && sum.duplicates > 1_000 && sum.late_duplicates > 100,
        "{sum:?}"
    );
    assert!(
        sum.timeouts > 10 && sum.lost > 1_000 && sum.cancelled > 10 && sum.reconfigured > 1_000,
        "{sum:?}"
    );
}
