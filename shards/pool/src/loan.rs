//! Rights to read that may leave the owner's thread, and the token that brings them home.

use crate::region::Header;
use bytes::Bytes;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

/// A lease on loan to another thread. Reading it touches no shared counter and no header.
///
/// Bring it home with [`Loan::into_returned`] and [`Pool::take_back`](crate::Pool::take_back). Dropping it is safe but
/// slower: the owner finds it when it collects strays.
pub struct Loan {
    at: NonNull<u8>,
    header: NonNull<Header>,
    len: u32,
    owner: u16,
}

// SAFETY: a loan reads bytes that nobody writes while it exists, and of the header touches atomics and constants only.
unsafe impl Send for Loan {}
// SAFETY: `&Loan` gives out `&[u8]` and two numbers.
unsafe impl Sync for Loan {}

impl Loan {
    /// # Safety
    /// The caller counted one loan of `header`'s block, and `at..at + len` is inside that block and written.
    pub(crate) unsafe fn new(
        header: NonNull<Header>,
        at: NonNull<u8>,
        len: u32,
        owner: u16,
    ) -> Self {
        Self {
            at,
            header,
            len,
            owner,
        }
    }

    /// The shard that owns the block.
    pub fn owner(&self) -> u16 {
        self.owner
    }

    /// Drops the first `n` bytes from view (all, if there are fewer).
    pub fn advance(&mut self, n: usize) {
        let n = self.clip(n);
        // SAFETY: `n <= len`.
        self.at = unsafe { self.at.add(n as usize) };
        self.len -= n;
    }

    /// Keeps at most the first `n` bytes in view.
    pub fn truncate(&mut self, n: usize) {
        self.len = self.clip(n);
    }

    /// Cuts off and returns the first `n` bytes (all, if there are fewer) as a loan of its own, to be returned on its
    /// own. Costs one atomic addition on the owner's header.
    #[must_use]
    pub fn split_to(&mut self, n: usize) -> Loan {
        let n = self.clip(n);
        // SAFETY: this loan keeps the header; `loan_split` touches an atomic only.
        unsafe { Header::loan_split(self.header) };
        let front = Loan {
            at: self.at,
            header: self.header,
            len: n,
            owner: self.owner,
        };
        self.advance(n as usize);
        front
    }

    /// Done with the bytes: the token to send home.
    #[must_use]
    pub fn into_returned(self) -> Returned {
        let this = ManuallyDrop::new(self);
        Returned {
            header: this.header,
            owner: this.owner,
        }
    }

    /// The same bytes as a [`Bytes`], for the edges of an API. When the last clone of it is dropped, the block goes to
    /// its owner's strays.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }

    fn clip(&self, n: usize) -> u32 {
        u32::try_from(n).map_or(self.len, |n| n.min(self.len))
    }
}

impl Deref for Loan {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: written bytes of a block that cannot be freed while this loan is out.
        unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.len as usize) }
    }
}

impl AsRef<[u8]> for Loan {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // SAFETY: this loan is given up here.
        unsafe { Header::stray(self.header) }
    }
}

impl fmt::Debug for Loan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loan(of shard {}, {} bytes)", self.owner, self.len)
    }
}

/// A loan whose bytes are done with, on its way home: 16 bytes, no view. Can be neither made nor copied outside.
///
/// Dropped instead of taken back, it becomes a stray like the loan it was.
pub struct Returned {
    header: NonNull<Header>,
    owner: u16,
}

// SAFETY: as for `Loan`, without the bytes.
unsafe impl Send for Returned {}
// SAFETY: `&Returned` gives out a number.
unsafe impl Sync for Returned {}

impl Returned {
    /// The shard to send it to.
    pub fn owner(&self) -> u16 {
        self.owner
    }

    pub(crate) fn header(&self) -> NonNull<Header> {
        self.header
    }

    /// Gives up the token without making it a stray: the caller redeems it.
    pub(crate) fn redeem(self) -> NonNull<Header> {
        ManuallyDrop::new(self).header
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        // SAFETY: this token is the loan, and it is given up here.
        unsafe { Header::stray(self.header) }
    }
}

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Returned(to shard {})", self.owner)
    }
}
