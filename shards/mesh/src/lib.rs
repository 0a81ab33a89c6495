//! The mesh: bounded queues between shards, what comes back through them, and the doorbells that wake a sleeper. It knows
//! neither sockets nor what an item means.
//!
//! For every ordered pair of shards there is a **lane**: a ring of items one way and a ring of [`Return`]s the other way,
//! both with the lane's capacity. The rule that makes it simple is that *each item is answered by exactly one return*:
//!
//! ```text
//!              items:   written by A, taken by B
//!   A  ───────────────────────────────────────►  B      A holds `capacity` credits for this lane,
//!      ◄───────────────────────────────────────         spends one per item, gets it back with the return
//!              returns: written by B, taken by A
//! ```
//!
//! So at most `capacity` items are unanswered, neither ring can be full, a push neither waits nor fails, and neither side has to
//! read the other's read position: the only words that cross cores are the two write positions, a bit that says
//! "there is news from A", and a flag that says "B sleeps". Why slots are free when they are written again
//! is told in `lane.rs`, why no wake-up is lost in `bell.rs`; both are model-checked (`tests/loom.rs`).
//!
//! A [`Port`] is one shard's end of all its lanes. [`mesh`] makes all ports at once.

mod bell;
mod lane;
mod news;
mod port;
mod sync;

pub use bell::Bell;
pub use port::{Port, Refusal, Refused, Work, memory_bytes, mesh};

use megaphone_pool::Returned;

/// What comes back for an item: one credit, and the block that the item carried, if any.
#[derive(Debug)]
pub struct Return {
    /// What the item's sender wants to know when it comes back; the mesh does not look at it.
    pub tag: u32,
    /// The block that was on loan, to be taken back by its owner's pool.
    pub block: Option<Returned>,
}
