//! Nanoseconds per frame: cutting a stream, and cutting and echoing it. Wall time; for instruction counts see
//! `examples/framing_callgrind.rs`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use megaphone_frame::{Expect, Framing, Limits};
use megaphone_pool::{Class, Gather, Lease, Pool, PoolConfig};
use std::hint::black_box;

/// A block full of packets with `bytes` of body each; also how many.
fn packets(pool: &Pool, framing: Framing, bytes: usize) -> (Lease, u64) {
    let mut writer = pool.writable(Class::Bulk).expect("a block");
    let packet = [
        &framing.data_header(7, bytes as u32).expect("short"),
        &vec![b'x'; bytes][..],
    ]
    .concat();
    let mut count = 0;
    while writer.room() >= packet.len() {
        writer.put(&packet);
        count += 1;
    }
    (writer.freeze(), count)
}

fn cut(framing: Framing, input: &mut Gather, mut each: impl FnMut(&mut Gather)) {
    let (mut expect, mut body) = (Expect::default(), Gather::new());
    while framing
        .next(&mut expect, input, &mut body, Limits::DEFAULT)
        .expect("well-formed")
        .is_some()
    {
        each(&mut body);
        body.clear();
    }
}

fn framing(criterion: &mut Criterion) {
    let pool = Pool::new(&PoolConfig::new(0)).expect("a pool");
    for bytes in [64, 1024] {
        for framing in [
            Framing::Link,
            Framing::ClassicFixed,
            Framing::ClassicVar,
            Framing::Tpkt,
        ] {
            let (block, count) = packets(&pool, framing, bytes);
            let mut group = criterion.benchmark_group(format!("{framing}/{bytes}"));
            group.throughput(Throughput::Elements(count));
            let mut input = pool.gather();
            group.bench_function("cut", |bench| {
                bench.iter(|| {
                    input.push_lease(block.clone());
                    cut(framing, &mut input, |body| {
                        black_box(body.len());
                    });
                });
            });
            let mut outgoing = pool.gather();
            group.bench_function("echo", |bench| {
                bench.iter(|| {
                    input.push_lease(block.clone());
                    cut(framing, &mut input, |body| {
                        let header = framing.data_header(7, body.len() as u32).expect("short");
                        outgoing.push_bytes(&pool, &header).expect("room");
                        outgoing.append(body);
                    });
                    outgoing.advance(usize::MAX, drop);
                });
            });
        }
    }
}

criterion_group!(benches, framing);
criterion_main!(benches);
