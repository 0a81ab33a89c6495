//! Rows in pages of fixed size: growing allocates one page and moves nothing, so no insertion pays for a million rows.

const PAGE_BITS: u32 = 10;
const PAGE_ROWS: usize = 1 << PAGE_BITS;

/// Rows addressed by a dense `u32`; a freed place is used again, last freed first.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    pages: Vec<Vec<Place<T>>>,
    free: Option<u32>,
    len: u32,
}

#[derive(Debug)]
enum Place<T> {
    Free(Option<u32>),
    Used(T),
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            pages: Vec::new(),
            free: None,
            len: 0,
        }
    }
}

impl<T> Slab<T> {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Adds a row and returns its place.
    pub(crate) fn insert(&mut self, row: T) -> u32 {
        self.len += 1;
        if let Some(at) = self.free {
            let place = self.place_mut(at).expect("a free place exists");
            if let Place::Free(next) = std::mem::replace(place, Place::Used(row)) {
                self.free = next;
            }
            return at;
        }
        if self.pages.last().is_none_or(|page| page.len() == PAGE_ROWS) {
            self.pages
                .push(Vec::with_capacity(if self.pages.is_empty() {
                    4
                } else {
                    PAGE_ROWS
                }));
        }
        let pages = self.pages.len();
        let page = self.pages.last_mut().expect("a page was just added");
        page.push(Place::Used(row));
        u32::try_from((pages - 1) * PAGE_ROWS + page.len() - 1)
            .expect("fewer than 2^32 rows fit in memory")
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, at: u32) -> Option<T> {
        let free = self.free;
        let place = self.place_mut(at)?;
        if matches!(place, Place::Free(_)) {
            return None;
        }
        let Place::Used(row) = std::mem::replace(place, Place::Free(free)) else {
            return None;
        };
        self.free = Some(at);
        self.len -= 1;
        Some(row)
    }

    /// The row at a place.
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        match self
            .pages
            .get((at >> PAGE_BITS) as usize)?
            .get(at as usize % PAGE_ROWS)?
        {
            Place::Used(row) => Some(row),
            Place::Free(_) => None,
        }
    }

    /// The row at a place, to change it.
    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        match self.place_mut(at)? {
            Place::Used(row) => Some(row),
            Place::Free(_) => None,
        }
    }

    /// All rows with their places, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.iter_from(0)
    }

    /// The rows from a place on. What is before it costs nothing.
    pub(crate) fn iter_from(&self, from: u32) -> impl Iterator<Item = (u32, &T)> {
        let (page, row) = ((from >> PAGE_BITS) as usize, from as usize % PAGE_ROWS);
        let pages = self.pages.get(page..).unwrap_or_default();
        pages
            .iter()
            .flatten()
            .skip(row)
            .zip(from..)
            .filter_map(|(place, at)| match place {
                Place::Used(row) => Some((at, row)),
                Place::Free(_) => None,
            })
    }

    fn place_mut(&mut self, at: u32) -> Option<&mut Place<T>> {
        self.pages
            .get_mut((at >> PAGE_BITS) as usize)?
            .get_mut(at as usize % PAGE_ROWS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_reused_and_rows_stay_put() {
        let mut slab = Slab::default();
        let places: Vec<u32> = (0..3000).map(|row| slab.insert(row)).collect();
        assert_eq!(places, (0..3000).collect::<Vec<_>>());
        assert_eq!(slab.remove(7), Some(7));
        assert_eq!(slab.remove(7), None);
        assert_eq!(slab.remove(2999), Some(2999));
        assert_eq!(
            (slab.insert(1), slab.insert(2), slab.insert(3)),
            (2999, 7, 3000)
        );
        assert_eq!(slab.get(7), Some(&2));
        assert_eq!(slab.get(9999), None);
        assert_eq!((slab.len(), slab.iter().count()), (3001, 3001));
        assert_eq!(
            slab.iter_from(2999).map(|(at, _)| at).collect::<Vec<_>>(),
            [2999, 3000]
        );
        assert_eq!(slab.iter_from(9999).count(), 0);
    }
}
