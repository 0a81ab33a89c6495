//! A backend that does not answer OPEN: its client is told after ten seconds, and the backend gets our CLOSE.

use crate::stage::{RAW, closed, counted, finish, ms, with_backend};
use megaphone_metrics::Metric;
use megaphone_sim::Reply;

#[test]
fn the_client_is_told_after_the_deadline() {
    let (mut world, backend) = with_backend(2);
    world.backends[backend].plan.reply = Reply::Silence;
    let client = world.connect(1, RAW);
    world.clients[client].excused = true;
    world.settle(ms(9_900));
    assert!(
        world.clients[client].end.is_none() && world.backends[backend].conversations.len() == 1
    );
    world.settle(ms(200));
    assert_eq!(world.clients[client].refusal, b"a deadline passed\n");
    closed(&mut world, client);
    counted(&world, Metric::ClosedDeadline, 1);
    assert!(
        world.backends[backend].conversations.is_empty(),
        "it got our CLOSE"
    );
    finish(world);
}
