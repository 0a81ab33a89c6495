//! H.248 on shards that are driven by hand: controllers on links, and what waits between a home and a socket.
#![forbid(unsafe_code)]

mod controllers;
mod outbox;
#[path = "../support/mod.rs"]
mod support;
