//! Empty frames, thousands of frames in one block, and frames larger than credit, than a packet, and than a block.

use crate::stage::{RAW, TPKT, TPKT_ECHO, finish, ms, only, with_plan, world};
use megaphone_metrics::Metric;
use megaphone_sim::{Plan, Sight};

#[test]
fn thousands_of_frames_in_one_block_are_all_echoed() {
    let mut plan = Plan::calm(1);
    plan.pool = plan.pool.with(megaphone_pool::Class::Receive, 16_384, 64);
    let mut world = world(plan);
    let client = world.connect(0, TPKT_ECHO);
    for n in 0..4_000 {
        world.write(client, n % 2);
    }
    world.settle(ms(10));
    assert_eq!(
        (
            world.clients[client].got,
            world.clients[client].expected.len()
        ),
        (2_000, 0)
    );
    assert_eq!(world.metric(Metric::FramesOut), 4_000);
    finish(world);
}

#[test]
fn an_empty_frame_is_a_frame_and_needs_no_credit() {
    let mut plan = Plan::calm(2);
    plan.credit = 0;
    let (mut world, backend) = with_plan(plan);
    let client = world.connect(1, TPKT);
    world.settle(ms(10));
    world.write(client, 0);
    world.settle(ms(10));
    assert!(world.clients[client].frames.is_empty(), "it arrived");
    let connection = only(&world, backend);
    world.clients[client].expected.push_back(0);
    world.backends[backend].say(0x20, 0, connection, b"");
    world.flush_backend(backend);
    world.settle(ms(10));
    assert!(
        world.clients[client].expected.is_empty(),
        "so did the answer"
    );
    finish(world);
}

#[test]
fn a_large_frame_is_cut_by_credit_and_packet_size_and_put_together_again() {
    let mut plan = Plan::calm(2);
    plan.credit = 700;
    plan.config.limits.packet_bytes_max = 1_024;
    let (mut world, backend) = with_plan(plan);
    let client = world.connect(1, TPKT);
    world.settle(ms(10));
    world.write(client, 30_000);
    world.settle(ms(100));
    assert_eq!(
        (
            world.clients[client].arrived,
            world.clients[client].frames.len()
        ),
        (30_000, 0)
    );
    assert!(world.sights.count(Sight::MoreFlag) > 30);
    let connection = only(&world, backend);
    for part in 0..30 {
        world.backend_writes(backend, connection, 1_000, part == 29);
        world.settle(ms(1));
    }
    assert_eq!(world.clients[client].got, 30_000);
    finish(world);
}

#[test]
fn raw_bytes_pass_as_they_come() {
    let (mut world, backend) = with_plan(Plan::calm(2));
    let client = world.connect(1, RAW);
    world.settle(ms(10));
    world.write(client, 1);
    world.settle(ms(10));
    let connection = only(&world, backend);
    world.backend_writes(backend, connection, 10, false);
    world.settle(ms(10));
    assert_eq!(
        (world.clients[client].arrived, world.clients[client].got),
        (1, 10)
    );
    finish(world);
}
