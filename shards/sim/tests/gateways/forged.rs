//! Who claims to be a known gateway is believed as far as the source check says.

use crate::stage::{UDP, address, counted, executions, finish, ms, notify, register, world};
use megaphone_core::SourceCheck;
use megaphone_metrics::Metric;

const OWN: &str = "10.0.0.1:2944";
const OTHER_PORT: &str = "10.0.0.1:9999";
const OTHER_ADDRESS: &str = "10.0.0.66:2944";

/// Whether a message from there is answered, after one from its own address was.
fn believed(check: SourceCheck, from: &str, message: fn(&str, u32) -> Vec<u8>) -> bool {
    let (mut world, executed) = world(2, check);
    world.datagram(0, UDP, address(OWN), &register("gw", 1));
    world.settle(ms(10));
    assert_eq!(world.sent_datagrams().len(), 1);
    world.datagram(1, UDP, address(from), &message("gw", 2));
    world.settle(ms(10));
    let sent = world.sent_datagrams();
    let believed = executions(&executed, "gw", 2) == 1;
    assert_eq!(sent.len(), usize::from(believed));
    assert!(sent.iter().all(|it| it.to == address(from)));
    counted(&mut world, Metric::H248Forged, u64::from(!believed));
    // Whatever was made of that, the gateway itself is still heard, unless it has moved.
    world.datagram(1, UDP, address(OWN), &register("gw", 3));
    world.settle(ms(10));
    let heard = executions(&executed, "gw", 3) == 1;
    assert!(heard || (check == SourceCheck::Strict && believed));
    finish(world);
    believed
}

fn notifies(mid: &str, transaction: u32) -> Vec<u8> {
    notify(mid, transaction, 0)
}

#[test]
fn another_port_of_the_same_address_is_the_same_gateway() {
    for check in [SourceCheck::Off, SourceCheck::Address, SourceCheck::Strict] {
        assert!(believed(check, OTHER_PORT, notifies), "{check:?}");
    }
}

#[test]
fn another_address_needs_a_registration_or_no_check() {
    assert!(believed(SourceCheck::Off, OTHER_ADDRESS, notifies));
    assert!(!believed(SourceCheck::Address, OTHER_ADDRESS, notifies));
    assert!(!believed(SourceCheck::Strict, OTHER_ADDRESS, notifies));
    assert!(believed(SourceCheck::Address, OTHER_ADDRESS, register));
    assert!(!believed(SourceCheck::Strict, OTHER_ADDRESS, register));
}
