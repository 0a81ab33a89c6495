//! The provided-buffer ring: pool blocks that the kernel picks from when something arrives.

use io_uring::Submitter;
use io_uring::types::BufRingEntry;
use megaphone_pool::{Class, Lease, Pool};
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

/// The buffer group of streams.
pub(crate) const GROUP: u16 = 0;

/// A ring of buffers shared with the kernel, fed from one class of the pool.
pub(crate) struct Buffers {
    entries: NonNull<BufRingEntry>,
    capacity: u16,
    tail: u16,
    /// Buffers that the kernel may pick now.
    ready: u16,
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

    /// Gives blocks to the kernel until the ring is full or the pool has no more.
    pub(crate) fn fill(&mut self, pool: &Pool) {
        let before = self.tail;
        while self.ready < self.capacity {
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
