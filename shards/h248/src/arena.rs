//! A bump arena for the lists of decoded messages; it is not a general allocator.
//!
//! A decoded [`Message`](crate::model::Message) borrows its names and bodies from the input and its lists from an
//! arena. One arena is kept per connection or per shard and [`reset`](Arena::reset) between messages: after the
//! first few messages decoding allocates nothing at all.

use bumpalo::Bump;
use bumpalo::collections::Vec;

use crate::model::{List, Ref};

/// Storage for the lists of decoded messages.
///
/// Values in an arena are not dropped one by one. Decoders only put borrowed values there, so nothing leaks.
#[derive(Debug, Default)]
pub struct Arena {
    bump: Bump,
}

impl Arena {
    /// An empty arena; the first list allocates the first chunk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An arena with room for `bytes` bytes before it has to ask the allocator.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            bump: Bump::with_capacity(bytes),
        }
    }

    /// Forgets every message decoded into it and keeps the memory for the next one.
    pub fn reset(&mut self) {
        self.bump.reset();
    }

    /// Bytes held from the allocator.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        self.bump.allocated_bytes()
    }

    /// A list to be gathered item by item.
    #[inline]
    pub(crate) fn gather<T>(&self) -> Gather<'_, T> {
        Gather {
            items: Vec::new_in(&self.bump),
        }
    }

    /// A list of `first` and others.
    #[inline]
    pub(crate) fn gather_from<T>(&self, first: T) -> Gather<'_, T> {
        let mut items = Vec::with_capacity_in(4, &self.bump);
        items.push(first);
        Gather { items }
    }

    /// A text to be gathered piece by piece; it is not moved before it has more than `expected` bytes.
    pub(crate) fn text(&self, expected: usize) -> Text<'_> {
        Text {
            bytes: Vec::with_capacity_in(expected, &self.bump),
        }
    }

    /// A list of one item, the most frequent length on the wire.
    #[inline]
    pub(crate) fn one_item<T>(&self, item: T) -> List<'_, T> {
        List::Borrowed(core::slice::from_ref(self.bump.alloc(item)))
    }

    /// Moves one value into the arena.
    #[inline]
    pub(crate) fn value<T>(&self, value: T) -> Ref<'_, T> {
        Ref::Borrowed(self.bump.alloc(value))
    }

    /// A text of a length that is known when compiling.
    #[inline]
    pub(crate) fn array<const N: usize>(&self, bytes: [u8; N]) -> &[u8] {
        self.bump.alloc(bytes)
    }

    /// Copies bytes that do not appear in the input as they are (an unescaped body, a name from a table).
    pub(crate) fn bytes(&self, bytes: &[u8]) -> &[u8] {
        self.bump.alloc_slice_copy(bytes)
    }
}

/// A list in the making. Its items are written into the arena at once; most lists have one, and cost one move.
pub(crate) struct Gather<'a, T> {
    items: Vec<'a, T>,
}

impl<'a, T> Gather<'a, T> {
    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        if self.items.len() == self.items.capacity() {
            self.grow();
        }
        self.items.push(item);
    }

    #[inline]
    fn grow(&mut self) {
        match self.items.len() {
            0 => self.items = Vec::with_capacity_in(1, self.items.bump()),
            1 => self.items.reserve_exact(3),
            len => self.items.reserve_exact(len),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    #[inline]
    pub(crate) fn finish(self) -> List<'a, T> {
        List::Borrowed(self.items.into_bump_slice())
    }
}

/// A text in the making.
pub(crate) struct Text<'a> {
    bytes: Vec<'a, u8>,
}

impl<'a> Text<'a> {
    #[inline]
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice_copy(piece);
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    #[inline]
    pub(crate) fn finish(self) -> &'a [u8] {
        self.bytes.into_bump_slice()
    }
}
