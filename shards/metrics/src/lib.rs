//! Figures of a shard: their names, the cells they are counted in, and how a scrape reads them; it opens no
//! socket and starts no thread.
//!
//! ```text
//!  shard thread                              scrape thread
//!  Cells  ──publish, a few times a second──► Page ──read──► Snapshot ──► Exposition ──► text
//!  plain u64, one writer                     atomics, lines of its own
//! ```
//!
//! Counting is an array index and an addition. A scrape reads [`Page`]s only, never a line that a shard
//! counts in, so scraping cannot slow a shard. Every name is in one file, [`names`](Metric).
#![forbid(unsafe_code)]

mod cells;
mod exposition;
mod histogram;
mod names;
mod page;

pub use cells::Cells;
pub use exposition::{Exposition, Format};
pub use histogram::Buckets;
pub use names::{Family, Histogram, HistogramFamily, Kind, LinkMetric, Metric, PREFIX, Series};
pub use page::{Page, Snapshot};
