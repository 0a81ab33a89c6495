//! Where the engine keeps its rows: slabs that never move, hash indexes that never rehash all at once, ordered ids. No protocol here.

mod ids;
mod index;
mod slab;

pub(crate) use ids::{IdMap, RecentIds};
pub(crate) use index::Index;
pub(crate) use slab::Slab;
