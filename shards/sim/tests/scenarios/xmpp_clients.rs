//! XMPP clients: whole units to the backend, whatever the arrivals; keepalives to nobody; the backend's bytes as they are.

use crate::stage::{CHAT, STANZA, finish, ms, only, with_backend, with_plan};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_sim::{Plan, Sight, World};

/// Body bytes that the shards have copied.
fn copied(world: &World) -> u64 {
    (0..world.plan.config.shards)
        .map(|shard| world.pool(usize::from(shard)).traffic().copied_bytes)
        .sum()
}

#[test]
fn one_byte_at_a_time_both_ways() {
    let (mut world, backend) = with_backend(2);
    world.chunk = 1;
    let client = world.connect(1, STANZA);
    world.settle(ms(10));
    let connection = only(&world, backend);
    for len in [7, 20, 300] {
        world.write(client, len);
        world.backend_writes(backend, connection, len, true);
    }
    world.settle(ms(10));
    let client = &world.clients[client];
    assert_eq!(client.arrived, client.written);
    assert!(client.frames.is_empty(), "each unit was a frame of its own");
    assert_eq!(client.got, 327);
    finish(world);
}

#[test]
fn any_first_cut_of_a_stream() {
    for cut in 1..80 {
        let (mut world, _) = with_backend(1);
        let client = world.connect(0, STANZA);
        world.settle(ms(10));
        world.chunk = cut;
        world.write(client, 9);
        world.write(client, 40);
        world.settle(ms(10));
        let client = &world.clients[client];
        assert_eq!(
            (client.arrived, client.frames.len()),
            (client.written, 0),
            "cut at {cut}"
        );
    }
}

#[test]
fn keepalives_go_no_further() {
    let (mut world, _) = with_backend(1);
    let client = world.connect(0, STANZA);
    world.settle(ms(10));
    world.write(client, 20);
    world.settle(ms(10));
    let packets = world.link_metric(CHAT, LinkMetric::PacketsOut);
    for n in 0..100 {
        world.write_bytes(client, [&b" "[..], b"\n", b"\r\n\t "][n % 3]);
        world.settle(ms(60_000));
    }
    assert_eq!(
        world.link_metric(CHAT, LinkMetric::PacketsOut),
        packets,
        "the link's own PINGs and PONGs are none"
    );
    assert!(world.metric(Metric::KeepalivesAbsorbed) >= 100);
    assert!(world.clients[client].end.is_none(), "and the client lives");
    finish(world);
}

#[test]
fn a_stream_that_starts_again_goes_on() {
    let (mut world, backend) = with_backend(1);
    let client = world.connect(0, STANZA);
    world.settle(ms(10));
    world.write(client, 20);
    world.settle(ms(10));
    let connection = only(&world, backend);
    world.backend_writes(backend, connection, 60, true);
    world.settle(ms(10));
    // After authentication: a header again, with a declaration in front, and no end of the stream before it.
    for unit in [
        &b"<?xml version='1.0'?><stream:stream to='a'>"[..],
        b"<iq/>",
    ] {
        world.clients[client].wrote_unit(unit);
        world.write_bytes(client, unit);
    }
    world.settle(ms(10));
    let written = world.clients[client].written;
    assert_eq!(world.clients[client].arrived, written);
    world.clients[client].wrote_unit(b"</stream:stream>");
    world.write_bytes(client, b"</stream:stream>\n");
    world.settle(ms(10));
    assert!(
        world.clients[client].end.is_none(),
        "who ends is for the backend to say"
    );
    world.backends[backend].close(connection);
    world.clients[client].dismissed = true;
    world.flush_backend(backend);
    world.settle(ms(10));
    assert!(world.clients[client].end.is_some());
    finish(world);
}

#[test]
fn a_long_stanza_goes_in_parts_and_is_not_copied() {
    let mut plan = Plan::calm(2);
    plan.config.limits.frame_bytes_max = 60_000;
    plan.credit = 1 << 20;
    let (mut world, _) = with_plan(plan);
    world.chunk = 1 << 16;
    let client = world.connect(1, STANZA);
    world.settle(ms(10));
    world.write(client, 20);
    world.settle(ms(10));
    let before = copied(&world);
    world.write(client, 60_000);
    world.settle(ms(10));
    assert_eq!(world.clients[client].arrived, world.clients[client].written);
    assert!(world.clients[client].frames.is_empty(), "one frame");
    assert!(world.sights.count(Sight::MoreFlag) > 5, "in many packets");
    let more = copied(&world) - before;
    assert!(more < 2_000, "{more} bytes of 60,000 were copied");
    finish(world);
}

#[test]
fn an_idle_client_holds_no_buffer_and_no_record() {
    let (mut world, _) = with_backend(1);
    for _ in 0..50 {
        let client = world.connect(0, STANZA);
        world.settle(ms(10));
        world.write(client, 200);
        world.settle(ms(10));
        world.write_bytes(client, b" ");
        world.settle(ms(10));
    }
    let gauges = world.gauges(0);
    assert_eq!((gauges.sessions, gauges.active), (50, 0));
    finish(world);
}
