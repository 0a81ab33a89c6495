//! The H.248/Megaco transaction engine: users, virtual connections, requests, replies, acknowledgements and their timers. No I/O, no clock.
//!
//! | module | what |
//! | --- | --- |
//! | [`engine`] | the state machine that ties everything together: `handle`, `poll`, `deadline` |
//! | [`config`] | every configuration item, its default and its validation; incremental timers |
//! | [`user`] | the callbacks of who answers requests |
//! | [`connection`], [`request`], [`reply`], [`sender`], [`segment`] | the five state machines, each one `match (state, event)` |
//! | [`registration`] | what RFC 3525 wants around ServiceChange and OTP leaves out |
//! | [`setup`] | the initial configuration, from a TOML document |
//! | [`counters`], [`trace`] | what is counted, what is shown |
//!
//! Names are OTP's (`megaco` application) and RFC 3525's. Where the two differ, item `profile` decides.
#![forbid(unsafe_code)]

pub mod call;
mod codec;
pub mod config;
pub mod connection;
pub mod counters;
pub mod engine;
mod fault;
pub mod handle;
mod mid;
pub mod registration;
pub mod reply;
pub mod request;
mod rtt;
pub mod segment;
pub mod sender;
pub mod setup;
mod table;
pub mod trace;
pub mod user;

pub use call::{Actions, CallOptions, EncodedActions};
pub use engine::{Engine, Input, Options, Output};
pub use fault::Error;
pub use handle::{
    CallId, ConnectionId, ControlHandle, ReceiveHandle, Remote, RequestToken, SendHandle, UserId,
};
pub use mid::{Mid, MidBytes, canonical};
pub use user::{DefaultUser, User};
