//! A site restarts: all of its gateways connect and speak at once. None of them, and none that was there before, is shed for it.

use crate::stage::{TCP, address, answered, counted, finish, ms, notify, plan, register};
use megaphone_core::{LaneBudget, SourceCheck};
use megaphone_metrics::Metric;
use megaphone_pool::Class;
use megaphone_sim::{Action, World};
use megaphone_wheel::Rng;

const STORM: usize = 600;
const ESTABLISHED: usize = 8;
const STEPS: u32 = 20_000;

/// How many of those that connect at once are heard within a second.
pub(crate) fn newcomers_per_second() {
    const LIMIT: usize = 5;
    for (amount, heard) in [(LIMIT - 1, LIMIT - 1), (LIMIT, LIMIT), (LIMIT + 1, LIMIT)] {
        let (mut plan, _) = plan(1, SourceCheck::Address);
        plan.config.limits.newcomers_per_second = LIMIT as u32;
        let mut world = World::new(plan, Rng::new(1));
        let gateways: Vec<_> = (0..amount)
            .map(|number| {
                let from = address(&format!("10.0.0.{}:5000", number + 1));
                let gateway = world.connect_gateway(0, TCP, from);
                world.write_message(gateway, &register(&format!("gw{number}"), 1));
                gateway
            })
            .collect();
        world.settle(ms(980));
        counted(&mut world, Metric::H248Associations, heard as u64);
        counted(&mut world, Metric::H248Newcomers, (amount - heard) as u64);
        counted(&mut world, Metric::H248NewcomersHeld, amount as u64 - 1);
        // The others are heard after it.
        world.settle(ms(100));
        for gateway in gateways {
            answered(&mut world, gateway, 1);
        }
        finish(world);
    }
}

#[test]
fn more_gateways_than_blocks_connect_and_speak_at_once() {
    let (mut plan, _) = plan(2, SourceCheck::Address);
    plan.pool = plan
        .pool
        .with(Class::Parking, 256, 128)
        .with(Class::Receive, 2_048, 128);
    plan.config.lanes = LaneBudget::uniform(1);
    // It is the crowd that waits for credit that makes others wait.
    plan.config.limits.newcomers_per_second = 1_000_000;
    plan.actions = vec![(Action::Kernel, 400), (Action::Clock, 4), (Action::Mesh, 1)];
    let mut world = World::new(plan, Rng::new(1));
    let connect = |world: &mut World, number: usize| {
        let from = address(&format!("10.0.{}.{}:5000", number / 250, number % 250 + 1));
        world.connect_gateway(number % 2, TCP, from)
    };
    let established: Vec<_> = (0..ESTABLISHED)
        .map(|number| {
            let gateway = connect(&mut world, number);
            world.write_message(gateway, &register(&format!("kept{number}"), 1));
            world.settle(ms(50));
            answered(&mut world, gateway, 1);
            gateway
        })
        .collect();
    let storm: Vec<_> = (0..STORM)
        .map(|number| {
            let gateway = connect(&mut world, ESTABLISHED + number);
            world.write_message(gateway, &register(&format!("storm{number}"), 1));
            gateway
        })
        .collect();
    for (number, &gateway) in established.iter().enumerate() {
        world.write_message(gateway, &notify(&format!("kept{number}"), 2, 0));
    }
    // The kernel hands over far more than the mesh carries.
    for _ in 0..STEPS {
        world.step();
        let level = |shard| world.gauges(shard).overload_level;
        assert_eq!((level(0), level(1)), (0, 0), "blocks ran short");
    }
    world.settle(ms(10_000));
    for gateway in storm {
        answered(&mut world, gateway, 1);
    }
    for gateway in established {
        answered(&mut world, gateway, 2);
    }
    counted(&mut world, Metric::OverloadShedSession, 0);
    world.publish();
    assert!(
        world.metric(Metric::H248NewcomersHeld) > 0,
        "none had to wait"
    );
    finish(world);
}
