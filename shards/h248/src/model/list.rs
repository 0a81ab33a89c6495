//! `List` and `Ref`: sequences and indirections that are either borrowed from an arena or owned.
//!
//! They are what `Cow` is for slices, except that they stay covariant in their item and so nest freely.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;

/// A list of `T`: a slice of an arena (decoded messages) or a vector (messages built by hand).
///
/// It dereferences to a slice, so walking never needs to know which. Build one from a `Vec`, an array, a slice or an
/// iterator. `SEQUENCE OF` in annex A; an absent optional list and an empty one are the same thing here.
#[derive(Clone)]
pub enum List<'a, T> {
    /// Items that live elsewhere.
    Borrowed(&'a [T]),
    /// Items of its own.
    Owned(Vec<T>),
}

impl<T> List<'_, T> {
    /// The list without items.
    pub const EMPTY: Self = Self::Borrowed(&[]);

    /// The items.
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::Borrowed(items) => items,
            Self::Owned(items) => items,
        }
    }

    /// A list of one item.
    #[must_use]
    pub fn one(item: T) -> Self {
        Self::Owned(vec![item])
    }
}

impl<T: Clone> List<'_, T> {
    /// Appends an item; a borrowed list is copied first.
    pub fn push(&mut self, item: T) {
        if let Self::Borrowed(items) = self {
            *self = Self::Owned(items.to_vec());
        }
        if let Self::Owned(items) = self {
            items.push(item);
        }
    }
}

impl<T> Deref for List<'_, T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T: fmt::Debug> fmt::Debug for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<T: PartialEq> PartialEq for List<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Eq> Eq for List<'_, T> {}

impl<T: Hash> Hash for List<'_, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl<T> From<Vec<T>> for List<'_, T> {
    fn from(items: Vec<T>) -> Self {
        Self::Owned(items)
    }
}

impl<'a, T> From<&'a [T]> for List<'a, T> {
    fn from(items: &'a [T]) -> Self {
        Self::Borrowed(items)
    }
}

impl<T, const N: usize> From<[T; N]> for List<'_, T> {
    fn from(items: [T; N]) -> Self {
        Self::Owned(items.into())
    }
}

impl<T> FromIterator<T> for List<'_, T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Owned(items.into_iter().collect())
    }
}

impl<'l, T> IntoIterator for &'l List<'_, T> {
    type Item = &'l T;
    type IntoIter = core::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
    }
}

/// One `T` behind an indirection: a place in an arena or a box. Keeps rare, large parts out of common, small ones.
#[derive(Clone)]
pub enum Ref<'a, T> {
    /// A value that lives elsewhere.
    Borrowed(&'a T),
    /// A value of its own.
    Owned(Box<T>),
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match self {
            Self::Borrowed(value) => value,
            Self::Owned(value) => value,
        }
    }
}

impl<T: Default> Default for Ref<'_, T> {
    fn default() -> Self {
        Self::Owned(Box::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Ref<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Ref<'_, T> {}

impl<T: Hash> Hash for Ref<'_, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T> From<T> for Ref<'_, T> {
    fn from(value: T) -> Self {
        Self::Owned(Box::new(value))
    }
}

impl<'a, T> From<&'a T> for Ref<'a, T> {
    fn from(value: &'a T) -> Self {
        Self::Borrowed(value)
    }
}
