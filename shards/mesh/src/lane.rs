//! One direction of all lanes: rings of slots with one shared word each, the write position. Who may write or take a slot
//! is the caller's duty ([`crate::Port`]), by counting credits.
//!
//! # Why a slot is free when it is written again
//!
//! Let item number `s` go into slot `s mod width`, `width >= capacity`. The writer A sends item `s` only after it took
//! `s - capacity + 1` returns. The reader B answers only what it has taken, and takes in order; so by then B has taken item `s - capacity`
//! and all before it, among them the slot's former content. B's take happens before B's publication of the
//! return (release), which happens before A's look at it (acquire), which happens before A's write.
//!
//! Returns: B writes return `r` after it took item `r` (or a later one). A sent that item after it took return `r - capacity`,
//! the slot's former content. The same chain in the other direction.

use crate::sync::{AtomicU32, Ordering, UnsafeCell};
use crossbeam_utils::CachePadded;
use std::mem::{MaybeUninit, size_of};

type Slot<V> = UnsafeCell<MaybeUninit<V>>;

/// The rings of one kind of value, for all lanes, in one allocation: slots that no lane has reached stay untouched memory.
pub(crate) struct Lanes<V> {
    /// Per lane, the number of values published so far (wrapping). Written by the lane's writer alone.
    published: Box<[CachePadded<AtomicU32>]>,
    /// Per lane, the number of values taken, stored when the reader goes away: what lies between is dropped with the lanes.
    taken: Box<[AtomicU32]>,
    slots: Box<[Slot<V>]>,
    width: usize,
}

// SAFETY: the cells are reached only through `write` and `take`, whose callers guarantee that the two sides of a lane never
// touch the same slot at the same time (module doc); values move between threads, hence `V: Send`.
unsafe impl<V: Send> Sync for Lanes<V> {}
// SAFETY: owning the lanes means owning the values in them.
unsafe impl<V: Send> Send for Lanes<V> {}

impl<V> Lanes<V> {
    pub(crate) fn new(lanes: usize, capacity: u32) -> Self {
        let width = width(capacity);
        Self {
            published: (0..lanes)
                .map(|_| CachePadded::new(AtomicU32::new(0)))
                .collect(),
            taken: (0..lanes).map(|_| AtomicU32::new(0)).collect(),
            slots: slots(lanes * width),
            width,
        }
    }

    /// Bytes of all this, touched or not.
    pub(crate) fn memory_bytes(lanes: usize, capacity: u32) -> usize {
        let per_lane = size_of::<CachePadded<AtomicU32>>() // write position, on a line of its own
            + size_of::<AtomicU32>() // taken
            + width(capacity) * size_of::<Slot<V>>();
        lanes * per_lane
    }

    fn slot(&self, lane: usize, number: u32) -> &Slot<V> {
        &self.slots[lane * self.width + (number as usize & (self.width - 1))]
    }

    /// Puts value `number` in its slot, unpublished.
    ///
    /// # Safety
    ///
    /// The caller is the lane's only writer, and the slot's former value was taken (module doc).
    pub(crate) unsafe fn write(&self, lane: usize, number: u32, value: V) {
        self.slot(lane, number).with_mut(|slot| {
            // SAFETY: nobody else touches this slot now, by the contract of this function.
            unsafe { (*slot).write(value) };
        });
    }

    /// Publishes all values below `number`.
    pub(crate) fn publish(&self, lane: usize, number: u32) {
        self.published[lane].store(number, Ordering::Release);
    }

    /// The number of values published so far.
    pub(crate) fn published(&self, lane: usize) -> u32 {
        self.published[lane].load(Ordering::Acquire)
    }

    /// Takes value `number` out of its slot.
    ///
    /// # Safety
    ///
    /// The caller is the lane's only reader, has seen `number` published, and takes each number once.
    pub(crate) unsafe fn take(&self, lane: usize, number: u32) -> V {
        self.slot(lane, number).with(|slot| {
            // SAFETY: the value was written before it was published, and nobody else touches it now.
            unsafe { (*slot).assume_init_read() }
        })
    }

    /// The reader's last word: it has taken all values below `number`, and takes no more.
    pub(crate) fn leave(&self, lane: usize, number: u32) {
        self.taken[lane].store(number, Ordering::Release);
    }
}

impl<V> Drop for Lanes<V> {
    fn drop(&mut self) {
        for lane in 0..self.published.len() {
            let end = self.published(lane);
            let mut number = self.taken[lane].load(Ordering::Acquire);
            while number != end {
                // SAFETY: both sides are gone (`&mut self`), their positions were stored when they went.
                drop(unsafe { self.take(lane, number) });
                number = number.wrapping_add(1);
            }
        }
    }
}

/// Slots per lane: a power of two, so that numbers may wrap.
fn width(capacity: u32) -> usize {
    capacity.next_power_of_two() as usize
}

#[cfg(not(loom))]
fn slots<V>(count: usize) -> Box<[Slot<V>]> {
    let slots: Box<[MaybeUninit<Slot<V>>]> = Box::new_uninit_slice(count);
    // SAFETY: a `Slot<V>` is a transparent wrapper around `MaybeUninit<V>`, for which any bytes are valid.
    unsafe { slots.assume_init() }
}

#[cfg(loom)]
fn slots<V>(count: usize) -> Box<[Slot<V>]> {
    (0..count)
        .map(|_| UnsafeCell::new(MaybeUninit::uninit()))
        .collect()
}
