//! `megaphone bench`: the load generator and the benches that need no network. It is a client of the appliance and
//! of any other echo; it shares the engine with the appliance and nothing else.
//!
//! ```text
//!  main thread                     shard threads, each with a ring
//!  Board ◄── progress, intervals ── Load (a Machine) ◄──► engine ◄──► sockets
//!    └── go, stop ──────────────────►
//! ```

pub mod bar;
pub mod board;
pub mod codec;
pub mod cpu;
pub mod h248;
pub mod load;
pub mod outcome;
pub mod payload;
pub mod plan;
pub mod run;
mod steps;
pub mod work;
pub mod xmpp;
