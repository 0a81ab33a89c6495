//! A gateway's socket and its association's home are on different shards as the normal case.

use crate::stage::{TCP, address, answered, ask, counted, executions, finish, ms, notify, world};
use megaphone_core::{Command, SourceCheck};
use megaphone_metrics::Metric;

#[test]
fn messages_of_gateways_on_any_shard_reach_their_homes_and_are_answered() {
    let (mut world, executed) = world(4, SourceCheck::Address);
    let gateways: Vec<usize> = (0..32)
        .map(|number| world.connect_gateway(number % 4, TCP, address("10.0.0.1:5000")))
        .collect();
    for round in 1..=3 {
        for (number, &gateway) in gateways.iter().enumerate() {
            world.write_message(gateway, &notify(&format!("gw{number}"), round, 0));
        }
        world.settle(ms(10));
        for &gateway in &gateways {
            answered(&mut world, gateway, round);
        }
    }
    for number in 0..32 {
        assert_eq!(executions(&executed, &format!("gw{number}"), 2), 1);
    }
    let hops = world.metric(Metric::H248Hops);
    assert!(
        (48..=90).contains(&hops),
        "about three of four messages go to another shard: {hops} of 96"
    );
    assert_eq!(ask(&mut world, &Command::Associations).len(), 32);
    let line = &ask(&mut world, &Command::Association { mid: "GW7".into() })[0];
    assert!(line.starts_with("mid=gw7 transport=tcp"), "{line}");
    counted(&mut world, Metric::Bugs, 0);
    finish(world);
}

#[test]
fn messages_of_one_connection_stay_in_order() {
    let (mut world, _) = world(4, SourceCheck::Address);
    let gateway = world.connect_gateway(0, TCP, address("10.0.0.1:5000"));
    for transaction in 1..=200 {
        world.write_message(gateway, &notify("gw", transaction, 0));
    }
    world.settle(ms(50));
    let messages = world.messages(gateway);
    let ids = messages.iter().map(|it| crate::stage::replies_to(it));
    assert!(ids.eq((1..=200).map(Some)));
    finish(world);
}

#[test]
fn one_connection_may_carry_many_gateways() {
    let (mut world, executed) = world(4, SourceCheck::Address);
    let gateway = world.connect_gateway(1, TCP, address("10.0.0.1:5000"));
    for number in 0..50 {
        world.write_message(gateway, &notify(&format!("gw{number}"), 7, 0));
    }
    world.settle(ms(50));
    assert_eq!(world.messages(gateway).len(), 50);
    for number in 0..50 {
        assert_eq!(executions(&executed, &format!("gw{number}"), 7), 1);
    }
    finish(world);
}

#[test]
fn what_nobody_can_read_is_answered_where_it_came_in() {
    let (mut world, _) = world(4, SourceCheck::Address);
    let gateway = world.connect_gateway(2, TCP, address("10.0.0.1:5000"));
    world.write_message(gateway, b"GET / HTTP/1.1");
    world.settle(ms(10));
    let messages = world.messages(gateway);
    assert_eq!(messages.len(), 1);
    assert!(String::from_utf8_lossy(&messages[0]).contains("Error = 400"));
    counted(&mut world, Metric::H248SyntaxErrors, 1);
    finish(world);
}
