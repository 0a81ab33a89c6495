//! The shard as one state machine: sessions, links, routing, limits, drain.
#![forbid(unsafe_code)]
