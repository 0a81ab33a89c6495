//! Tests of the pool, one file per subject.

mod blocks;
mod gathers;
mod loans;
mod model;

use crate::{Class, Pool, PoolConfig};

/// A pool small enough to run dry in a test.
fn small_pool() -> Pool {
    let config = PoolConfig::new(7)
        .with(Class::Parking, 256, 64)
        .with(Class::Receive, 2048, 16)
        .with(Class::Bulk, 16_384, 4);
    Pool::new(&config).expect("a small pool")
}

/// `n` bytes that differ from their neighbours.
fn pattern(start: usize, n: usize) -> Vec<u8> {
    (start..start + n).map(|i| (i % 251) as u8).collect()
}

/// Nothing is out any more, and every header agrees.
fn assert_whole(pool: &Pool) {
    pool.collect_strays();
    assert!(pool.is_whole(), "{pool:?}");
    assert!(pool.audit());
}
