//! Many clients at once: their OPENs go to the backend at the pace it takes, in the order in which they came; too many are told so.

use crate::stage::{CHAT, RAW, STANZA, counted, fine, finish, ms, with_plan};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_sim::{Plan, World};

/// How many clients a backend has taken.
fn opened(world: &World) -> usize {
    world.clients.iter().filter(|client| client.opened).count()
}

/// OPENs that may go at once: a tenth of a second's, and one.
fn burst(rate: usize) -> usize {
    rate / 10 + 1
}

#[test]
fn eight_thousand_come_at_once_and_are_served_in_order_within_the_pace() {
    const CLIENTS: usize = 8_000;
    const RATE: usize = 5_000;
    let mut plan = Plan::calm(4);
    plan.config.limits.open_rate = RATE as u32;
    let (mut world, _) = with_plan(plan);
    let clients: Vec<usize> = (0..CLIENTS).map(|n| world.connect(n % 4, RAW)).collect();
    for step in 1..CLIENTS * 10 / RATE {
        world.settle(ms(100));
        let there = opened(&world);
        // Those whose turn comes within the present pause go at its end.
        let due = RATE / 10 * step;
        assert!(
            (due..=due + burst(RATE)).contains(&there),
            "{there} after {step} tenths of a second"
        );
        if step % 4 != 0 {
            continue;
        }
        // Each shard's clients are served in the order in which they came, and no shard has to wait for the others.
        for shard in 0..4 {
            let served = |&&client: &&usize| world.clients[client].opened;
            let of_shard: Vec<&usize> = clients.iter().skip(shard).step_by(4).collect();
            let in_order = of_shard.iter().take_while(|client| served(client)).count();
            assert_eq!(
                in_order,
                of_shard.iter().filter(|client| served(client)).count()
            );
            assert!(
                in_order >= there.saturating_sub(burst(RATE)) / 8,
                "shard {shard}: {in_order} of {there}"
            );
        }
    }
    world.settle(ms(200));
    assert_eq!(opened(&world), CLIENTS);
    assert!(world.clients.iter().all(|client| client.end.is_none()));
    counted(&world, Metric::ClosedDeadline, 0);
    // The end of so many conversations is another scenario's.
    fine(&world);
}

#[test]
fn data_does_not_wait_behind_opens() {
    let mut plan = Plan::calm(2);
    plan.config.limits.open_rate = 1;
    let (mut world, _) = with_plan(plan);
    let first = world.connect(0, RAW);
    world.settle(ms(10));
    for n in 0..100 {
        world.connect(n % 2, RAW);
    }
    world.settle(ms(10));
    world.write(first, 5_000);
    world.settle(ms(10));
    assert_eq!(world.clients[first].arrived, 5_000);
    assert!(opened(&world) <= 2);
    finish_storm(world);
}

/// Everybody who still waits goes away before the end, or it would take the time of all of them.
fn finish_storm(mut world: World) {
    for number in 0..world.clients.len() {
        if !world.clients[number].opened {
            world.break_client(number);
        }
    }
    world.settle(ms(100));
    finish(world);
}

pub(crate) fn open_rate() {
    for (rate, least, most) in [(9, 9, 11), (10, 10, 12), (11, 11, 13), (0, 40, 40)] {
        let mut plan = Plan::calm(1);
        plan.config.limits.open_rate = rate;
        let (mut world, _) = with_plan(plan);
        for _ in 0..40 {
            world.connect(0, RAW);
        }
        world.settle(ms(1_000));
        let there = opened(&world);
        assert!((least..=most).contains(&there), "{there} at {rate}");
        finish_storm(world);
    }
}

pub(crate) fn opens_waiting_max() {
    let mut plan = Plan::calm(1);
    plan.config.limits.open_rate = 1;
    plan.config.limits.opens_waiting_max = 3;
    let under_way = plan.config.lanes.opens as usize;
    let (mut world, _) = with_plan(plan);
    // One is sent at once, and one more within the burst; some are with the link.
    let at_once = 1 + under_way;
    for n in 1..=at_once + 4 {
        let client = world.connect(0, STANZA);
        world.settle(ms(1));
        let refused = n > at_once + 3;
        assert_eq!(world.clients[client].end.is_some(), refused, "client {n}");
        if refused {
            assert_eq!(
                world.clients[client].stream_error().as_deref(),
                Some("resource-constraint")
            );
        }
    }
    counted(&world, Metric::RefusedQueue, 1);
    finish_storm(world);
}

#[test]
fn who_leaves_before_its_turn_costs_nothing() {
    let mut plan = Plan::calm(2);
    plan.config.limits.open_rate = 1;
    let (mut world, backend) = with_plan(plan);
    for n in 0..50 {
        world.connect(n % 2, RAW);
    }
    world.settle(ms(10));
    let offered = world.backends[backend].conversations.len();
    for number in 0..50 {
        if !world.clients[number].opened {
            world.break_client(number);
        }
    }
    world.settle(ms(100));
    let next = world.connect(1, RAW);
    world.settle(ms(2_000));
    assert!(
        world.clients[next].opened,
        "those who have gone are passed over"
    );
    assert!(world.backends[backend].conversations.len() <= offered + 3);
    finish_storm(world);
}

#[test]
fn clients_that_wait_learn_that_their_backend_is_gone() {
    let mut plan = Plan::calm(2);
    plan.config.limits.open_rate = 1;
    let (mut world, backend) = with_plan(plan);
    for n in 0..30 {
        world.connect(n % 2, STANZA);
    }
    world.settle(ms(100));
    world.restart_backend(backend);
    world.settle(ms(15_000));
    let told = |number: &usize| world.clients[*number].stream_error().is_some();
    assert_eq!((0..30).filter(told).count(), 30);
    for client in &mut world.clients {
        client.excused = true;
    }
    finish(world);
}

pub(crate) fn source_sessions_max() {
    let mut plan = Plan::calm(1);
    plan.config.limits.source_sessions_max = 3;
    let (mut world, _) = with_plan(plan);
    world.one_source = true;
    for n in 1..=4 {
        let client = world.connect(0, STANZA);
        world.settle(ms(1));
        assert_eq!(world.clients[client].end.is_some(), n > 3, "client {n}");
    }
    assert_eq!(
        world.clients[3].stream_error().as_deref(),
        Some("policy-violation")
    );
    counted(&world, Metric::RefusedSource, 1);
    world.break_client(0);
    world.settle(ms(1));
    let client = world.connect(0, STANZA);
    world.settle(ms(1));
    assert!(world.clients[client].end.is_none(), "there is room again");
    finish(world);
}

pub(crate) fn source_opens_per_second() {
    let mut plan = Plan::calm(1);
    plan.config.limits.source_opens_per_second = 2;
    let (mut world, _) = with_plan(plan);
    world.one_source = true;
    for (pause, fine) in [(0, true), (0, true), (0, false), (999, false), (1, true)] {
        world.settle(ms(pause));
        let client = world.connect(0, RAW);
        world.settle(ms(0));
        assert_eq!(world.clients[client].end.is_none(), fine);
        world.clients[client].excused |= !fine;
    }
    counted(&world, Metric::RefusedSource, 2);
    finish(world);
}

pub(crate) fn sources_max() {
    let mut plan = Plan::calm(1);
    plan.config.limits.source_sessions_max = 9;
    plan.config.limits.sources_max = 3;
    let (mut world, _) = with_plan(plan);
    for n in 1..=4 {
        // Each client has an address of its own.
        let client = world.connect(0, RAW);
        world.settle(ms(1));
        assert_eq!(world.clients[client].end.is_some(), n > 3, "client {n}");
        world.clients[client].excused |= n > 3;
    }
    counted(&world, Metric::RefusedSource, 1);
    finish(world);
}

#[test]
fn a_calm_day_waits_for_nothing() {
    let mut plan = Plan::calm(2);
    plan.config.limits.open_rate = 500;
    let (mut world, _) = with_plan(plan);
    for n in 0..20 {
        let client = world.connect(n % 2, RAW);
        world.settle(ms(0));
        assert!(world.clients[client].opened);
    }
    assert_eq!(world.link_metric(CHAT, LinkMetric::OpensWaiting), 0);
    finish(world);
}
