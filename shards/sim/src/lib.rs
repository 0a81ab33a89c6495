//! A deterministic world that drives core: network, clock, kernel faults, peers.
#![forbid(unsafe_code)]
