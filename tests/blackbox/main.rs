//! The real binary against real peers, over loopback sockets: what an operator would see.
//!
//! Every test starts its own `megaphone serve` on its own address of 127/8, so tests run side by side. A test waits for what
//! it expects, by a condition with a bound, never for a time to pass.
#![forbid(unsafe_code)]

mod appliance;
mod arguments;
mod classic;
mod clients;
mod crowd;
mod drain;
mod echo;
mod faults;
mod h248;
mod limits;
mod links;
mod metrics;
mod operator;
mod peers;
mod places;
mod replay;
mod told;
mod xmpp;
