//! A backend that rejects a client: the client gets its words, and the id is retired without a CLOSE.

use crate::stage::{RAW, closed, counted, finish, ms, with_backend};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_sim::{ClientEnd, Reply};

#[test]
fn the_client_gets_the_backends_words() {
    let (mut world, backend) = with_backend(2);
    world.backends[backend].plan.reply = Reply::Reject;
    let client = world.connect(1, RAW);
    world.settle(ms(10));
    assert_eq!(world.clients[client].refusal, b"not today\n");
    assert_eq!(world.clients[client].end, Some(ClientEnd::Closed));
    closed(&mut world, client);
    counted(&world, Metric::ClosedRejected, 1);
    assert_eq!(world.link_metric(0, LinkMetric::OpensRejected), 1);
    finish(world);
}
