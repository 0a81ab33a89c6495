//! The hot path allocates nothing after warm-up: a counting allocator watches the shard's thread.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use support::{Echo, World, echo, loopback};

/// Counts allocations of threads that are named like shards.
struct Counting;

static ON_SHARDS: AtomicU64 = AtomicU64::new(0);
static COUNTING: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    if !COUNTING.load(Ordering::Relaxed) || INSIDE.replace(true) {
        return;
    }
    let mut name = [0_u8; 16];
    // SAFETY: the room is 16 bytes, as PR_GET_NAME demands.
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    if name.starts_with(b"shard-") {
        ON_SHARDS.fetch_add(1, Ordering::Relaxed);
    }
    INSIDE.set(false);
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    // SAFETY: what the caller promises of layout is passed on as it is.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: what the caller promises of pointer and layout is passed on as it is.
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }

    // SAFETY: what the caller promises of pointer, layout and size is passed on as it is.
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn no_packet_costs_an_allocation() {
    // Without reports: the test's channel allocates.
    let world = World::start_with(loopback(), false, |_| Echo);
    let mut clients: Vec<_> = (0..20).map(|_| world.client()).collect();
    let mut round = |rounds: usize, bytes: usize| {
        for _ in 0..rounds {
            for client in &mut clients {
                echo(client, &vec![1; bytes]);
            }
        }
    };
    let sizes = [1, 64, 1_024, 3_000, 20_000];
    for bytes in sizes {
        round(20, bytes);
    }
    COUNTING.store(true, Ordering::Relaxed);
    for bytes in sizes {
        round(50, bytes);
    }
    COUNTING.store(false, Ordering::Relaxed);
    let allocations = ON_SHARDS.load(Ordering::Relaxed);
    assert_eq!(
        allocations,
        0,
        "{allocations} allocations for {} packets",
        sizes.len() * 50 * 20
    );
    world.stop();
}
