//! One slow client on a link does not hold up the others on it, neither way.

use crate::stage::{RAW, closed, finish, ms, with_plan};
use megaphone_core::LaneBudget;
use megaphone_sim::Plan;

#[test]
fn the_others_on_its_link_go_on() {
    let mut plan = Plan::calm(2);
    plan.config.lanes = LaneBudget::uniform(1);
    let (mut world, backend) = with_plan(plan);
    let slow = world.connect(1, RAW);
    world.clients[slow].reads = false;
    let quick = world.connect(1, RAW);
    world.settle(ms(10));
    let connections: Vec<u64> = world.backends[backend]
        .conversations
        .keys()
        .copied()
        .collect();
    for _ in 0..40 {
        for &connection in &connections {
            world.backend_writes(backend, connection, 4_000, true);
        }
        world.settle(ms(10));
    }
    assert_eq!(world.clients[slow].got, 0);
    assert_eq!(world.clients[quick].got, 160_000);
    world.write(quick, 50_000);
    world.settle(ms(100));
    assert_eq!(world.clients[quick].arrived, 50_000);
    world.settle(ms(31_000));
    closed(&mut world, slow);
    finish(world);
}
