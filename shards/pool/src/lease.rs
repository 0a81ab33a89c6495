//! Rights to read, and to append to, one block, on the shard that owns it. No atomics, not `Send`.

use crate::loan::Loan;
use crate::region::{Header, Region};
use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;

/// A counted right to read part of a block. 16 bytes; cloning counts, dropping the last one frees the block.
///
/// The bytes under a lease never change while it lives.
pub struct Lease {
    header: NonNull<Header>,
    offset: u32,
    len: u32,
}

impl Lease {
    /// The lease that owns one local right which the caller already counted, over `offset..offset + len`.
    pub(crate) fn adopt(header: NonNull<Header>, offset: u32, len: u32) -> Self {
        let lease = Self {
            header,
            offset,
            len,
        };
        debug_assert!(u64::from(offset) + u64::from(len) <= u64::from(lease.block().block_bytes()));
        lease
    }

    #[inline]
    fn block(&self) -> &Header {
        // SAFETY: this lease counts as a local right, so the block is leased and its region mapped.
        unsafe { self.header.as_ref() }
    }

    /// The region, for its counters.
    pub(crate) fn region(&self) -> &Region {
        self.block().region()
    }

    /// The shard that owns the block.
    pub fn owner(&self) -> u16 {
        self.region().owner
    }

    /// Size of the whole block: what this lease keeps from being used, at most.
    pub fn block_bytes(&self) -> usize {
        self.block().block_bytes() as usize
    }

    /// Cuts off and returns the first `n` bytes (all, if there are fewer).
    #[must_use]
    pub fn split_to(&mut self, n: usize) -> Lease {
        let n = self.clip(n);
        self.block().local_more();
        let front = Lease {
            header: self.header,
            offset: self.offset,
            len: n,
        };
        self.offset += n;
        self.len -= n;
        front
    }

    /// Drops the first `n` bytes from view (all, if there are fewer).
    #[inline]
    pub fn advance(&mut self, n: usize) {
        let n = self.clip(n);
        self.offset += n;
        self.len -= n;
    }

    /// Keeps at most the first `n` bytes in view.
    #[inline]
    pub fn truncate(&mut self, n: usize) {
        self.len = self.clip(n);
    }

    /// Turns this lease into a loan that may travel to another thread. Other leases of the block stay good.
    #[must_use]
    pub fn lend(self) -> Loan {
        let this = std::mem::ManuallyDrop::new(self);
        let block = this.block();
        block.local_to_loan();
        // SAFETY: offset and length stay inside the block, and the loan is counted now.
        unsafe {
            Loan::new(
                this.header,
                block.base().add(this.offset as usize),
                this.len,
                block.region().owner,
            )
        }
    }

    /// Whether `next` starts where this one ends, in the same block.
    pub(crate) fn is_continued_by(&self, next: &Lease) -> bool {
        self.header == next.header && self.offset + self.len == next.offset
    }

    /// Takes `next` in when it continues this lease; gives it back otherwise.
    pub(crate) fn join(&mut self, next: Lease) -> Result<(), Lease> {
        if self.is_continued_by(&next) {
            self.len += next.len;
            Ok(())
        } else {
            Err(next)
        }
    }

    /// Whether both see the same block.
    pub(crate) fn same_block(&self, other: &Lease) -> bool {
        self.header == other.header
    }

    #[inline]
    fn clip(&self, n: usize) -> u32 {
        u32::try_from(n).map_or(self.len, |n| n.min(self.len))
    }
}

impl Deref for Lease {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: the range is inside the block (`adopt`), initialised (the mapping starts as zeroes), and not
        // written while leased: a `Writer` writes only behind every lease of its block.
        unsafe {
            std::slice::from_raw_parts(
                self.block().base().add(self.offset as usize).as_ptr(),
                self.len as usize,
            )
        }
    }
}

impl AsRef<[u8]> for Lease {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Clone for Lease {
    fn clone(&self) -> Self {
        self.block().local_more();
        Self {
            header: self.header,
            offset: self.offset,
            len: self.len,
        }
    }
}

impl Drop for Lease {
    #[inline]
    fn drop(&mut self) {
        self.block().local_less();
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Lease({:?} {}+{})",
            self.block().class(),
            self.offset,
            self.len
        )
    }
}

/// The one right to append to a block. Leases of what is written may be handed out while writing goes on behind them.
pub struct Writer {
    header: NonNull<Header>,
    filled: u32,
    block_bytes: u32,
}

impl Writer {
    /// The writer that owns the one local right of a block just taken.
    pub(crate) fn adopt(header: NonNull<Header>) -> Self {
        // SAFETY: the caller took the block for us: initialised, leased.
        let block_bytes = unsafe { header.as_ref() }.block_bytes();
        Self {
            header,
            filled: 0,
            block_bytes,
        }
    }

    fn block(&self) -> &Header {
        // SAFETY: this writer counts as a local right.
        unsafe { self.header.as_ref() }
    }

    /// Bytes written so far.
    pub fn filled(&self) -> usize {
        self.filled as usize
    }

    /// Bytes that still fit.
    #[inline]
    pub fn room(&self) -> usize {
        (self.block_bytes - self.filled) as usize
    }

    /// Appends as much of `bytes` as fits; says how much.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) -> usize {
        let n = bytes.len().min(self.room());
        self.spare()[..n].copy_from_slice(&bytes[..n]);
        self.filled += n as u32;
        n
    }

    /// What is behind the written bytes, to be filled in place; then call [`Writer::wrote`].
    #[inline]
    pub fn spare(&mut self) -> &mut [u8] {
        let room = self.room();
        // SAFETY: inside the block; there is one writer per block and every lease ends at or before `filled`, so
        // nobody else sees these bytes. They are initialised: the mapping starts as zeroes.
        unsafe {
            std::slice::from_raw_parts_mut(
                self.block().base().add(self.filled as usize).as_ptr(),
                room,
            )
        }
    }

    /// Counts `n` bytes of [`Writer::spare`] as written (at most all of them).
    pub fn wrote(&mut self, n: usize) {
        self.filled += n.min(self.room()) as u32;
    }

    /// A lease of what was written from `start` on.
    #[must_use]
    pub fn lease_from(&self, start: usize) -> Lease {
        let start = u32::try_from(start).map_or(self.filled, |start| start.min(self.filled));
        self.block().local_more();
        Lease::adopt(self.header, start, self.filled - start)
    }

    /// Lets `tail` see all that is written, if it is a lease of this block that ended at `start`; says whether it was.
    #[inline]
    pub(crate) fn grow(&self, tail: &mut Lease, start: usize) -> bool {
        let fits = tail.header == self.header && (tail.offset + tail.len) as usize == start;
        if fits {
            tail.len = self.filled - tail.offset;
        }
        fits
    }

    /// Ends writing; a lease of all that was written. The room behind it is out of use until the block is free again.
    #[must_use]
    pub fn freeze(self) -> Lease {
        let this = std::mem::ManuallyDrop::new(self);
        Lease::adopt(this.header, 0, this.filled)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.block().local_less();
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Writer({:?} {}/{})",
            self.block().class(),
            self.filled,
            self.block_bytes
        )
    }
}
