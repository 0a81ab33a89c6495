//! `megaphone bench h248`: simulated media gateways against any controller, or a simulated controller for any gateways.
//!
//! It shares the codecs and the engine with the appliance, and none of its transaction machinery: what it sends, sends
//! again, answers and counts is a small state machine of its own.
//!
//! ```text
//!   args.rs      the options               station.rs    the machine: gateways or controller, its stages
//!   plan.rs      what a run does           traffic.rs    what is due, sent, sent again, given up
//!   wire.rs      messages written          reading.rs    messages read, and answered at once
//!   outcome.rs   what it came to           paths.rs      streams and datagrams
//!   opening.rs   gateways that begin
//! ```

pub mod args;
mod opening;
pub mod outcome;
mod paths;
pub mod plan;
mod reading;
pub mod station;
mod traffic;
mod wire;
