//! Metric names, per-shard cells, histograms and their exposition.
#![forbid(unsafe_code)]
