//! Every limit of H.248 at one below, at, and one above; a limit without its test fails here.

use crate::stage::{TCP, UDP, address, counted, finish, ms, notify, plan};
use crate::{amplification, avalanche, bursts, silence};
use megaphone_core::{LIMITS, Limits, SourceCheck};
use megaphone_metrics::Metric;
use megaphone_sim::World;
use megaphone_wheel::Rng;

macro_rules! shown {
    ($($key:ident by $scenario:path,)+) => {
        $(#[test]
        fn $key() {
            $scenario();
        })+

        /// The limits that have a test here.
        const SHOWN: &[&str] = &[$(stringify!($key)),+];
    };
}

shown! {
    associations_max by at_most_so_many_associations,
    association_requests_max by at_most_so_many_requests,
    association_replies_max by at_most_so_many_replies,
    datagram_peers_max by at_most_so_many_peers,
    datagram_answer_times by amplification::an_answer_is_so_many_times_the_question_at_most,
    datagrams_waiting_max by bursts::datagrams_waiting_max,
    datagrams_per_sender_max by bursts::datagrams_per_sender_max,
    unregistered_ms by silence::unregistered_ms,
    newcomers_per_second by avalanche::newcomers_per_second,
    first_message_ms by silence::first_message_ms,
}

/// Those that `shards/core/tests/h248` shows.
const ELSEWHERE: &[&str] = &["h248_outbox_max", "controller_requests_max"];

#[test]
fn none_is_left_out() {
    let of_h248 = LIMITS
        .iter()
        .filter(|limit| limit.occupancy.starts_with("megaphone_h248_"));
    let keys: Vec<&str> = of_h248.map(|limit| limit.key).collect();
    assert_eq!([SHOWN, ELSEWHERE].concat(), keys);
}

const LIMIT: u64 = 3;

/// Whether each of three amounts passes: one below the limit, as many, and one more.
fn most(fits: impl Fn(u64) -> bool) {
    for (amount, fine) in [(LIMIT - 1, true), (LIMIT, true), (LIMIT + 1, false)] {
        assert_eq!(fits(amount), fine, "{amount} with a limit of {LIMIT}");
    }
}

/// One shard with other limits.
fn world(set: impl FnOnce(&mut Limits)) -> World {
    let (mut plan, _) = plan(1, SourceCheck::Address);
    set(&mut plan.config.limits);
    World::new(plan, Rng::new(1))
}

/// How many of these messages say error 510.
fn exhausted(messages: &[Vec<u8>]) -> u64 {
    let says = |message: &&Vec<u8>| String::from_utf8_lossy(message).contains("ER=510");
    messages.iter().filter(says).count() as u64
}

fn at_most_so_many_associations() {
    most(|amount| {
        let mut world = world(|limits| limits.associations_max = LIMIT as u32);
        let gateway = world.connect_gateway(0, TCP, address("10.0.0.1:5000"));
        for number in 0..amount {
            world.write_message(gateway, &notify(&format!("gw{number}"), 1, 0));
        }
        world.settle(ms(10));
        let refused = amount.saturating_sub(LIMIT);
        assert_eq!(exhausted(&world.messages(gateway)), refused);
        counted(&mut world, Metric::H248Refused, refused);
        counted(&mut world, Metric::H248Associations, amount.min(LIMIT));
        finish(world);
        refused == 0
    });
}

fn at_most_so_many_requests() {
    most(|amount| {
        let mut world = world(|limits| limits.association_requests_max = LIMIT as u32);
        let gateway = world.connect_gateway(0, TCP, address("10.0.0.1:5000"));
        // The user is asked to ask so many times.
        for id in 0..amount {
            world.write_message(gateway, &crate::stage::ask_back("gw", 1 + id as u32));
        }
        world.settle(ms(10));
        let messages = world.messages(gateway);
        let asks = |message: &&Vec<u8>| String::from_utf8_lossy(message).contains("T=");
        let asked = messages.iter().filter(asks).count() as u64;
        assert_eq!(asked, amount.min(LIMIT));
        counted(&mut world, Metric::H248Requests, asked);
        counted(&mut world, Metric::H248Refused, amount - asked);
        finish(world);
        asked == amount
    });
}

fn at_most_so_many_replies() {
    most(|amount| {
        let mut world = world(|limits| limits.association_replies_max = LIMIT as u32);
        let gateway = world.connect_gateway(0, TCP, address("10.0.0.1:5000"));
        for id in 0..amount {
            world.write_message(gateway, &notify("gw", 1 + id as u32, 0));
        }
        world.settle(ms(10));
        let refused = amount.saturating_sub(LIMIT);
        assert_eq!(exhausted(&world.messages(gateway)), refused);
        counted(&mut world, Metric::H248Replies, amount.min(LIMIT));
        counted(&mut world, Metric::H248Refused, refused);
        finish(world);
        refused == 0
    });
}

fn at_most_so_many_peers() {
    most(|amount| {
        let mut world = world(|limits| limits.datagram_peers_max = LIMIT as u32);
        for number in 0..amount {
            let from = address(&format!("[2001:db8::{number}]:2944"));
            world.datagram(0, UDP, from, &notify(&format!("gw{number}"), 1, 0));
        }
        world.settle(ms(10));
        assert_eq!(world.sent_datagrams().len() as u64, amount.min(LIMIT));
        counted(&mut world, Metric::H248Peers, amount.min(LIMIT));
        counted(
            &mut world,
            Metric::H248DroppedPeers,
            amount.saturating_sub(LIMIT),
        );
        finish(world);
        amount <= LIMIT
    });
}
