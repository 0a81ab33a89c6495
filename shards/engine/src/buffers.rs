//! The provided-buffer ring: pool blocks that the kernel picks from when something arrives.
//!
//! The kernel takes them in turn, so a ring that is always full walks through all of its memory, and each arrival meets a
//! block that the processor's cache has long forgotten. So the ring is kept only as full as the traffic asks for: a turn that
//! takes more than half of what was ready doubles that, and a long calm halves it.

use io_uring::Submitter;
use io_uring::types::BufRingEntry;
use megaphone_pool::{Class, Lease, Pool};
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

/// What is ready at least, if the ring is large enough.
const READY_MIN: u16 = 128;
/// After so many turns that left more than three quarters, fewer will do.
const CALM_TURNS: u32 = 4_096;

/// The buffer group of streams.
pub(crate) const GROUP: u16 = 0;

/// A ring of buffers shared with the kernel, fed from one class of the pool.
pub(crate) struct Buffers {
    entries: NonNull<BufRingEntry>,
    capacity: u16,
    tail: u16,
    /// Buffers that the kernel may pick now.
    ready: u16,
    /// How many there are to be.
    wanted: u16,
    /// Turns in a row that left most of them.
    calm: u32,
    class: Class,
}

impl Buffers {
    /// Registers `group`, a ring of `capacity` buffers (a power of two up to 32,768), empty.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub(crate) fn register(
        submitter: &Submitter<'_>,
        group: u16,
        capacity: u16,
        class: Class,
    ) -> io::Result<Self> {
        let layout = Self::layout(capacity);
        // SAFETY: the layout has a size above zero.
        let Some(entries) = NonNull::new(unsafe { alloc_zeroed(layout) }) else {
            handle_alloc_error(layout)
        };
        let buffers = Self {
            entries: entries.cast(),
            capacity,
            tail: 0,
            ready: 0,
            wanted: capacity.min(READY_MIN),
            calm: 0,
            class,
        };
        // SAFETY: the ring is unregistered, or the io_uring closed, before this memory goes (`crate::shard` drops in order).
        unsafe {
            submitter.register_buf_ring_with_flags(entries.as_ptr() as u64, capacity, group, 0)
        }?;
        Ok(buffers)
    }

    fn layout(capacity: u16) -> Layout {
        Layout::array::<BufRingEntry>(usize::from(capacity))
            .and_then(|layout| layout.align_to(4096))
            .expect("at most 32,768 entries of 16 bytes")
    }

    /// Gives blocks to the kernel until it has what the traffic asks for or the pool has no more. Once a turn.
    pub(crate) fn fill(&mut self, pool: &Pool) {
        self.follow_traffic();
        let before = self.tail;
        while self.ready < self.wanted {
            let Some(block) = pool.take_for_kernel(self.class) else {
                break;
            };
            let at = usize::from(self.tail & (self.capacity - 1));
            // SAFETY: inside the ring; the kernel reads an entry only after the tail passed it.
            let entry = unsafe { &mut *self.entries.as_ptr().add(at) };
            entry.set_addr(block.ptr.as_ptr() as u64);
            entry.set_len(block.len);
            entry.set_bid(block.index);
            self.tail = self.tail.wrapping_add(1);
            self.ready += 1;
        }
        if self.tail != before {
            // SAFETY: the ring's first entry holds the tail, which the kernel reads with acquire.
            let tail = unsafe { &*BufRingEntry::tail(self.entries.as_ptr()).cast::<AtomicU16>() };
            tail.store(self.tail, Ordering::Release);
        }
    }

    fn follow_traffic(&mut self) {
        if self.ready < self.wanted / 2 {
            self.wanted = self.wanted.saturating_mul(2).min(self.capacity);
        }
        let calm = self.ready > self.wanted / 4 * 3;
        self.calm = if calm { self.calm + 1 } else { 0 };
        if self.calm == CALM_TURNS {
            self.wanted = (self.wanted / 2).max(READY_MIN).min(self.capacity);
            self.calm = 0;
        }
    }

    /// Somebody found none: all that the ring holds are wanted.
    pub(crate) fn missed(&mut self) {
        self.wanted = self.capacity;
        self.calm = 0;
    }

    /// The kernel filled buffer `index` with `len` bytes.
    pub(crate) fn filled(&mut self, pool: &Pool, index: u16, len: u32) -> Option<Lease> {
        self.ready = self.ready.saturating_sub(1);
        pool.filled(self.class, index, len)
    }

    /// The kernel used buffer `index` for nothing that anybody wants.
    pub(crate) fn spoiled(&mut self, pool: &Pool, index: u16) -> bool {
        self.ready = self.ready.saturating_sub(1);
        pool.kernel_return(self.class, index)
    }

    /// Buffers that the kernel may pick now.
    pub(crate) fn ready(&self) -> u16 {
        self.ready
    }

    /// Whether there is enough for starved sockets to go on: an eighth of the ring.
    pub(crate) fn may_feed_starved(&self) -> bool {
        self.ready >= (self.capacity / 8).max(1)
    }

    /// Returns all blocks that are still in the ring. Only when the kernel can pick none any more: the ring is
    /// unregistered and no receive is in flight.
    pub(crate) fn drain(&mut self, pool: &Pool) {
        for back in 0..self.ready {
            let at = usize::from(
                self.tail.wrapping_sub(self.ready).wrapping_add(back) & (self.capacity - 1),
            );
            // SAFETY: inside the ring; the kernel does not use it any more.
            let entry = unsafe { &*self.entries.as_ptr().add(at) };
            pool.kernel_return(self.class, entry.bid());
        }
        self.ready = 0;
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: allocated with the same layout; the kernel does not use it any more (see `register`).
        unsafe { dealloc(self.entries.as_ptr().cast(), Self::layout(self.capacity)) }
    }
}
