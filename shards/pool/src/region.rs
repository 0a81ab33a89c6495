//! The mapping behind a pool: block memory, one header per block, the free lists and the list of strays. All state
//! transitions of a block happen here.
//!
//! ```text
//! ┌────────┬────────────────────────┬──────────────────────────────────┐
//! │ Region │ headers, class by class│ blocks, class by class           │   one anonymous mapping,
//! └────────┴────────────────────────┴──────────────────────────────────┘   touched lazily
//! ```
//!
//! **Who may touch what.** Everything in a `Region` or a `Header` belongs to the owner's thread, except: a header's
//! `base`, `region` and `id`, which never change once the block was first taken; a header's `strays`, `next_stray` and
//! `split`, and the region's `stray_head`, which are atomic. Other threads hold a raw pointer to a header inside a
//! [`Loan`](crate::Loan) or [`Returned`](crate::Returned) and touch only those. The pointer stays good because the
//! region is unmapped only when no loan is out.

use crate::asan;
use crate::config::{CLASSES, Class, PoolConfig, PoolError};
use crate::gather::Piece;
use crate::pool::Closed;
use crate::sync::{AtomicU32, Ordering};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ptr::NonNull;

mod header;

pub(crate) use header::{Header, State};

/// Alignment of the parts of the mapping. Buffer rings want pages; more is not needed.
const PAGE: usize = 4096;

/// No block: the end of a free list or of the list of strays.
const NONE: u32 = 0;

/// One size class.
struct ClassState {
    blocks: NonNull<u8>,
    headers: NonNull<Header>,
    block_bytes: u32,
    total: u32,
    /// Blocks from here on were never used: their headers are not written, their memory is not touched.
    fresh: Cell<u32>,
    /// The most recently freed block first: it is the warm one.
    free_head: Cell<u32>,
    free: Cell<u32>,
    kernel: Cell<u32>,
    leased: Cell<u32>,
    lent: Cell<u32>,
    low_water: Cell<u32>,
    refused: Cell<u64>,
}

/// A pool's state, at the front of its mapping.
pub(crate) struct Region {
    /// Written by any thread that drops a loan; on a line of its own.
    stray_head: OwnLine<AtomicU32>,
    pub(crate) owner: u16,
    pub(crate) coalesce_bytes_max: u32,
    mapped_bytes: usize,
    handles: Cell<u32>,
    classes: [ClassState; CLASSES],
    pub(crate) copied_bytes: Cell<u64>,
    pub(crate) forwarded_bytes: Cell<u64>,
    pub(crate) strays_collected: Cell<u64>,
    /// How many more blocks may be taken before one is refused; for tests of exhaustion.
    refuse_after: Cell<Option<u64>>,
    /// Emptied gathers' lists, to be used again.
    pub(crate) spare_lists: RefCell<Vec<VecDeque<Piece>>>,
}

/// A value on cache lines of its own (two, because the adjacent-line prefetcher works in pairs).
#[repr(align(128))]
struct OwnLine<T>(T);

/// The figures of one class, as [`Region::figures`] reads them.
pub(crate) struct Figures {
    pub(crate) free: u32,
    pub(crate) kernel: u32,
    pub(crate) leased: u32,
    pub(crate) lent: u32,
    pub(crate) total: u32,
    pub(crate) low_water: u32,
    pub(crate) refused: u64,
}

fn to_page(bytes: usize) -> usize {
    bytes.next_multiple_of(PAGE)
}

impl Region {
    /// Maps and lays out a region with one handle.
    pub(crate) fn map(config: &PoolConfig) -> Result<NonNull<Region>, PoolError> {
        config.check()?;
        // At most 3 x 32,768 x (1 MiB + a header): no overflow.
        let mut bytes = to_page(size_of::<Region>());
        let mut header_at = [0; CLASSES];
        for class in Class::ALL {
            header_at[class as usize] = bytes;
            bytes += to_page(config.classes[class as usize].blocks as usize * size_of::<Header>());
        }
        let mut block_at = [0; CLASSES];
        for class in Class::ALL {
            let shape = config.classes[class as usize];
            block_at[class as usize] = bytes;
            bytes += to_page(shape.blocks as usize * shape.block_bytes as usize);
        }
        let start = map_anonymous(bytes)?;
        let classes = Class::ALL.map(|class| {
            let shape = config.classes[class as usize];
            let blocks = offset(start, block_at[class as usize]);
            asan::poison(
                blocks.as_ptr(),
                shape.blocks as usize * shape.block_bytes as usize,
            );
            ClassState {
                blocks,
                headers: offset(start, header_at[class as usize]).cast(),
                block_bytes: shape.block_bytes,
                total: shape.blocks,
                fresh: Cell::new(0),
                free_head: Cell::new(NONE),
                free: Cell::new(shape.blocks),
                kernel: Cell::new(0),
                leased: Cell::new(0),
                lent: Cell::new(0),
                low_water: Cell::new(shape.blocks),
                refused: Cell::new(0),
            }
        });
        let region = start.cast::<Region>();
        // SAFETY: the mapping is fresh, page aligned and large enough, and nobody else knows it yet.
        unsafe {
            region.write(Region {
                stray_head: OwnLine(AtomicU32::new(NONE)),
                owner: config.owner,
                coalesce_bytes_max: config.coalesce_bytes_max,
                mapped_bytes: bytes,
                handles: Cell::new(1),
                classes,
                copied_bytes: Cell::new(0),
                forwarded_bytes: Cell::new(0),
                strays_collected: Cell::new(0),
                refuse_after: Cell::new(None),
                spare_lists: RefCell::new(Vec::new()),
            });
        }
        Ok(region)
    }

    /// One more handle.
    pub(crate) fn hold(&self) {
        self.handles.set(self.handles.get() + 1);
    }

    /// One handle less; with the last one the region goes, unless something is still outstanding.
    ///
    /// # Safety
    /// The caller owns a handle and does not use it again.
    pub(crate) unsafe fn release(region: NonNull<Region>) -> Closed {
        // SAFETY: a handle is held, so the region is mapped, and we are on the owner's thread (handles are not `Send`).
        let this = unsafe { region.as_ref() };
        this.handles.set(this.handles.get() - 1);
        if this.handles.get() > 0 {
            return Closed::Held;
        }
        // The lists are ordinary heap memory and empty: nobody misses them, even when the mapping stays.
        drop(this.spare_lists.take());
        this.collect_strays();
        if this
            .classes
            .iter()
            .any(|class| class.free.get() != class.total)
        {
            return Closed::Leaked;
        }
        let bytes = this.mapped_bytes;
        asan::unpoison(region.as_ptr().cast(), bytes);
        // SAFETY: no handle, lease, loan or kernel buffer refers to the mapping any more; `spare_lists`, the only
        // field that owns heap memory, was taken above.
        unsafe {
            libc::munmap(region.as_ptr().cast(), bytes);
        }
        Closed::Unmapped
    }

    /// Takes a free block of `class` into `state`.
    pub(crate) fn take(&self, class: Class, state: State) -> Option<NonNull<Header>> {
        let this = &self.classes[class as usize];
        if this.free.get() == 0 || self.refuses() {
            this.refused.set(this.refused.get() + 1);
            return None;
        }
        let header = match this.free_head.get() {
            NONE => self.break_in(class),
            id => {
                let header = this.header(id_index(id));
                // SAFETY: headers on the free list are initialised, and this is the owner's thread.
                this.free_head
                    .set(unsafe { header.as_ref() }.next_free.get());
                header
            }
        };
        // SAFETY: initialised, ours.
        let block = unsafe { header.as_ref() };
        debug_assert_eq!(block.state.get(), State::Free);
        debug_assert_eq!((block.local.get(), block.outstanding()), (0, 0));
        asan::unpoison(block.base.as_ptr(), this.block_bytes as usize);
        this.free.set(this.free.get() - 1);
        this.low_water
            .set(this.low_water.get().min(this.free.get()));
        block.state.set(state);
        match state {
            State::Kernel => this.kernel.set(this.kernel.get() + 1),
            State::Leased => {
                block.local.set(1);
                this.leased.set(this.leased.get() + 1);
            }
            State::Free => unreachable!("a block is taken for a use"),
        }
        this.check();
        Some(header)
    }

    /// Writes the header of the next block that was never used.
    fn break_in(&self, class: Class) -> NonNull<Header> {
        let this = &self.classes[class as usize];
        let index = this.fresh.get();
        assert!(index < this.total, "the free count says there is a block");
        this.fresh.set(index + 1);
        let header = this.header(index);
        // SAFETY: `index < total`, so both places are inside the mapping; nobody has a pointer to this header yet.
        unsafe {
            header.write(Header {
                base: this.blocks.add(index as usize * this.block_bytes as usize),
                region: NonNull::from(self),
                id: ((class as u32) << 16 | index) + 1,
                state: Cell::new(State::Free),
                local: Cell::new(0),
                lent: Cell::new(0),
                split: AtomicU32::new(0),
                strays: AtomicU32::new(0),
                next_stray: AtomicU32::new(NONE),
                next_free: Cell::new(NONE),
            });
        }
        header
    }

    /// The header of a block that the kernel has, or `None` if it does not have that one.
    pub(crate) fn in_kernel(&self, class: Class, index: u16) -> Option<NonNull<Header>> {
        let this = &self.classes[class as usize];
        if u32::from(index) >= this.fresh.get() {
            return None;
        }
        let header = this.header(u32::from(index));
        // SAFETY: below `fresh`, hence initialised.
        (unsafe { header.as_ref() }.state.get() == State::Kernel).then_some(header)
    }

    /// Kernel to leased: the caller gets the one local right.
    pub(crate) fn kernel_to_leased(&self, header: NonNull<Header>) {
        // SAFETY: from `in_kernel`: initialised, ours.
        let block = unsafe { header.as_ref() };
        let this = &self.classes[block.class() as usize];
        debug_assert_eq!(block.state.get(), State::Kernel);
        block.state.set(State::Leased);
        block.local.set(1);
        this.kernel.set(this.kernel.get() - 1);
        this.leased.set(this.leased.get() + 1);
        this.check();
    }

    /// Kernel to free.
    pub(crate) fn kernel_to_free(&self, header: NonNull<Header>) {
        // SAFETY: from `in_kernel`: initialised, ours.
        let block = unsafe { header.as_ref() };
        let this = &self.classes[block.class() as usize];
        debug_assert_eq!(block.state.get(), State::Kernel);
        this.kernel.set(this.kernel.get() - 1);
        self.put_free(block);
    }

    /// Redeems every stray; says how many loans that were.
    pub(crate) fn collect_strays(&self) -> usize {
        let mut collected = 0;
        let mut id = self.stray_head.0.swap(NONE, Ordering::Acquire);
        while id != NONE {
            let header = self.classes[id_class(id) as usize].header(id_index(id));
            // SAFETY: only initialised headers are ever pushed; the acquire above makes `next_stray` visible.
            let block = unsafe { header.as_ref() };
            // Read the link first: as soon as the count is zero, another thread may push this block again.
            id = block.next_stray.load(Ordering::Relaxed);
            let loans = block.strays.swap(0, Ordering::AcqRel);
            for _ in 0..loans {
                block.loan_home();
            }
            collected += loans as usize;
        }
        self.strays_collected
            .set(self.strays_collected.get() + collected as u64);
        collected
    }

    /// Puts a block at the front of its free list. The caller has lowered the count of its former state.
    fn put_free(&self, block: &Header) {
        let this = &self.classes[block.class() as usize];
        block.state.set(State::Free);
        block.next_free.set(this.free_head.get());
        this.free_head.set(block.id);
        this.free.set(this.free.get() + 1);
        asan::poison(block.base.as_ptr(), this.block_bytes as usize);
        this.check();
    }

    fn refuses(&self) -> bool {
        match self.refuse_after.get() {
            None => false,
            Some(0) => true,
            Some(left) => {
                self.refuse_after.set(Some(left - 1));
                false
            }
        }
    }

    /// After `takes` more blocks, refuse (`None`: never).
    pub(crate) fn refuse_after(&self, takes: Option<u64>) {
        self.refuse_after.set(takes);
    }

    /// Bytes per block of `class`.
    pub(crate) fn block_bytes(&self, class: Class) -> u32 {
        self.classes[class as usize].block_bytes
    }

    /// Where the blocks of `class` start, and how many bytes they are together.
    pub(crate) fn span(&self, class: Class) -> (NonNull<u8>, usize) {
        let this = &self.classes[class as usize];
        (this.blocks, this.total as usize * this.block_bytes as usize)
    }

    pub(crate) fn figures(&self, class: Class) -> Figures {
        let this = &self.classes[class as usize];
        Figures {
            free: this.free.get(),
            kernel: this.kernel.get(),
            leased: this.leased.get(),
            lent: this.lent.get(),
            total: this.total,
            low_water: this.low_water.get(),
            refused: this.refused.get(),
        }
    }

    /// Walks every header and compares with the counts: the slow, complete form of the conservation check.
    pub(crate) fn audit(&self) -> bool {
        self.classes.iter().all(|class| {
            let mut seen = [class.total - class.fresh.get(), 0, 0];
            let mut lent = 0;
            for index in 0..class.fresh.get() {
                // SAFETY: below `fresh`, hence initialised.
                let block = unsafe { class.header(index).as_ref() };
                seen[block.state.get() as usize] += 1;
                lent += block.lent.get();
                let in_use = block.local.get() > 0 || block.outstanding() > 0;
                if in_use != (block.state.get() == State::Leased) {
                    return false;
                }
            }
            let mut listed = 0;
            let mut id = class.free_head.get();
            while id != NONE && listed <= class.total {
                listed += 1;
                // SAFETY: headers on the free list are initialised.
                id = unsafe { class.header(id_index(id)).as_ref() }
                    .next_free
                    .get();
            }
            seen == [class.free.get(), class.kernel.get(), class.leased.get()]
                && lent == class.lent.get()
                && listed == class.free.get() - (class.total - class.fresh.get())
        })
    }
}

impl ClassState {
    fn header(&self, index: u32) -> NonNull<Header> {
        debug_assert!(index < self.total);
        // SAFETY: indices come from `fresh` or from ids of this class, both below `total`.
        unsafe { self.headers.add(index as usize) }
    }

    fn check(&self) {
        debug_assert_eq!(
            self.free.get() + self.kernel.get() + self.leased.get(),
            self.total,
            "blocks are conserved"
        );
    }
}

fn id_index(id: u32) -> u32 {
    (id - 1) & 0xffff
}

fn id_class(id: u32) -> Class {
    Class::ALL[((id - 1) >> 16) as usize]
}

fn offset(start: NonNull<u8>, bytes: usize) -> NonNull<u8> {
    // SAFETY: offsets are computed in `Region::map`, all below the mapped length.
    unsafe { start.add(bytes) }
}

fn map_anonymous(bytes: usize) -> Result<NonNull<u8>, PoolError> {
    // SAFETY: an anonymous private mapping at an address of the kernel's choice touches nobody's memory.
    let at = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if at == libc::MAP_FAILED {
        let errno = std::io::Error::last_os_error()
            .raw_os_error()
            .unwrap_or_default();
        return Err(PoolError::Map { bytes, errno });
    }
    NonNull::new(at.cast()).ok_or(PoolError::Map { bytes, errno: 0 })
}
