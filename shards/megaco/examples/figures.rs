//! Prints the engine's figures: transactions per second, memory per connection, the longest step of a timer storm, the cost of an acknowledgement bomb.
//!
//! Times are those of the thread on its core, so that who shares the machine does not count; wall times stand beside them.
//!
//! `cargo run --release -p megaphone-megaco --example figures`

#[path = "../tests/notified/mod.rs"]
mod notified;

use megaphone_megaco::{Input, Options};
use megaphone_wheel::Tick;
use notified::{compact, engine, notify, receive};
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Time this thread has spent on a core.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap_or("");
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

fn throughput() {
    // A hundred connections; each acknowledges what it has got with every 64th message.
    let (mut engine, handle) = engine(Options::default(), compact());
    let message = |n: u32| match (n / 100) % 64 {
        63 => format!(
            "{}K{{{}-{}}}",
            notify(n % 100, n / 100 + 1),
            (n / 100).saturating_sub(62),
            n / 100
        ),
        _ => notify(n % 100, n / 100 + 1),
    };
    let messages: Vec<String> = (0..1_000_000).map(message).collect();
    let (start, wall) = (cpu(), Instant::now());
    for (n, message) in messages.iter().enumerate() {
        receive(
            &mut engine,
            Tick(n as u64 * 1000),
            &handle,
            1,
            message.as_bytes(),
        );
    }
    let rate = |time: Duration| messages.len() as f64 / time.as_secs_f64();
    let executed = engine.totals().requests_executed;
    println!(
        "request/reply in process, compact text: {executed} transactions, {:.0}/s per core ({:.0}/s wall)",
        rate(cpu() - start),
        rate(wall.elapsed())
    );
}

fn memory() {
    let (mut engine, handle) = engine(Options::default(), compact());
    let before = resident_bytes();
    let count = 1_000_000;
    for connection in 0..count {
        receive(
            &mut engine,
            Tick::ZERO,
            &handle,
            connection.into(),
            notify(connection, 1).as_bytes(),
        );
    }
    let numbers = engine.numbers();
    let each = (resident_bytes() - before) / u64::from(count);
    println!(
        "{} connections, {} stored replies: {each} B per connection",
        numbers.connections, numbers.replies
    );

    // All replies end at the same instant.
    let now = Tick::from(Duration::from_secs(31));
    let (mut longest, mut steps) = (Duration::ZERO, 0);
    let mut spent = Vec::new();
    while engine.deadline().is_some_and(|due| due <= now) {
        let (start, wall) = (cpu(), Instant::now());
        engine.handle(now, Input::Timeout);
        spent.push(cpu() - start);
        longest = longest.max(wall.elapsed());
        steps += 1;
    }
    spent.sort_unstable();
    let p999 = spent
        .get(spent.len() * 999 / 1000)
        .copied()
        .unwrap_or_default();
    let worst = spent.last().copied().unwrap_or_default();
    println!(
        "timer storm of {count} deadlines: {steps} steps, p99.9 {p999:?}, longest {worst:?} ({longest:?} wall)"
    );
}

fn bomb() {
    let (mut engine, handle) = engine(Options::default(), compact());
    for id in 1..=100_000 {
        receive(
            &mut engine,
            Tick::ZERO,
            &handle,
            1,
            notify(1, id).as_bytes(),
        );
    }
    let (mut longest, start) = (Duration::ZERO, cpu());
    for _ in 0..10_000 {
        let step = cpu();
        receive(
            &mut engine,
            Tick::ZERO,
            &handle,
            1,
            b"!/1 [10.0.0.1]:2944 K{1-4294967295}",
        );
        longest = longest.max(cpu() - step);
    }
    println!(
        "10,000 times K{{1-4294967295}} against 100,000 live replies: {:?}, longest step {longest:?}",
        cpu() - start
    );
}

fn main() {
    throughput();
    memory();
    bomb();
}
