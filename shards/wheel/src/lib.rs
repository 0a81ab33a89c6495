//! Ticks, the hierarchical timer wheel, seeded randomness and range sets.
#![forbid(unsafe_code)]
