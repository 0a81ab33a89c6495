//! Why an XMPP stream ends: told as RFC 6120 4.9 has it, with a header if there was none, and then a clean end both ways.

use crate::stage::{STANZA, closed, counted, finish, ms, only, with_backend, with_plan, world};
use megaphone_metrics::Metric;
use megaphone_sim::{ClientEnd, Plan, Reply, World};

/// The client was told this condition, and its connection ended in order.
fn told(world: &mut World, client: usize, condition: &str) {
    let it = &world.clients[client];
    assert_eq!(
        it.stream_error().as_deref(),
        Some(condition),
        "{}",
        it.refusal.escape_ascii()
    );
    assert_eq!(it.end, Some(ClientEnd::Closed), "{condition}");
    closed(world, client);
}

/// The client writes what it should not, and expects what comes of that.
fn misbehaves(world: &mut World, client: usize, bytes: &[u8]) {
    world.clients[client].excused = true;
    world.write_bytes(client, bytes);
}

#[test]
fn hazards_before_the_header_and_after_it() {
    for (bytes, condition) in [
        (&b"<!DOCTYPE lolz [<!ENTITY a 'b'>]>"[..], "restricted-xml"),
        (b"<!-- psst -->", "restricted-xml"),
        (b"<?php ?>", "restricted-xml"),
        (b"<message>&lol;</message>", "restricted-xml"),
        (b"text", "bad-format"),
        (b"<message><a b=c/></message>", "not-well-formed"),
        (b"<message>\x00</message>", "not-well-formed"),
        (
            b"<?xml version='1.0' encoding='latin-1'?>",
            "unsupported-encoding",
        ),
        (&[b'<'; 2], "not-well-formed"),
    ] {
        for greeted in [false, true] {
            let (mut world, backend) = with_backend(2);
            let client = world.connect(0, STANZA);
            world.settle(ms(10));
            let connection = only(&world, backend);
            if greeted {
                world.write(client, 20);
                world.settle(ms(10));
                world.backend_writes(backend, connection, 50, true);
                world.settle(ms(10));
            } else if bytes.starts_with(b"<message>") {
                continue;
            }
            misbehaves(&mut world, client, bytes);
            world.settle(ms(10));
            told(&mut world, client, condition);
            counted(&world, Metric::ClosedFrameFault, 1);
            counted(&world, Metric::StreamErrors, 1);
            let talk = world.backends[backend].conversations.get(&connection);
            assert!(
                talk.is_none_or(|talk| talk.appliance_closed),
                "the backend got our CLOSE"
            );
            finish(world);
        }
    }
}

#[test]
fn the_header_of_our_own_names_the_domain() {
    let (mut world, _) = with_backend(1);
    let client = world.connect(0, STANZA);
    world.settle(ms(10));
    misbehaves(&mut world, client, b"GET / HTTP/1.1\r\n");
    world.settle(ms(10));
    let said = String::from_utf8_lossy(&world.clients[client].refusal).into_owned();
    assert!(
        said.starts_with("<?xml version='1.0'?><stream:stream "),
        "{said}"
    );
    assert!(said.contains(" from='chat.example' "), "{said}");
    told(&mut world, client, "bad-format");
    finish(world);
}

#[test]
fn limits_of_a_stanza() {
    for (bytes, fine) in [(999, true), (1_000, true), (1_001, false)] {
        let mut plan = Plan::calm(1);
        plan.config.limits.frame_bytes_max = 1_000;
        let (mut world, _) = with_plan(plan);
        let client = world.connect(0, STANZA);
        world.settle(ms(10));
        world.clients[client].excused = !fine;
        world.write(client, bytes);
        world.settle(ms(10));
        if fine {
            assert_eq!(world.clients[client].arrived, world.clients[client].written);
        } else {
            told(&mut world, client, "policy-violation");
            counted(&world, Metric::FrameFaultTooLong, 1);
        }
        finish(world);
    }
}

#[test]
fn a_client_that_does_not_end_is_closed_all_the_same() {
    let mut plan = Plan::calm(1);
    plan.config.limits.parting_ms = 500;
    let (mut world, _) = with_plan(plan);
    let client = world.connect(0, STANZA);
    world.clients[client].answers_end = false;
    world.settle(ms(10));
    misbehaves(&mut world, client, b"<a/>");
    world.settle(ms(10));
    world.write_bytes(client, &[b'x'; 5_000]);
    for (time, over) in [(480, false), (20, true)] {
        world.settle(ms(time));
        assert_eq!(world.clients[client].end.is_some(), over);
    }
    told(&mut world, client, "bad-format");
    finish(world);
}

#[test]
fn a_client_that_never_says_a_header() {
    for (time, over) in [(29_990, false), (30_100, true)] {
        let (mut world, _) = with_backend(1);
        let client = world.connect(0, STANZA);
        misbehaves(&mut world, client, b"\n<stream:str");
        world.settle(ms(time));
        if over {
            told(&mut world, client, "connection-timeout");
            counted(&world, Metric::FrameFaultHeaderDeadline, 1);
        } else {
            assert!(world.clients[client].end.is_none());
            world.break_client(client);
        }
        finish(world);
    }
}

#[test]
fn a_stanza_may_take_as_long_as_its_bytes_buy() {
    let (mut world, _) = with_backend(1);
    let client = world.connect(0, STANZA);
    world.settle(ms(10));
    world.write(client, 20);
    misbehaves(&mut world, client, b"<m>");
    // 512 bytes each second: more than the least rate.
    for _ in 0..60 {
        world.settle(ms(1_000));
        world.write_bytes(client, &[b'a'; 512]);
    }
    assert!(world.clients[client].end.is_none());
    world.settle(ms(10_000 + 60 * 2_000 - 50_000 + 1_000));
    assert!(
        world.clients[client].stream_error().is_some(),
        "and then nothing more came"
    );
    world.clients[client].excused = true;
    finish(world);
}

#[test]
fn no_backend() {
    let mut world = world(Plan::calm(2));
    let client = world.connect(1, STANZA);
    world.settle(ms(10));
    told(&mut world, client, "internal-server-error");
    counted(&world, Metric::RefusedNoLink, 1);
    finish(world);
}

#[test]
fn a_backend_that_rejects() {
    let (mut world, backend) = with_backend(2);
    world.backends[backend].plan.reply = Reply::Reject;
    let client = world.connect(1, STANZA);
    world.settle(ms(10));
    let said = String::from_utf8_lossy(&world.clients[client].refusal).into_owned();
    assert!(said.contains("not today"), "{said}");
    told(&mut world, client, "policy-violation");
    finish(world);
}

#[test]
fn a_backend_that_is_lost() {
    let (mut world, backend) = with_backend(2);
    let client = world.connect(1, STANZA);
    world.settle(ms(10));
    world.write(client, 20);
    world.settle(ms(10));
    let connection = only(&world, backend);
    world.backend_writes(backend, connection, 50, true);
    world.settle(ms(10));
    world.restart_backend(backend);
    world.settle(ms(20_000));
    told(&mut world, client, "internal-server-error");
    finish(world);
}

#[test]
fn the_appliance_shuts_down() {
    let (mut world, backend) = with_backend(2);
    let clients: Vec<usize> = (0..10).map(|n| world.connect(n % 2, STANZA)).collect();
    world.settle(ms(10));
    for &client in &clients {
        world.write(client, 20);
    }
    world.settle(ms(10));
    let connections: Vec<u64> = world.backends[backend]
        .conversations
        .keys()
        .copied()
        .collect();
    for connection in connections {
        world.backend_writes(backend, connection, 50, true);
    }
    world.settle(ms(10));
    world.begin_drain(ms(10_000));
    world.settle(ms(1_000));
    for &client in &clients {
        told(&mut world, client, "system-shutdown");
    }
    counted(&world, Metric::ClosedDrained, 10);
    finish(world);
}

#[test]
fn refusals_are_told_up_to_a_number() {
    let mut plan = Plan::calm(1);
    plan.config.limits.sessions_max = 3;
    plan.config.limits.refusals_told_max = 2;
    let (mut world, _) = with_plan(plan);
    let clients: Vec<usize> = (0..6)
        .map(|_| {
            let client = world.connect(0, STANZA);
            world.clients[client].reads = false;
            client
        })
        .collect();
    world.settle(ms(10));
    for &client in &clients {
        world.clients[client].reads = true;
    }
    world.settle(ms(10));
    let outcomes: Vec<_> = clients
        .iter()
        .map(|&client| {
            let it = &world.clients[client];
            (it.end.is_some(), it.stream_error())
        })
        .collect();
    let told = (true, Some(String::from("resource-constraint")));
    assert_eq!(
        outcomes,
        [
            (false, None),
            (false, None),
            (false, None),
            told.clone(),
            told,
            (true, None),
        ]
    );
    counted(&world, Metric::RefusedLimit, 3);
    for client in clients {
        world.clients[client].excused = true;
    }
    finish(world);
}
