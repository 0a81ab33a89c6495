//! A message that its transport cannot carry is an error to its sender; no length is wrapped.

use crate::stage::{TCP, UDP, address, counted, finish, ms, notify, register, world};
use megaphone_core::SourceCheck;
use megaphone_metrics::Metric;

const FROM: &str = "10.0.0.1:2944";

/// The bytes of the answer to a question for so long an answer, if one came.
fn over_tcp(shards: u16, size: usize) -> Option<usize> {
    let (mut world, _) = world(shards, SourceCheck::Address);
    // One gateway is at home where it connects, one of a few is not.
    let mut lengths = Vec::new();
    for mid in ["a", "b", "c", "d"] {
        let gateway = world.connect_gateway(0, TCP, address(FROM));
        world.write_message(gateway, &notify(mid, 1, size));
        world.settle(ms(100));
        lengths.push(world.messages(gateway).first().map(Vec::len));
        // What comes behind it is answered as ever.
        world.write_message(gateway, &notify(mid, 2, 0));
        world.settle(ms(100));
        assert_eq!(world.messages(gateway).len(), 1);
    }
    let first = lengths[0];
    assert!(lengths.iter().all(|length| *length == first), "{lengths:?}");
    counted(
        &mut world,
        Metric::H248TooLong,
        if first.is_none() { 4 } else { 0 },
    );
    finish(world);
    first
}

#[test]
fn a_tpkt_carries_65_531_bytes_and_not_one_more() {
    let rest = over_tcp(1, 100).expect("an answer") - 100;
    for shards in [1, 3] {
        for (bytes, there) in [
            (65_530, true),
            (65_531, true),
            (65_532, false),
            (70_000, false),
        ] {
            let answer = over_tcp(shards, bytes - rest);
            assert_eq!(
                answer,
                there.then_some(bytes),
                "{bytes} bytes, {shards} shards"
            );
        }
    }
}

#[test]
fn a_datagram_carries_65_507_bytes_and_not_one_more() {
    let answer = |size: usize| {
        let (mut world, _) = world(2, SourceCheck::Address);
        world.datagram(0, UDP, address(FROM), &register("gw", 1));
        world.settle(ms(10));
        world.sent_datagrams();
        world.datagram(0, UDP, address(FROM), &notify("gw", 2, size));
        world.settle(ms(10));
        let length = world.sent_datagrams().first().map(|it| it.bytes.len());
        counted(&mut world, Metric::H248TooLong, u64::from(length.is_none()));
        finish(world);
        length
    };
    let rest = answer(100).expect("an answer") - 100;
    for (bytes, there) in [(65_506, true), (65_507, true), (65_508, false)] {
        assert_eq!(answer(bytes - rest), there.then_some(bytes));
    }
}
