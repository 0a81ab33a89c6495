//! The simulator's seeds: chaos, healing, draining, and nothing may be lost, doubled, misrouted or left over.

use megaphone_sim::{Report, Sights, run};

/// Steps of chaos per seed.
const STEPS: u32 = 1_000;

fn good(seed: u64) -> Report {
    let report = run(seed, STEPS);
    assert!(
        report.faults.is_empty(),
        "{:#?}\nat step {} of {STEPS}\nREPLAY: cargo run -p megaphone-sim --example replay -- --seed {seed} --verbose",
        report.faults,
        report.step,
    );
    report
}

/// Runs seeds and says what was never seen in them.
fn seeds(seeds: std::ops::Range<u64>) -> Sights {
    let mut sights = Sights::default();
    for seed in seeds {
        sights.add(&good(seed).sights);
    }
    sights
}

#[test]
fn seeds_0_to_255_hold_and_meet_every_kind_of_fault() {
    let sights = seeds(0..256);
    assert!(
        sights.unseen().is_empty(),
        "never seen: {:?}",
        sights.unseen()
    );
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in [0, 1, 77, 255] {
        assert_eq!(good(seed), good(seed), "seed {seed}");
    }
    assert_ne!(good(2).trace, good(3).trace);
}
