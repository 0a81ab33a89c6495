//! A client waits for its turn on the link: with a short frame it stays read, with more it is not, and either way nothing is lost.

use crate::stage::{RAW, counted, finish, home, ms, with_plan};
use megaphone_core::LaneBudget;
use megaphone_metrics::Metric;
use megaphone_pool::Class;
use megaphone_sim::Plan;

#[test]
fn who_waits_with_little_stays_read() {
    let mut plan = Plan::calm(2);
    plan.config.lanes = LaneBudget::uniform(1);
    // A packet keeps its credit until it is sent, however short it is.
    plan.config.limits.link_outgoing_bytes_max = 1;
    let (mut world, backend) = with_plan(plan);
    let away = 1 - home(&world, "node");
    let first = world.connect(away, RAW);
    let little = world.connect(away, RAW);
    let much = world.connect(away, RAW);
    world.settle(ms(10));
    // The backend reads nothing: the link's socket fills, and the only credit stays away.
    world.backends[backend].reads = false;
    world.write(first, 30_000);
    world.settle(ms(10));
    assert!(
        !world.is_read(first),
        "it waits with all that it had to say"
    );
    let waiting = world.pool(away).counts(Class::Receive).leased;

    world.write(little, 60);
    world.write(much, 600);
    world.settle(ms(10));
    assert!(world.is_read(little) && !world.is_read(much));
    let leased = world.pool(away).counts(Class::Receive).leased;
    assert_eq!(leased, waiting + 1, "little is in a small block");

    world.write(little, 60);
    world.settle(ms(10));
    assert!(!world.is_read(little), "it said more before its turn came");

    world.backends[backend].reads = true;
    world.settle(ms(100));
    for client in [first, little, much] {
        assert!(world.is_read(client));
        let client = &world.clients[client];
        assert_eq!((client.arrived, client.end), (client.written, None));
    }
    counted(&world, Metric::OverloadHoldClients, 0);
    finish(world);
}
