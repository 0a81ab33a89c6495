//! One block's header: who has a right to the block, and what happens when the last right goes.

use super::{Region, id_class, id_index};
use crate::config::Class;
use crate::sync::{AtomicU32, Ordering};
use std::cell::Cell;
use std::ptr::NonNull;

/// What a block is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    Free,
    Kernel,
    Leased,
}

/// What is known about one block.
#[repr(C)]
pub(crate) struct Header {
    /// The block's bytes. Constant.
    pub(super) base: NonNull<u8>,
    /// Home. Constant.
    pub(super) region: NonNull<Region>,
    /// `class << 16 | index`, plus one, so that 0 can mean none. Constant.
    pub(super) id: u32,
    pub(super) state: Cell<State>,
    /// Local rights: leases, and the writer if there is one.
    pub(super) local: Cell<u32>,
    /// Loans out, as far as the owner made them.
    pub(super) lent: Cell<u32>,
    /// Loans that borrowers made out of ours by splitting.
    pub(super) split: AtomicU32,
    /// Loans dropped without return, waiting for [`Region::collect_strays`].
    pub(super) strays: AtomicU32,
    pub(super) next_stray: AtomicU32,
    pub(super) next_free: Cell<u32>,
}

impl Header {
    /// First byte of the block.
    #[inline]
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// The region, on the owner's thread.
    #[inline]
    pub(crate) fn region(&self) -> &Region {
        // SAFETY: a lease or loan exists for whoever holds this header, so the region is mapped.
        unsafe { self.region.as_ref() }
    }

    /// Index in its class.
    pub(crate) fn index(&self) -> u16 {
        id_index(self.id) as u16
    }

    pub(crate) fn class(&self) -> Class {
        id_class(self.id)
    }

    /// Bytes of this block.
    #[inline]
    pub(crate) fn block_bytes(&self) -> u32 {
        self.region().block_bytes(self.class())
    }

    /// One more local right.
    #[inline]
    pub(crate) fn local_more(&self) {
        let local = self
            .local
            .get()
            .checked_add(1)
            .expect("four billion leases do not fit in memory");
        self.local.set(local);
    }

    /// One local right less.
    #[inline]
    pub(crate) fn local_less(&self) {
        self.local.set(self.local.get() - 1);
        self.free_if_unused();
    }

    /// A local right becomes a loan.
    pub(crate) fn local_to_loan(&self) {
        let class = &self.region().classes[self.class() as usize];
        self.local.set(self.local.get() - 1);
        self.lent.set(self.lent.get() + 1);
        class.lent.set(class.lent.get() + 1);
    }

    /// A borrower makes two loans of one. Any thread.
    ///
    /// # Safety
    /// The caller owns a loan of the block.
    pub(crate) unsafe fn loan_split(header: NonNull<Header>) {
        // SAFETY: the loan keeps the header mapped; an atomic only. Relaxed suffices: whatever brings either half
        // home synchronises with the owner.
        unsafe { (*header.as_ptr()).split.fetch_add(1, Ordering::Relaxed) };
    }

    /// The region of a block, from any thread, to compare.
    ///
    /// # Safety
    /// The caller owns a right to the block.
    pub(crate) unsafe fn region_of(header: NonNull<Header>) -> NonNull<Region> {
        // SAFETY: the right keeps the header mapped; the field is constant.
        unsafe { (*header.as_ptr()).region }
    }

    /// A loan came home, on the owner's thread.
    pub(crate) fn loan_home(&self) {
        if self.split.load(Ordering::Relaxed) > 0 {
            self.split.fetch_sub(1, Ordering::Relaxed);
        } else {
            let class = &self.region().classes[self.class() as usize];
            self.lent.set(self.lent.get() - 1);
            class.lent.set(class.lent.get() - 1);
        }
        self.free_if_unused();
    }

    /// Loans out: made by us, or by borrowers.
    pub(super) fn outstanding(&self) -> u64 {
        u64::from(self.lent.get()) + u64::from(self.split.load(Ordering::Relaxed))
    }

    fn free_if_unused(&self) {
        if self.local.get() == 0 && self.outstanding() == 0 {
            let region = self.region();
            let class = &region.classes[self.class() as usize];
            debug_assert_eq!(self.state.get(), State::Leased);
            class.leased.set(class.leased.get() - 1);
            region.put_free(self);
        }
    }

    /// Leaves a loan for the owner to collect. Any thread; `header` must not be used afterwards.
    ///
    /// # Safety
    /// The caller owns a loan of the block and gives it up.
    pub(crate) unsafe fn stray(header: NonNull<Header>) {
        // SAFETY: the loan keeps the region mapped until it is counted in `strays` (or, for the first, listed).
        // Only atomics and constants are touched.
        unsafe {
            let block = header.as_ptr();
            // Release: our reads of the bytes come before the owner's reuse. If others are waiting in the count
            // already, whoever raised it from zero lists the block, and this was our last access.
            if (*block).strays.fetch_add(1, Ordering::Release) > 0 {
                return;
            }
            let head = &raw const (*(*block).region.as_ptr()).stray_head.0;
            let id = (*block).id;
            let mut seen = (*head).load(Ordering::Relaxed);
            loop {
                (*block).next_stray.store(seen, Ordering::Relaxed);
                // The exchange that succeeds is the last access.
                match (*head).compare_exchange_weak(seen, id, Ordering::Release, Ordering::Relaxed)
                {
                    Ok(_) => return,
                    Err(now) => seen = now,
                }
            }
        }
    }
}
