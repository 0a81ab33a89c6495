//! A blocked association is not heard until it is unblocked; nothing of it is lost over TCP.

use crate::stage::{TCP, UDP, address, answered, ask, executions, finish, ms, notify, world};
use megaphone_core::{Command, SourceCheck};

fn reception(mid: &str, on: bool) -> Command {
    Command::Reception {
        mid: mid.into(),
        on,
    }
}

#[test]
fn what_a_blocked_gateway_sends_waits_in_its_socket() {
    // Enough names that some are at home with their socket and some are not.
    for mid in ["a", "b", "c", "d"] {
        let (mut world, executed) = world(2, SourceCheck::Address);
        let gateway = world.connect_gateway(0, TCP, address("10.0.0.1:5000"));
        world.write_message(gateway, &notify(mid, 1, 0));
        world.settle(ms(10));
        answered(&mut world, gateway, 1);
        assert_eq!(ask(&mut world, &reception(mid, false)), [""; 0]);
        world.settle(ms(10));
        world.write_message(gateway, &notify(mid, 2, 0));
        world.settle(ms(10));
        assert_eq!(executions(&executed, mid, 2), 0, "{mid} is blocked");
        let line = &ask(&mut world, &Command::Association { mid: mid.into() })[0];
        assert!(line.contains("blocked=true"), "{line}");
        ask(&mut world, &reception(mid, true));
        world.settle(ms(10));
        answered(&mut world, gateway, 2);
        finish(world);
    }
}

#[test]
fn datagrams_of_a_blocked_gateway_are_kept_for_a_while() {
    let (mut world, executed) = world(2, SourceCheck::Address);
    let from = address("10.0.0.1:2944");
    world.datagram(0, UDP, from, &notify("gw", 1, 0));
    world.settle(ms(10));
    ask(&mut world, &reception("gw", false));
    world.datagram(0, UDP, from, &notify("gw", 2, 0));
    world.settle(ms(10));
    assert_eq!(executions(&executed, "gw", 2), 0);
    ask(&mut world, &reception("gw", true));
    world.settle(ms(10));
    assert_eq!(executions(&executed, "gw", 2), 1);
    finish(world);
}
