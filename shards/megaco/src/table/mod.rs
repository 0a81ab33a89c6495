//! Where the engine keeps its rows: slabs that never move, hash indexes that never rehash all at once, ordered ids. No protocol here.

mod acked;
mod ids;
mod index;
mod recent;
mod slab;

pub(crate) use acked::{Acked, Arrival, Moment};
pub(crate) use ids::IdMap;
pub(crate) use index::Index;
pub(crate) use recent::RecentIds;
pub(crate) use slab::Slab;
