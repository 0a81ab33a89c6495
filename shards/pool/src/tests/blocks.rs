//! Blocks: states, counts, leases, writers, limits.

use super::{assert_whole, pattern, small_pool};
use crate::{BLOCKS_MAX, Class, ClassConfig, Lease, Pool, PoolConfig, PoolError};

#[test]
fn a_lease_is_sixteen_bytes() {
    assert_eq!(size_of::<Lease>(), 16);
    assert_eq!(size_of::<Option<Lease>>(), 16);
    assert_eq!(size_of::<crate::Returned>(), 16);
    assert_eq!(size_of::<crate::Loan>(), 24);
    assert_eq!(size_of::<crate::Piece>(), 24);
}

#[test]
fn a_block_goes_to_the_kernel_comes_back_filled_and_is_freed() {
    let pool = small_pool();
    let block = pool.take_for_kernel(Class::Receive).expect("a block");
    assert_eq!(block.len, 2048);
    let counts = pool.counts(Class::Receive);
    assert_eq!((counts.free, counts.kernel, counts.leased), (15, 1, 0));
    // SAFETY: the block is ours in the kernel's stead until `filled`.
    unsafe {
        block
            .ptr
            .copy_from_nonoverlapping(std::ptr::NonNull::from(b"hello").cast(), 5)
    };
    let lease = pool
        .filled(Class::Receive, block.index, 5)
        .expect("the kernel had it");
    assert_eq!(&*lease, b"hello");
    let counts = pool.counts(Class::Receive);
    assert_eq!(
        (counts.free, counts.kernel, counts.leased, counts.low_water),
        (15, 0, 1, 15)
    );
    drop(lease);
    assert_whole(&pool);
}

#[test]
fn a_completion_that_names_no_block_of_the_kernel_is_refused() {
    let pool = small_pool();
    assert!(pool.filled(Class::Receive, 0, 1).is_none(), "never taken");
    assert!(pool.filled(Class::Receive, 16, 1).is_none(), "past the end");
    assert!(pool.filled(Class::Receive, u16::MAX, 1).is_none());
    let block = pool.take_for_kernel(Class::Receive).expect("a block");
    let lease = pool
        .filled(Class::Receive, block.index, 9999)
        .expect("once");
    assert_eq!(lease.len(), 2048, "the length is clipped to the block");
    assert!(
        pool.filled(Class::Receive, block.index, 1).is_none(),
        "twice"
    );
    assert!(!pool.kernel_return(Class::Receive, block.index));
    drop(lease);
    assert!(
        !pool.kernel_return(Class::Receive, block.index),
        "it is free"
    );
    assert_whole(&pool);
}

#[test]
fn an_unused_kernel_block_is_free_again() {
    let pool = small_pool();
    let block = pool.take_for_kernel(Class::Bulk).expect("a block");
    assert!(pool.kernel_return(Class::Bulk, block.index));
    assert_whole(&pool);
}

#[test]
fn a_class_runs_dry_and_recovers() {
    let pool = small_pool();
    let mut writers: Vec<_> = (0..4)
        .map(|_| pool.writable(Class::Bulk).expect("a block"))
        .collect();
    assert!(pool.writable(Class::Bulk).is_none());
    assert!(pool.take_for_kernel(Class::Bulk).is_none());
    let counts = pool.counts(Class::Bulk);
    assert_eq!(
        (counts.free, counts.leased, counts.low_water, counts.refused),
        (0, 4, 0, 2)
    );
    writers.pop();
    assert!(pool.writable(Class::Bulk).is_some());
    drop(writers);
    assert_whole(&pool);
}

#[test]
fn the_nth_block_is_refused_on_demand() {
    let pool = small_pool();
    for n in 0..5 {
        pool.refuse_after(Some(n));
        let taken: Vec<_> = std::iter::from_fn(|| pool.writable(Class::Receive)).collect();
        assert_eq!(taken.len() as u64, n);
    }
    pool.refuse_after(None);
    assert!(pool.writable(Class::Receive).is_some());
    assert_whole(&pool);
}

#[test]
fn the_warmest_block_is_used_first() {
    let pool = small_pool();
    let a = pool.take_for_kernel(Class::Receive).expect("a block").index;
    let b = pool.take_for_kernel(Class::Receive).expect("a block").index;
    assert_eq!((a, b), (0, 1), "blocks are broken in from the front");
    pool.kernel_return(Class::Receive, a);
    pool.kernel_return(Class::Receive, b);
    assert_eq!(
        pool.take_for_kernel(Class::Receive).expect("a block").index,
        b
    );
    pool.kernel_return(Class::Receive, b);
}

#[test]
fn leases_split_advance_and_truncate() {
    let pool = small_pool();
    let bytes = pattern(0, 100);
    let mut lease = pool.copy_in(&bytes).expect("room");
    let front = lease.split_to(30);
    assert_eq!((&*front, &*lease), (&bytes[..30], &bytes[30..]));
    lease.advance(10);
    lease.truncate(5);
    assert_eq!(&*lease, &bytes[40..45]);
    let all = lease.split_to(usize::MAX);
    assert!(lease.is_empty());
    lease.advance(usize::MAX);
    assert_eq!(&*all, &bytes[40..45]);
    assert_eq!(
        pool.counts(Class::Parking).leased,
        1,
        "one block, however many leases"
    );
    drop(all);
    drop(lease);
    assert_eq!(pool.counts(Class::Parking).leased, 1);
    drop(front);
    assert_whole(&pool);
}

#[test]
fn a_writer_appends_behind_its_leases() {
    let pool = small_pool();
    let mut writer = pool.writable(Class::Parking).expect("a block");
    assert_eq!(writer.put(b"abc"), 3);
    let first = writer.lease_from(0);
    assert_eq!(writer.put(&[b'x'; 300]), 253);
    assert_eq!((writer.room(), writer.put(b"y")), (0, 0));
    assert_eq!(&*first, b"abc");
    let rest = writer.lease_from(3);
    assert!(rest.iter().all(|&byte| byte == b'x'));
    let all = writer.freeze();
    assert_eq!(all.len(), 256);
    drop((first, rest, all));
    assert_whole(&pool);
}

#[test]
fn a_writer_is_filled_in_place() {
    let pool = small_pool();
    let mut writer = pool.writable(Class::Receive).expect("a block");
    writer.spare()[..4].copy_from_slice(b"recv");
    writer.wrote(4);
    assert_eq!(writer.spare().len(), 2044);
    assert_eq!(&*writer.freeze(), b"recv");
    assert_whole(&pool);
}

#[test]
fn copies_go_to_the_smallest_class_with_room() {
    let pool = small_pool();
    for (bytes, class) in [
        (0, Class::Parking),
        (256, Class::Parking),
        (257, Class::Receive),
        (2049, Class::Bulk),
        (16_384, Class::Bulk),
    ] {
        let lease = pool.copy_in(&pattern(bytes, bytes)).expect("room");
        assert_eq!(pool.counts(class).leased, 1, "{bytes} bytes");
        assert_eq!(&*lease, &pattern(bytes, bytes)[..]);
    }
    assert_eq!(
        pool.copy_in(&[0; 16_385]).expect_err("too large").class,
        Class::Bulk
    );
    let parked: Vec<_> = (0..64)
        .map(|_| pool.writable(Class::Parking).expect("a block"))
        .collect();
    assert_eq!(
        pool.copy_in(b"x").expect("a larger one").block_bytes(),
        2048
    );
    drop(parked);
    assert_whole(&pool);
}

#[test]
fn shapes_out_of_range_are_refused() {
    let with = |bytes, blocks| {
        Pool::new(&PoolConfig::new(0).with(Class::Receive, bytes, blocks)).map(drop)
    };
    assert_eq!(with(2048, 1), Ok(()));
    assert_eq!(with(2048, BLOCKS_MAX), Ok(()));
    for blocks in [0, BLOCKS_MAX + 1] {
        assert_eq!(
            with(2048, blocks),
            Err(PoolError::Blocks {
                class: Class::Receive,
                blocks
            })
        );
    }
    for block_bytes in [0, 64, 192, 2047, 2049, (1 << 20) + 64] {
        let wrong = PoolError::BlockBytes {
            class: Class::Receive,
            block_bytes,
            smallest: 256,
        };
        assert_eq!(with(block_bytes, 16), Err(wrong), "{block_bytes}");
    }
    let last = PoolConfig::new(0).with(Class::Bulk, 1 << 20, 16);
    assert_eq!(
        last.classes[2],
        ClassConfig {
            block_bytes: 1 << 20,
            blocks: 16
        }
    );
    assert!(Pool::new(&last).is_ok());
}

#[test]
fn the_last_block_of_the_largest_class_is_usable() {
    let config = PoolConfig::new(0).with(Class::Receive, 2048, BLOCKS_MAX);
    let pool = Pool::new(&config).expect("64 MiB of address space");
    let mut last = None;
    while let Some(block) = pool.take_for_kernel(Class::Receive) {
        last = Some(block);
    }
    let last = last.expect("some");
    assert_eq!(last.index, 32_767);
    let (start, bytes) = pool.span(Class::Receive);
    assert_eq!(
        last.ptr.as_ptr() as usize + last.len as usize,
        start.as_ptr() as usize + bytes
    );
    assert_eq!(start.as_ptr() as usize % 4096, 0);
    let lease = pool
        .filled(Class::Receive, last.index, 2048)
        .expect("the kernel had it");
    assert_eq!(lease[2047], 0);
    drop(lease);
    for index in 0..32_767 {
        assert!(pool.kernel_return(Class::Receive, index));
    }
    assert_whole(&pool);
}

#[test]
fn leases_outlive_their_pool() {
    let pool = small_pool();
    let twin = pool.clone();
    let lease = pool.copy_in(b"still here").expect("room");
    drop(pool);
    assert!(twin.writable(Class::Bulk).is_some());
    drop(twin);
    assert_eq!(&*lease, b"still here");
    let copy = lease.clone();
    drop(lease);
    assert_eq!(&*copy, b"still here");
}

/// Under `scripts/asan` only: there, a look at a free block ends the test run.
#[test]
#[cfg(megaphone_asan)]
fn free_blocks_are_out_of_bounds_for_the_sanitizer() {
    let pool = small_pool();
    let lease = pool.copy_in(b"short life").expect("room");
    let (at, next) = (
        lease.as_ptr(),
        pool.span(Class::Parking).0.as_ptr().wrapping_add(256),
    );
    assert!(!crate::asan::is_poisoned(at));
    assert!(
        crate::asan::is_poisoned(next),
        "its neighbour was never used"
    );
    drop(lease);
    assert!(crate::asan::is_poisoned(at));
}
