//! Request and reply in process: decode, dedupe, user, encode; and a call with its reply. Run with `cargo bench -p megaphone-megaco`.

#[path = "../tests/notified/mod.rs"]
mod notified;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use megaphone_megaco::config::{Config, Encoding, Timer};
use megaphone_megaco::{Input, Options};
use megaphone_wheel::Tick;
use notified::{engine, notify, receive};

fn answering(c: &mut Criterion) {
    let mut group = c.benchmark_group("answer");
    group.throughput(Throughput::Elements(1));
    for (name, encoding) in [("compact", Encoding::Compact), ("pretty", Encoding::Pretty)] {
        let config = Config {
            encoding_mod: encoding,
            reply_timer: Timer::Once(1000),
            long_timer: 1000,
            ..Config::default()
        };
        let (mut engine, handle) = engine(Options::default(), config);
        let (mut id, mut now) = (0_u32, Tick::ZERO);
        group.bench_function(name, |b| {
            b.iter(|| {
                id += 1;
                now = Tick(now.0 + 2000);
                receive(&mut engine, now, &handle, 1, notify(1, id).as_bytes());
                if engine.deadline().is_some_and(|due| due <= now) {
                    engine.handle(now, Input::Timeout);
                }
            });
        });
    }
}

criterion_group!(benches, answering);
criterion_main!(benches);
