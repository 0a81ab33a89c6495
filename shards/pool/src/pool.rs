//! The handle to a shard's blocks: what an engine, a machine and a metrics page ask of it.

use crate::config::{Class, PoolConfig, PoolError};
use crate::gather::Gather;
use crate::lease::{Lease, Writer};
use crate::loan::Returned;
use crate::region::{Header, Region, State};
use std::ptr::NonNull;
use thiserror::Error;

/// Lists of emptied gathers that are kept, at most.
const SPARE_LISTS_MAX: usize = 4096;

/// Pieces that a kept list has room for, at most: 6 KiB.
const LIST_PIECES_MAX: usize = 256;

/// A handle to one shard's pool. Cheap to clone; not `Send`, like everything that counts without atomics.
pub struct Pool {
    region: NonNull<Region>,
}

/// What a class's blocks are doing, in blocks. `free + kernel + leased = total` always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Ready to be taken.
    pub free: u32,
    /// Given to a buffer ring.
    pub kernel: u32,
    /// Read or written by somebody, here or on another shard.
    pub leased: u32,
    /// Loans out (not blocks: one block can be lent more than once). Halves of a loan that a borrower split count once.
    pub lent: u32,
    /// All blocks of the class.
    pub total: u32,
    /// The least `free` that was ever seen.
    pub low_water: u32,
    /// How often a block was asked for in vain.
    pub refused: u64,
}

/// What gathers did with the bytes given to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Bytes copied in user space: headers written, short arrivals coalesced.
    pub copied_bytes: u64,
    /// Bytes taken by reference.
    pub forwarded_bytes: u64,
    /// Loans that came home as strays.
    pub strays: u64,
}

/// No block was left: our exhaustion, never the peer's fault.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the shard's buffer pool is exhausted (class {class:?})")]
pub struct Exhausted {
    /// The class that was asked first.
    pub class: Class,
}

/// What became of a pool's memory, see [`Pool::close`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Other handles are left.
    Held,
    /// Nothing was outstanding: unmapped.
    Unmapped,
    /// Blocks are in the kernel, leased or lent: the mapping stays until the process ends.
    Leaked,
}

/// A block that the kernel may write to until it comes back by [`Pool::filled`] or [`Pool::kernel_return`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelBlock {
    /// Its index in its class: the buffer id.
    pub index: u16,
    /// Its first byte. Giving it to the kernel is the caller's `unsafe` act; it is good until the block comes back.
    pub ptr: NonNull<u8>,
    /// Its size in bytes.
    pub len: u32,
}

impl Pool {
    /// Maps a pool.
    ///
    /// # Errors
    /// [`PoolError`] for a shape out of range, or when the system will not map that much.
    pub fn new(config: &PoolConfig) -> Result<Self, PoolError> {
        Ok(Self {
            region: Region::map(config)?,
        })
    }

    fn region(&self) -> &Region {
        // SAFETY: this handle is counted, so the region is mapped, and it cannot leave the owner's thread.
        unsafe { self.region.as_ref() }
    }

    /// The shard that this pool belongs to.
    pub fn owner(&self) -> u16 {
        self.region().owner
    }

    /// Bytes per block of `class`.
    pub fn block_bytes(&self, class: Class) -> usize {
        self.region().block_bytes(class) as usize
    }

    /// The memory of all blocks of `class`, one contiguous range, block after block, page aligned.
    pub fn span(&self, class: Class) -> (NonNull<u8>, usize) {
        self.region().span(class)
    }

    /// What the blocks of `class` are doing.
    pub fn counts(&self, class: Class) -> Counts {
        let f = self.region().figures(class);
        Counts {
            free: f.free,
            kernel: f.kernel,
            leased: f.leased,
            lent: f.lent,
            total: f.total,
            low_water: f.low_water,
            refused: f.refused,
        }
    }

    /// What gathers did with their bytes.
    pub fn traffic(&self) -> Traffic {
        let region = self.region();
        Traffic {
            copied_bytes: region.copied_bytes.get(),
            forwarded_bytes: region.forwarded_bytes.get(),
            strays: region.strays_collected.get(),
        }
    }

    /// Whether nothing is leased, lent or in the kernel.
    pub fn is_whole(&self) -> bool {
        Class::ALL
            .iter()
            .all(|&class| self.counts(class).free == self.counts(class).total)
    }

    /// Compares every block's header with the counts. Slow: for tests and the simulator.
    pub fn audit(&self) -> bool {
        self.region().audit()
    }

    /// Refuses every block after `takes` more (`None`: never again). For tests of exhaustion.
    pub fn refuse_after(&self, takes: Option<u64>) {
        self.region().refuse_after(takes);
    }

    // ── the kernel's side ────────────────────────────────────────────────────────────────────────────────────────

    /// Takes a block to give to the kernel. Free to in-kernel.
    pub fn take_for_kernel(&self, class: Class) -> Option<KernelBlock> {
        let header = self.region().take(class, State::Kernel)?;
        // SAFETY: just taken: initialised.
        let block = unsafe { header.as_ref() };
        Some(KernelBlock {
            index: block.index(),
            ptr: block.base(),
            len: block.block_bytes(),
        })
    }

    /// The kernel wrote `len` bytes into block `index` and is done with it. In-kernel to leased.
    ///
    /// `None` if the kernel does not have that block (a completion of somebody else's ring, or one seen twice); `len`
    /// is clipped to the block.
    pub fn filled(&self, class: Class, index: u16, len: u32) -> Option<Lease> {
        let header = self.region().in_kernel(class, index)?;
        self.region().kernel_to_leased(header);
        Some(Lease::adopt(
            header,
            0,
            len.min(self.region().block_bytes(class)),
        ))
    }

    /// The kernel gives block `index` back unused. In-kernel to free; false if the kernel does not have it.
    pub fn kernel_return(&self, class: Class, index: u16) -> bool {
        let header = self.region().in_kernel(class, index);
        if let Some(header) = header {
            self.region().kernel_to_free(header);
        }
        header.is_some()
    }

    // ── the shard's side ─────────────────────────────────────────────────────────────────────────────────────────

    /// Takes a block to write to. Free to leased.
    pub fn writable(&self, class: Class) -> Option<Writer> {
        Some(Writer::adopt(self.region().take(class, State::Leased)?))
    }

    /// A block to write `bytes` bytes to: of the smallest class that holds them, else of any class that has one.
    pub(crate) fn writable_for(&self, bytes: usize) -> Result<Writer, Exhausted> {
        writable_in(self.region(), bytes).ok_or(Exhausted {
            class: class_for(self.region(), bytes),
        })
    }

    /// The least bytes for which a lease behind others is kept by reference ([`PoolConfig::coalesce_bytes_max`]).
    pub fn coalesce_bytes_max(&self) -> usize {
        self.region().coalesce_bytes_max as usize
    }

    pub(crate) fn count_copied(&self, bytes: usize) {
        let counter = &self.region().copied_bytes;
        counter.set(counter.get() + bytes as u64);
    }

    pub(crate) fn count_forwarded(&self, bytes: usize) {
        let counter = &self.region().forwarded_bytes;
        counter.set(counter.get() + bytes as u64);
    }

    /// A lease of a copy of `bytes` in the smallest block that holds them.
    ///
    /// # Errors
    /// [`Exhausted`] when no block large enough is free, or none is large enough.
    pub fn copy_in(&self, bytes: &[u8]) -> Result<Lease, Exhausted> {
        let fits = |class: &Class| self.block_bytes(*class) >= bytes.len();
        let class = Class::ALL.into_iter().find(fits).unwrap_or(Class::Bulk);
        let mut writers = Class::ALL
            .into_iter()
            .filter(fits)
            .filter_map(|class| self.writable(class));
        let mut writer = writers.next().ok_or(Exhausted { class })?;
        writer.put(bytes);
        Ok(writer.freeze())
    }

    /// Redeems a loan that came home. One that belongs to another pool goes to that pool's strays instead, and the
    /// answer is false: whoever routed it here has a bug.
    pub fn take_back(&self, returned: Returned) -> bool {
        // SAFETY: the token is a right to the block.
        if unsafe { Header::region_of(returned.header()) } != self.region {
            debug_assert!(
                false,
                "a loan of shard {} came home to shard {}",
                returned.owner(),
                self.owner()
            );
            return false;
        }
        // SAFETY: as above, and this is the owner's thread.
        unsafe { returned.redeem().as_ref() }.loan_home();
        true
    }

    /// Redeems the loans that were dropped without return; says how many. One atomic exchange when there are none.
    pub fn collect_strays(&self) -> usize {
        self.region().collect_strays()
    }

    /// Drops this handle, like any drop, and says what became of the memory. A shard that ends logs [`Closed::Leaked`].
    pub fn close(self) -> Closed {
        let region = std::mem::ManuallyDrop::new(self).region;
        // SAFETY: this handle is counted, and was forgotten.
        unsafe { Region::release(region) }
    }

    /// An empty gather whose list has been used before, if one was given back: nothing is allocated then.
    pub fn gather(&self) -> Gather {
        self.region()
            .spare_lists
            .borrow_mut()
            .pop()
            .map_or_else(Gather::new, Gather::with_list)
    }

    /// Empties `gather` and keeps its list for [`Pool::gather`], unless that is very long or many are kept already.
    pub fn recycle(&self, gather: Gather) {
        let list = gather.into_list();
        let mut spare = self.region().spare_lists.borrow_mut();
        if (1..=LIST_PIECES_MAX).contains(&list.capacity()) && spare.len() < SPARE_LISTS_MAX {
            spare.push(list);
        }
    }
}

/// The smallest class whose blocks hold `bytes`, else the largest.
fn class_for(region: &Region, bytes: usize) -> Class {
    let fits = |class: &Class| region.block_bytes(*class) as usize >= bytes;
    Class::ALL.into_iter().find(fits).unwrap_or(Class::Bulk)
}

/// A block to write to, of the class for `bytes`; with that one empty, of a larger one, then of a smaller one.
pub(crate) fn writable_in(region: &Region, bytes: usize) -> Option<Writer> {
    let first = class_for(region, bytes);
    let (smaller, larger) = Class::ALL.split_at(first as usize);
    let mut order = larger.iter().chain(smaller.iter().rev());
    order
        .find_map(|&class| region.take(class, State::Leased))
        .map(Writer::adopt)
}

impl Clone for Pool {
    fn clone(&self) -> Self {
        self.region().hold();
        Self {
            region: self.region,
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: this handle is counted and not used again.
        unsafe { Region::release(self.region) };
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = f.debug_struct("Pool");
        text.field("owner", &self.owner());
        for class in Class::ALL {
            text.field(&format!("{class:?}"), &self.counts(class));
        }
        text.finish()
    }
}
