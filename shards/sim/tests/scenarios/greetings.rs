//! How a link begins: HELLO within its time, with the right token, on its home shard; whoever does it wrong is told why.

use crate::stage::{CHAT, RAW, finish, home, ms, with_backend, world};
use megaphone_metrics::LinkMetric;
use megaphone_sim::{Plan, Sight, World};

/// A backend connects and says something wrong; the reason it is given.
fn refused(spoil: impl FnOnce(&mut World, usize)) -> Option<u16> {
    let mut world = world(Plan::calm(2));
    let backend = world.add_backend(CHAT, "node");
    spoil(&mut world, backend);
    world.connect_backend(backend, 0);
    world.settle(ms(6_000));
    assert!(!world.backends[backend].up);
    assert!(
        world.link_metric(CHAT, LinkMetric::Faults) > 0
            || world.link_metric(CHAT, LinkMetric::Up) == 0
    );
    let reason = world.backends[backend].dismissed;
    world.drain(ms(1_000));
    crate::stage::fine(&world);
    reason
}

#[test]
fn a_wrong_token_is_refused() {
    assert_eq!(
        refused(|world, at| world.backends[at].plan.token = b"secres".to_vec()),
        Some(13)
    );
    assert_eq!(
        refused(|world, at| world.backends[at].plan.token = Vec::new()),
        Some(13)
    );
}

#[test]
fn a_name_is_needed_and_max_frame_has_a_floor() {
    assert_eq!(
        refused(|world, at| world.backends[at].plan.name = String::new()),
        Some(11)
    );
    assert_eq!(
        refused(|world, at| world.backends[at].plan.max_frame = 1_023),
        Some(11)
    );
    let mut world = world(Plan::calm(1));
    let backend = world.add_backend(CHAT, "node");
    world.backends[backend].plan.max_frame = 1_024;
    world.connect_backend(backend, 0);
    world.settle(ms(10));
    assert!(world.backends[backend].up);
    finish(world);
}

#[test]
fn silence_has_a_deadline() {
    let mut world = world(Plan::calm(1));
    let socket = world.connect_stranger(0, CHAT, b"");
    world.settle(ms(4_900));
    assert!(world.stranger_is_there(0, socket));
    world.settle(ms(200));
    assert!(!world.stranger_is_there(0, socket));
    world.drain(ms(1_000));
    crate::stage::fine(&world);
}

#[test]
fn other_protocols_are_closed_at_once() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaa",
        b"\x00\x00\x00\x0c\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07",
    ] {
        let mut world = world(Plan::calm(1));
        let socket = world.connect_stranger(0, CHAT, bytes);
        world.settle(ms(10));
        assert!(!world.stranger_is_there(0, socket));
        assert_eq!(world.link_metric(CHAT, LinkMetric::Faults), 1);
        world.drain(ms(1_000));
        crate::stage::fine(&world);
    }
}

#[test]
fn a_link_is_handed_to_its_home_shard_wherever_it_came_in() {
    for shard in 0..4 {
        let mut world = world(Plan::calm(4));
        let backend = world.add_backend(CHAT, "node");
        world.connect_backend(backend, shard);
        world.settle(ms(10));
        let home = home(&world, "node");
        assert_eq!(world.backends[backend].socket.map(|(at, _)| at), Some(home));
        assert_eq!(
            world.sights.count(Sight::HandedOver),
            u64::from(shard != home)
        );
        assert_eq!(world.gauges(home).links, 1);
        finish(world);
    }
}

#[test]
fn a_second_hello_ends_the_link() {
    let (mut world, backend) = with_backend(1);
    let client = world.connect(0, RAW);
    world.settle(ms(10));
    world.backends[backend].say(0x01, 0, 0, b"MEGA");
    world.flush_backend(backend);
    world.settle(ms(10));
    assert_eq!(world.backends[backend].dismissed, Some(11));
    crate::stage::closed(&mut world, client);
    finish(world);
}
