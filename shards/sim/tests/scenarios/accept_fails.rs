//! An accept that fails (EMFILE, memory) is the driver's to count and to retry: the shard changes nothing and goes on.

use crate::stage::{RAW_ECHO, finish, ms, world};
use megaphone_core::{ListenerId, SocketFault};
use megaphone_sim::Plan;

#[test]
fn the_shard_changes_nothing_and_goes_on() {
    let mut world = world(Plan::calm(1));
    let early = world.connect(0, RAW_ECHO);
    world.write(early, 100);
    let listeners = world.plan.config.listeners.len() + world.plan.config.links.len();
    let before = world.gauges(0);
    // Of every listener, of links' too, and of one that is not there.
    for listener in 0..=listeners {
        for fault in [
            SocketFault::Descriptors,
            SocketFault::Memory,
            SocketFault::Other(71),
        ] {
            world.accept_fails(0, ListenerId(listener as u16), fault);
        }
    }
    assert_eq!(
        world.gauges(0),
        before,
        "no session, greeting or timer came of it"
    );
    assert_eq!(world.open_sockets(0), 1, "and no socket was closed for it");
    world.settle(ms(10));
    assert_eq!(world.clients[early].got, 100);
    // The descriptors are there again: the same listener takes clients.
    let late = world.connect(0, RAW_ECHO);
    world.write(late, 100);
    world.settle(ms(10));
    assert_eq!(world.clients[late].got, 100);
    finish(world);
}
