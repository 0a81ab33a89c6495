//! Clients that send a byte per second: a header has its deadline, a body its least rate, and neither pins a block meanwhile.

use crate::stage::{CLASSIC_FIXED, RAW, closed, counted, finish, ms, with_backend};
use megaphone_metrics::Metric;
use megaphone_pool::Class;

#[test]
fn a_header_that_takes_too_long_ends_the_session() {
    let (mut world, _) = with_backend(1);
    let client = world.connect(0, CLASSIC_FIXED);
    world.settle(ms(10));
    for digit in b"0000" {
        world.write_bytes(client, &[*digit]);
        world.settle(ms(1_000));
    }
    assert!(world.clients[client].end.is_none());
    world.settle(ms(1_100));
    closed(&mut world, client);
    counted(&world, Metric::FrameFaultHeaderDeadline, 1);
    finish(world);
}

#[test]
fn a_body_that_comes_too_slowly_ends_the_session() {
    let (mut world, _) = with_backend(1);
    let client = world.connect(0, CLASSIC_FIXED);
    world.settle(ms(10));
    world.write_bytes(client, b"0000001056|00000000000000001000|");
    // 1,056 bytes at 256 a second, and ten seconds.
    for _ in 0..14 {
        world.write_bytes(client, b"x");
        world.settle(ms(1_000));
    }
    assert!(world.clients[client].end.is_none());
    world.settle(ms(1_000));
    closed(&mut world, client);
    counted(&world, Metric::FrameFaultBodyDeadline, 1);
    finish(world);
}

#[test]
fn a_slow_partial_frame_moves_to_the_smallest_blocks() {
    let (mut world, _) = with_backend(1);
    for _ in 0..50 {
        let client = world.connect(0, CLASSIC_FIXED);
        world.settle(ms(1));
        world.write_bytes(client, b"0000001056|000000");
    }
    world.settle(ms(1));
    assert_eq!(world.pool(0).counts(Class::Receive).leased, 50);
    world.settle(ms(250));
    assert_eq!(world.pool(0).counts(Class::Receive).leased, 0);
    assert_eq!(world.pool(0).counts(Class::Parking).leased, 50);
    world.settle(ms(5_000));
    counted(&world, Metric::FrameFaultHeaderDeadline, 50);
    (0..50).for_each(|client| closed(&mut world, client));
    finish(world);
}

#[test]
fn a_client_without_frames_has_no_deadline() {
    let (mut world, _) = with_backend(1);
    let client = world.connect(0, RAW);
    world.settle(ms(10));
    for _ in 0..100 {
        world.write(client, 1);
        world.settle(ms(10_000));
    }
    assert_eq!(world.clients[client].arrived, 100);
    finish(world);
}
