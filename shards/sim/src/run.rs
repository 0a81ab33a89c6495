//! One whole simulation from one seed: chaos, then healing, then draining.

use crate::plan::Plan;
use crate::sights::{Sight, Sights};
use crate::world::World;
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_wheel::Rng;
use std::time::Duration;

/// What came of one simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Everything that happened, folded: equal for equal seeds.
    pub trace: u64,
    /// What was seen.
    pub sights: Sights,
    /// What the machines said to the operator.
    pub notes: Vec<String>,
    /// Figures that are not 0, over all shards.
    pub figures: Vec<(String, u64)>,
    /// What must not be and was, the first few.
    pub faults: Vec<String>,
    /// The step at which the first of them was there; the number of steps if it was later.
    pub step: u32,
}

/// Faults that a report names.
const FAULTS_MAX: usize = 8;

/// Runs the world of `seed` for `steps` steps of chaos, heals it, drains it, and checks it all along.
#[must_use]
pub fn run(seed: u64, steps: u32) -> Report {
    run_watching(seed, steps, None)
}

/// As [`run`], with the story of one client in the notes.
#[must_use]
pub fn run_watching(seed: u64, steps: u32, client: Option<usize>) -> Report {
    let mut rng = Rng::new(seed);
    let plan = Plan::drawn(&mut rng);
    let mut world = World::new(plan, rng.fork());
    world.watched = client;
    populate(&mut world);
    world.chaotic = true;
    let mut step = 0;
    while step < steps && world.faults().is_empty() {
        world.step();
        step += 1;
    }
    if world.faults().is_empty() {
        world.heal();
        world.settle(Duration::from_secs(12));
        world.finish_messages();
        world.settle(Duration::from_secs(12));
        world.check_healed();
    }
    if world.faults().is_empty() {
        world.drain(Duration::from_secs(20));
    }
    look(&mut world);
    let mut faults = world.faults();
    faults.truncate(FAULTS_MAX);
    Report {
        seed,
        trace: world.trace(),
        sights: world.sights.clone(),
        notes: world.notes.iter().map(|(_, text)| text.clone()).collect(),
        figures: figures(&world),
        faults,
        step,
    }
}

/// All figures that are not 0.
fn figures(world: &World) -> Vec<(String, u64)> {
    let series = Metric::FAMILIES
        .iter()
        .flat_map(|family| family.series.iter().map(move |series| (family, series)));
    let named = series.map(|(family, series)| {
        (
            format!("{} {:?}", family.name, series.labels),
            world.metric(series.metric),
        )
    });
    named.filter(|(_, value)| *value > 0).collect()
}

/// The backends of a drawn world.
fn populate(world: &mut World) {
    for spec in 0..world.plan.config.links.len() {
        for nth in 0..world.plan.backends {
            let index = world.add_backend(spec, &format!("node-{nth}"));
            let (numerator, denominator) = world.plan.numbered;
            let numbered = world.rng.chance(numerator, denominator);
            world.backends[index].plan.numbered &= numbered;
        }
    }
}

/// What the figures say was seen.
fn look(world: &mut World) {
    let figures = [
        (Sight::QuotaSpent, world.metric(Metric::MeshCreditStarved)),
        (Sight::NoBackend, world.metric(Metric::RefusedNoLink)),
        (
            Sight::ClientLate,
            world.metric(Metric::ClosedSlowReader) + world.metric(Metric::ClosedDeadline),
        ),
        (
            Sight::CreditSpent,
            world.link_metric(0, LinkMetric::CreditStarved),
        ),
        (Sight::Replayed, world.link_metric(0, LinkMetric::Replayed)),
    ];
    for (sight, count) in figures {
        if count > 0 {
            world.sights.see(sight);
        }
    }
}
