//! The engine's figures as counts, which no busy machine can change: allocations per transaction, bytes per connection, work per step.
//! The times they stand for are measured by `examples/figures.rs`.

mod notified;

use megaphone_megaco::config::{Config, Registration};
use megaphone_megaco::{Engine, Input, Options};
use megaphone_wheel::Tick;
use notified::{compact, engine, notify, receive};
use std::time::Duration;

/// Allocations of a warm engine are the user's lists (three), what is kept of the reply (two), and parts of trees and pages that grow.
/// Not one is made per token, per message or per timer.
#[test]
fn a_transaction_allocates_what_it_keeps_and_little_else() {
    let (mut engine, handle) = engine(Options::default(), compact());
    let messages: Vec<_> = (1..=20_000).map(|id| notify(1, id)).collect();
    let (warm_up, measured) = messages.split_at(10_000);
    for message in warm_up {
        receive(&mut engine, Tick::ZERO, &handle, 1, message.as_bytes());
    }
    let spent = allocation_counter::measure(|| {
        for message in measured {
            receive(&mut engine, Tick::ZERO, &handle, 1, message.as_bytes());
        }
    });
    let each = spent.count_total as f64 / measured.len() as f64;
    assert!(each <= 6.5, "{each} allocations per transaction");
}

#[test]
fn a_connection_with_a_stored_reply_takes_600_bytes_at_most() {
    const COUNT: u32 = 50_000;
    let (mut engine, handle) = engine(Options::default(), compact());
    let spent = allocation_counter::measure(|| {
        for connection in 0..COUNT {
            receive(
                &mut engine,
                Tick::ZERO,
                &handle,
                1,
                notify(connection, 1).as_bytes(),
            );
        }
    });
    let each = spent.bytes_current / i64::from(COUNT);
    assert_eq!(engine.numbers().replies, COUNT as usize);
    assert!(each <= 600, "{each} B");
}

#[test]
fn an_idle_registered_association_takes_a_kilobyte_at_most() {
    const COUNT: u32 = 20_000;
    let config = Config {
        registration: Registration::Controller,
        ..compact()
    };
    let (mut engine, handle) = engine(Options::default(), config);
    let spent = allocation_counter::measure(|| {
        for connection in 0..COUNT {
            let [_, a, b, c] = connection.to_be_bytes();
            let message = format!(
                "!/1 [10.{a}.{b}.{c}]:2944 T=1{{C=-{{SC=ROOT{{SV{{MT=RS,RE=901}}}}}}}}K{{1}}"
            );
            receive(&mut engine, Tick::ZERO, &handle, 1, message.as_bytes());
        }
    });
    assert!(
        engine
            .connections()
            .all(|id| engine.is_registered(id) == Ok(true)),
        "all are registered"
    );
    let each = spent.bytes_current / i64::from(COUNT);
    assert!(each <= 1024, "{each} B");
}

/// 54 shards have an engine each.
#[test]
fn an_engine_without_connections_is_small() {
    let spent = allocation_counter::measure(|| {
        let engine = Engine::new(Options::default());
        std::hint::black_box(&engine);
    });
    assert!(spent.bytes_max <= 128 * 1024, "{} B", spent.bytes_max);
}

/// Timers of one instant are fired so many per step and no more, whatever there are; so no step is long.
#[test]
fn a_storm_of_timers_is_worked_off_in_bounded_steps() {
    const COUNT: usize = 50_000;
    let options = Options::default();
    let bound = options.expiries_per_step;
    let (mut engine, handle) = engine(options, compact());
    for connection in 0..COUNT as u32 {
        receive(
            &mut engine,
            Tick::ZERO,
            &handle,
            1,
            notify(connection, 1).as_bytes(),
        );
    }
    let now = Tick::from(Duration::from_secs(31));
    let (mut steps, mut before) = (0, engine.numbers().replies);
    while engine.deadline().is_some_and(|due| due <= now) {
        engine.handle(now, Input::Timeout);
        let after = engine.numbers().replies;
        assert!(before - after <= bound, "{} in one step", before - after);
        before = after;
        steps += 1;
        assert!(steps <= COUNT, "every step does something");
    }
    assert_eq!(before, 0);
    assert!(steps >= COUNT / bound, "{steps} steps");
}

/// An acknowledgement of everything is worked off so many replies per step; a flood of them adds no work of its own.
#[test]
fn an_acknowledgement_of_everything_costs_what_is_live() {
    const COUNT: u32 = 100_000;
    let options = Options::default();
    let bound = options.acks_per_step;
    let (mut engine, handle) = engine(options, compact());
    for id in 1..=COUNT {
        receive(
            &mut engine,
            Tick::ZERO,
            &handle,
            1,
            notify(1, id).as_bytes(),
        );
    }
    let bomb = b"!/1 [10.0.0.1]:2944 K{1-4294967295}";
    receive(&mut engine, Tick::ZERO, &handle, 1, bomb);
    let first = COUNT as usize - engine.numbers().replies;
    assert!((1..=bound).contains(&first), "{first} in the first step");
    let spent = allocation_counter::measure(|| {
        for _ in 0..10_000 {
            receive(&mut engine, Tick::ZERO, &handle, 1, bomb);
        }
    });
    assert_eq!(
        COUNT as usize - engine.numbers().replies,
        first,
        "a message that repeats what is being worked off does nothing more"
    );
    let each = spent.count_total as f64 / 10_000.0;
    assert!(
        each <= 8.0,
        "{each} allocations per repeated acknowledgement"
    );
    let mut steps = 0;
    while engine.deadline() == Some(Tick::ZERO) {
        let before = engine.numbers().replies;
        engine.handle(Tick::ZERO, Input::Timeout);
        assert!(before - engine.numbers().replies <= bound);
        steps += 1;
        assert!(steps <= 1000, "it ends");
    }
    assert_eq!(engine.numbers().replies, 0);
    assert!(steps <= COUNT as usize / bound + 2, "{steps} steps");
}
