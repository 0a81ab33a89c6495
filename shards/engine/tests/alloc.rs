//! The hot path allocates nothing after warm-up: a counting allocator watches the shard's thread, and shows who it was.

mod support;

use megaphone_core::Input;
use megaphone_wheel::Tick;
use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use support::{Behaviour, Echo, Kit, World, echo, loopback};

/// Counts allocations of the threads that made a machine: the shards' own, and not those that glommio starts beside them.
struct Counting;

static ON_SHARDS: AtomicU64 = AtomicU64::new(0);
static COUNTING: AtomicBool = AtomicBool::new(false);
/// Nothing is to be allocated any more: what is, is shown.
static WARM: AtomicBool = AtomicBool::new(false);

thread_local! {
    static IS_SHARD: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    if COUNTING.load(Ordering::Relaxed) && IS_SHARD.replace(false) {
        ON_SHARDS.fetch_add(1, Ordering::Relaxed);
        if WARM.load(Ordering::Relaxed) {
            eprintln!("{}", Backtrace::force_capture());
        }
        IS_SHARD.set(true);
    }
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

/// An echo whose lists have their room from the start. How many pieces of a large packet are outgoing at a time is a matter of
/// timing, so a warm-up cannot promise to have seen the most; this one has as many as the packet has blocks, and more.
struct Roomy(Echo);

impl Roomy {
    const PIECES: usize = 64;
}

impl Behaviour for Roomy {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, now: Tick, input: Input<()>) {
        let accepted = if let Input::Accepted { socket, .. } = input {
            Some(socket)
        } else {
            None
        };
        self.0.on(kit, now, input);
        if let Some(gather) = accepted.and_then(|socket| kit.outgoing.get_mut(&socket)) {
            let full = vec![0; kit.pool.coalesce_bytes_max()];
            while gather.piece_count() < Self::PIECES {
                gather.push_lease(kit.pool.copy_in(&full).expect("a block"));
            }
            gather.clear();
        }
    }
}

#[test]
fn no_packet_costs_an_allocation() {
    // Without reports: the test's channel allocates.
    let world = World::start_with(loopback(), false, |_| {
        IS_SHARD.set(true);
        Roomy(Echo)
    });
    COUNTING.store(true, Ordering::Relaxed);
    let mut clients: Vec<_> = (0..20).map(|_| world.client()).collect();
    let mut round = |rounds: usize, bytes: usize| {
        for _ in 0..rounds {
            for client in &mut clients {
                echo(client, &vec![1; bytes]);
            }
        }
    };
    // The largest is 10 receive blocks, if the kernel fills them.
    let sizes = [1, 64, 1_024, 3_000, 20_000];
    for bytes in sizes {
        round(20, bytes);
    }
    let before = ON_SHARDS.swap(0, Ordering::Relaxed);
    assert!(before > 0, "what counts allocations sees none");
    WARM.store(true, Ordering::Relaxed);
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
