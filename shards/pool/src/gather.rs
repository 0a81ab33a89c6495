//! Ordered lists of leases and loans: bytes received and not yet understood, or bytes to be sent.
//!
//! Bytes that were pushed never move and never change: the kernel may be reading what is in front. A gather grows at
//! the back, shrinks at the front, and hands parts of itself to other gathers without copying.
//!
//! **What a gather can pin.** A lease of one byte keeps its whole block. So a short lease
//! (`coalesce_bytes_max`) that arrives behind other bytes is copied into a tail block that the gather alone
//! appends to, and its own block is freed at once. A gather of `n` bytes therefore pins at most about `8 n` bytes of
//! blocks plus two receive blocks, whatever the sizes of the arrivals. [`Gather::settle`] brings a remainder that will wait
//! for long down to the smallest blocks that hold it.

use crate::config::Class;
use crate::lease::{Lease, Writer};
use crate::loan::{Loan, Returned};
use crate::pool::{Exhausted, Pool};
use std::collections::VecDeque;
use std::fmt;

/// A run of bytes of a gather.
pub enum Piece {
    /// A block of this shard.
    Lease(Lease),
    /// A block of another shard.
    Loan(Loan),
}

impl Piece {
    fn advance(&mut self, n: usize) {
        match self {
            Piece::Lease(lease) => lease.advance(n),
            Piece::Loan(loan) => loan.advance(n),
        }
    }

    fn truncate(&mut self, n: usize) {
        match self {
            Piece::Lease(lease) => lease.truncate(n),
            Piece::Loan(loan) => loan.truncate(n),
        }
    }

    fn split_to(&mut self, n: usize) -> Piece {
        match self {
            Piece::Lease(lease) => Piece::Lease(lease.split_to(n)),
            Piece::Loan(loan) => Piece::Loan(loan.split_to(n)),
        }
    }
}

impl std::ops::Deref for Piece {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Piece::Lease(lease) => lease,
            Piece::Loan(loan) => loan,
        }
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Piece::Lease(lease) => lease.fmt(f),
            Piece::Loan(loan) => loan.fmt(f),
        }
    }
}

/// An ordered list of pieces. Empty ones hold no block; a new one holds no heap memory either.
#[derive(Default)]
pub struct Gather {
    /// No piece is empty.
    pieces: VecDeque<Piece>,
    /// Sum of the pieces' lengths.
    len: usize,
    /// The tail block, while there is something in the gather.
    writer: Option<Writer>,
}

impl Gather {
    /// An empty gather.
    pub const fn new() -> Self {
        Self {
            pieces: VecDeque::new(),
            len: 0,
            writer: None,
        }
    }

    pub(crate) fn with_list(pieces: VecDeque<Piece>) -> Self {
        debug_assert!(pieces.is_empty());
        Self {
            pieces,
            len: 0,
            writer: None,
        }
    }

    pub(crate) fn into_list(mut self) -> VecDeque<Piece> {
        self.clear();
        std::mem::take(&mut self.pieces)
    }

    /// Bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many pieces: the entries of an iovec that would send all of it.
    pub fn piece_count(&self) -> usize {
        self.pieces.len()
    }

    /// How many pieces fit before the list allocates.
    pub fn list_capacity(&self) -> usize {
        self.pieces.capacity()
    }

    /// The bytes, piece by piece; none is empty.
    pub fn pieces(&self) -> Pieces<'_> {
        Pieces {
            inner: self.pieces.iter(),
        }
    }

    /// The first piece's bytes (empty if there is none).
    #[inline]
    pub fn front(&self) -> &[u8] {
        self.pieces.front().map_or(&[], |piece| piece)
    }

    /// Copies the first bytes into `into`, as many as there are and fit; says how many.
    #[inline]
    pub fn peek(&self, into: &mut [u8]) -> usize {
        let mut done = 0;
        for piece in &self.pieces {
            let n = piece.len().min(into.len() - done);
            into[done..done + n].copy_from_slice(&piece[..n]);
            done += n;
            if done == into.len() {
                break;
            }
        }
        done
    }

    /// A copy of all bytes, for tests and for what must be contiguous and is rare.
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces().flatten().copied().collect()
    }

    // ── growing at the back ──────────────────────────────────────────────────────────────────────────────────────

    /// Appends `lease`, without copying unless it is short and not the first (see the module's text). Never fails:
    /// with no block to copy into, it is taken by reference.
    pub fn push_lease(&mut self, lease: Lease) {
        if lease.is_empty() {
            return;
        }
        let region = lease.region();
        let short = lease.len() < region.coalesce_bytes_max as usize;
        if short && !self.is_empty() && !self.continues_tail(&lease) {
            let room = self.writer.as_ref().map_or(0, Writer::room);
            if room < lease.len() {
                let want =
                    self.writer_want(lease.len(), region.block_bytes(Class::Receive) as usize);
                // A full writer is replaced; what it wrote stays leased by its pieces.
                if let Some(writer) = crate::pool::writable_in(region, want) {
                    self.writer = Some(writer);
                }
            }
            if self
                .writer
                .as_ref()
                .is_some_and(|writer| writer.room() >= lease.len())
            {
                region
                    .copied_bytes
                    .set(region.copied_bytes.get() + lease.len() as u64);
                self.write(&lease);
                return;
            }
        }
        region
            .forwarded_bytes
            .set(region.forwarded_bytes.get() + lease.len() as u64);
        self.push_piece(Piece::Lease(lease));
    }

    /// Appends `loan`. A short one behind other bytes is copied and comes straight back, to be sent home.
    #[must_use = "the token has to go home"]
    pub fn push_loan(&mut self, pool: &Pool, loan: Loan) -> Option<Returned> {
        if loan.is_empty() {
            return Some(loan.into_returned());
        }
        let short = loan.len() < pool.coalesce_bytes_max();
        if short && !self.is_empty() && self.push_bytes(pool, &loan).is_ok() {
            return Some(loan.into_returned());
        }
        pool.count_forwarded(loan.len());
        self.push_piece(Piece::Loan(loan));
        None
    }

    /// Appends a copy of `bytes`, or nothing at all.
    ///
    /// # Errors
    /// [`Exhausted`] when the pool has no block left; the gather is as before.
    pub fn push_bytes(&mut self, pool: &Pool, bytes: &[u8]) -> Result<(), Exhausted> {
        self.push_parts(pool, &[bytes])
    }

    /// Appends copies of all `parts`, or nothing at all. A block that has to be opened is opened for all that is left of them.
    ///
    /// # Errors
    /// [`Exhausted`] when the pool has no block left; the gather is as before.
    pub fn push_parts(&mut self, pool: &Pool, parts: &[&[u8]]) -> Result<(), Exhausted> {
        let before = self.len;
        let bytes = parts.iter().map(|part| part.len()).sum();
        let mut left = bytes;
        for part in parts {
            let mut rest = *part;
            while !rest.is_empty() {
                if self.writer.as_ref().is_none_or(|writer| writer.room() == 0) {
                    let want = self.writer_want(left, pool.block_bytes(Class::Receive));
                    match pool.writable_for(want) {
                        Ok(writer) => self.writer = Some(writer),
                        Err(exhausted) => {
                            self.truncate(before);
                            return Err(exhausted);
                        }
                    }
                }
                let n = self.write(rest);
                rest = &rest[n..];
                left -= n;
            }
        }
        pool.count_copied(bytes);
        Ok(())
    }

    /// Moves everything from `other` to the back of this one; short leases are coalesced as in [`Gather::push_lease`].
    pub fn append(&mut self, other: &mut Gather) {
        if self.is_empty() {
            return self.trade(other);
        }
        while let Some(piece) = other.pieces.pop_front() {
            match piece {
                Piece::Lease(lease) => self.push_lease(lease),
                loan @ Piece::Loan(_) => self.push_piece(loan),
            }
        }
        other.clear();
    }

    /// All that `other` has comes here, where nothing is: the usual case of a frame on its way, and the cheapest.
    #[inline]
    fn trade(&mut self, other: &mut Gather) {
        debug_assert!(self.is_empty() && self.writer.is_none());
        std::mem::swap(self, other);
    }

    /// How large a block to open: for what is to be written, or a quarter of what is here already up to `growth_max`,
    /// so that blocks grow with the gather and never dwarf it.
    fn writer_want(&self, bytes: usize, growth_max: usize) -> usize {
        bytes.max((self.len / 4).min(growth_max))
    }

    /// Writes what fits of `bytes` into the tail block, which has room, and shows it at the back.
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> usize {
        let Some(writer) = self.writer.as_mut() else {
            return 0;
        };
        let start = writer.filled();
        let n = writer.put(bytes);
        self.len += n;
        // The usual case: the last piece is what was written before, and merely grows.
        if let Some(Piece::Lease(tail)) = self.pieces.back_mut()
            && writer.grow(tail, start)
        {
            return n;
        }
        let lease = writer.lease_from(start);
        if !lease.is_empty() {
            self.pieces.push_back(Piece::Lease(lease));
        }
        n
    }

    fn continues_tail(&self, lease: &Lease) -> bool {
        matches!(self.pieces.back(), Some(Piece::Lease(tail)) if tail.is_continued_by(lease))
    }

    /// Appends a piece by reference; one that continues the last in the same block becomes part of it.
    fn push_piece(&mut self, piece: Piece) {
        if piece.is_empty() {
            return;
        }
        self.len += piece.len();
        let piece = match (self.pieces.back_mut(), piece) {
            (Some(Piece::Lease(tail)), Piece::Lease(next)) => match tail.join(next) {
                Ok(()) => return,
                Err(next) => Piece::Lease(next),
            },
            (_, piece) => piece,
        };
        self.pieces.push_back(piece);
    }

    // ── shrinking at the front ───────────────────────────────────────────────────────────────────────────────────

    /// Drops the first `n` bytes (all, if there are fewer); `finished` gets each piece that is used up, so that loans
    /// can be sent home.
    pub fn advance(&mut self, n: usize, mut finished: impl FnMut(Piece)) {
        let mut left = n.min(self.len);
        self.len -= left;
        while left > 0 {
            let front = self.pieces.front_mut().expect("the pieces sum up to len");
            if left < front.len() {
                front.advance(left);
                break;
            }
            left -= front.len();
            finished(self.pieces.pop_front().expect("there is a front"));
        }
        self.let_go_if_empty();
    }

    /// Moves the first `n` bytes (all, if there are fewer) to the back of `into`, without copying.
    pub fn take_front(&mut self, n: usize, into: &mut Gather) {
        if n >= self.len && into.is_empty() {
            return into.trade(self);
        }
        let mut left = n.min(self.len);
        self.len -= left;
        while left > 0 {
            let front = self.pieces.front_mut().expect("the pieces sum up to len");
            if left < front.len() {
                into.push_piece(front.split_to(left));
                break;
            }
            left -= front.len();
            into.push_piece(self.pieces.pop_front().expect("there is a front"));
        }
        self.let_go_if_empty();
    }

    /// Removes and returns the first piece.
    pub fn pop_piece(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        self.len -= piece.len();
        self.let_go_if_empty();
        Some(piece)
    }

    /// Drops everything. The list keeps its capacity.
    #[inline]
    pub fn clear(&mut self) {
        // Busy records are emptied again and again, and most of their gathers are empty already.
        if self.len == 0 && self.writer.is_none() {
            return;
        }
        self.pieces.clear();
        self.len = 0;
        self.writer = None;
    }

    /// An empty gather pins nothing: its tail block goes as well.
    #[inline]
    fn let_go_if_empty(&mut self) {
        if self.len == 0 {
            self.writer = None;
        }
    }

    /// Keeps the first `n` bytes.
    pub fn truncate(&mut self, n: usize) {
        while self.len > n {
            let back = self.pieces.back_mut().expect("the pieces sum up to len");
            let over = self.len - n;
            if over < back.len() {
                back.truncate(back.len() - over);
                self.len = n;
            } else {
                self.len -= back.len();
                self.pieces.pop_back();
            }
        }
        self.let_go_if_empty();
    }

    // ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Block bytes that this gather keeps from other use: whole blocks, neighbours of the same block counted once.
    /// Loans count with their length.
    pub fn pinned_bytes(&self) -> usize {
        let mut pinned = 0;
        let mut before: Option<&Lease> = None;
        for piece in &self.pieces {
            match piece {
                Piece::Lease(lease) => {
                    if before.is_none_or(|before| !before.same_block(lease)) {
                        pinned += lease.block_bytes();
                    }
                    before = Some(lease);
                }
                Piece::Loan(loan) => {
                    pinned += loan.len();
                    before = None;
                }
            }
        }
        pinned
    }

    /// Copies the bytes into the smallest blocks that hold them if that frees at least half of what is pinned; says
    /// whether it did. For a partial frame that will wait for its rest.
    ///
    /// Only for bytes that nobody is sending: unlike everything else here, it moves them. Loans are left alone.
    pub fn settle(&mut self, pool: &Pool) -> bool {
        let whole = pool.block_bytes(Class::Parking);
        let target = self.len.div_ceil(whole).max(1) * whole;
        let all_leases = self
            .pieces
            .iter()
            .all(|piece| matches!(piece, Piece::Lease(_)));
        if self.is_empty()
            || !all_leases
            || self.pinned_bytes() < 2 * target
            || target > pool.block_bytes(Class::Bulk)
        {
            return false;
        }
        let Ok(mut writer) = pool.writable_for(self.len) else {
            return false;
        };
        if writer.room() < self.len || writer.room() * 2 > self.pinned_bytes() {
            return false;
        }
        for piece in self.pieces.drain(..) {
            writer.put(&piece);
        }
        pool.count_copied(self.len);
        self.pieces.push_back(Piece::Lease(writer.lease_from(0)));
        self.writer = Some(writer);
        true
    }
}

impl fmt::Debug for Gather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Gather({} bytes in {} pieces)",
            self.len,
            self.pieces.len()
        )
    }
}

/// The bytes of a gather, piece by piece. See [`Gather::pieces`].
#[derive(Clone)]
pub struct Pieces<'a> {
    inner: std::collections::vec_deque::Iter<'a, Piece>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.inner.next().map(|piece| &**piece)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl ExactSizeIterator for Pieces<'_> {}
