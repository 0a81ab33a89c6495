//! An accept that fails (EMFILE) is the driver's to retry; the shard goes on.

use crate::stage::{RAW_ECHO, finish, ms, world};
use megaphone_core::{ListenerId, SocketFault};
use megaphone_sim::Plan;

#[test]
fn the_shard_goes_on() {
    let mut world = world(Plan::calm(1));
    let client = world.connect(0, RAW_ECHO);
    world.accept_fails(0, ListenerId(0), SocketFault::Descriptors);
    world.write(client, 100);
    world.settle(ms(10));
    assert_eq!(world.clients[client].got, 100);
    finish(world);
}
