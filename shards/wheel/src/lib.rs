//! Time as a number, and what a deterministic state machine needs around it; no clock is read here.
//!
//! * [`Tick`]: a moment, in nanoseconds since an origin only the caller knows.
//! * [`Wheel`]: a hierarchical timer wheel over ticks, with bounded work per call.
//! * [`Rng`]: a small seeded generator, so that a seed decides everything.
//! * [`RangeSet`]: sets of numbers as merged intervals, for acknowledgement ranges.
//!
//! Nothing here names a clock, a thread, a file or an entropy source: `now` and the seed are arguments.
#![forbid(unsafe_code)]

mod range_set;
mod rng;
mod tick;
mod wheel;

pub use range_set::{Ordinal, RangeSet};
pub use rng::Rng;
pub use tick::Tick;
pub use wheel::{TimerId, WORK_PER_POP_MAX, Wheel};
