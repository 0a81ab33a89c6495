//! The appliance: the command line, configuration, serving, the reading side, benches. It only wires; what the
//! protocols do is in the crates of `shards/`.
#![forbid(unsafe_code)]

pub mod admin;
pub mod bench;
pub mod card;
pub mod cli;
pub mod config;
pub mod ctl;
pub mod decode;
pub mod embed;
pub mod failure;
pub mod serve;
pub mod trace;
