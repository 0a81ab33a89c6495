//! Framings in and out of byte streams, over leases, without copying bodies.
#![forbid(unsafe_code)]
