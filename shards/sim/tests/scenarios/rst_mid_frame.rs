//! A client whose socket breaks inside a frame: nothing leaks, and its backend is told that the client was lost.

use crate::stage::{CLASSIC_FIXED, counted, finish, ms, only, with_backend};
use megaphone_metrics::Metric;

#[test]
fn its_backend_gets_our_close() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, CLASSIC_FIXED);
    world.settle(ms(10));
    world.write(client, 100);
    world.write_bytes(client, b"0000001056|00000000000000001000|half a bo");
    world.settle(ms(10));
    world.break_client(client);
    world.settle(ms(10));
    let connection = only(&world, backend);
    assert!(world.backends[backend].conversations[&connection].appliance_closed);
    assert_eq!(world.gauges(1).sessions, 0, "the slot is free at once");
    counted(&world, Metric::ClosedByPeer, 1);
    // What the backend still says on it is for nobody.
    world.backend_writes(backend, connection, 100, true);
    world.settle(ms(10));
    assert_eq!(world.backends[backend].resets, 1);
    finish(world);
}
