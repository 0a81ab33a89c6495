//! An association outlives its socket: whoever comes again finds its replies, by whatever way it comes.

use crate::stage::{
    TCP, UDP, address, answered, counted, executions, finish, ms, notify, replies_to, world,
};
use megaphone_core::SourceCheck;
use megaphone_metrics::Metric;

#[test]
fn a_gateway_on_a_new_socket_of_another_shard_gets_its_stored_reply() {
    let (mut world, executed) = world(3, SourceCheck::Address);
    let first = world.connect_gateway(0, TCP, address("10.0.0.1:5000"));
    world.write_message(first, &notify("gw", 1, 0));
    world.settle(ms(10));
    answered(&mut world, first, 1);
    world.break_client(first);
    world.settle(ms(10));
    for shard in [1, 2] {
        let again = world.connect_gateway(shard, TCP, address("10.0.0.1:5001"));
        world.write_message(again, &notify("gw", 1, 0));
        world.settle(ms(10));
        answered(&mut world, again, 1);
    }
    assert_eq!(executions(&executed, "gw", 1), 1, "it was executed once");
    counted(&mut world, Metric::H248Duplicates, 2);
    counted(&mut world, Metric::H248Moves, 2);
    finish(world);
}

#[test]
fn a_gateway_that_changes_to_datagrams_gets_its_stored_reply() {
    for from in ["10.0.0.1:2944", "[2001:db8::1]:2944"] {
        let (mut world, executed) = world(3, SourceCheck::Address);
        let tcp = world.connect_gateway(0, TCP, from.parse().expect("an address"));
        world.write_message(tcp, &notify("gw", 1, 0));
        world.settle(ms(10));
        answered(&mut world, tcp, 1);
        for shard in 0..3 {
            world.datagram(shard, UDP, address(from), &notify("gw", 1, 0));
            world.settle(ms(10));
            let sent = world.sent_datagrams();
            assert_eq!(sent.len(), 1, "from {from} by way of shard {shard}");
            assert_eq!(
                (sent[0].to, sent[0].listener, replies_to(&sent[0].bytes)),
                (address(from), UDP, Some(1))
            );
        }
        assert_eq!(executions(&executed, "gw", 1), 1);
        finish(world);
    }
}
