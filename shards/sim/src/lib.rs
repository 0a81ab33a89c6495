//! A deterministic world that drives the shipped machine: shards with their real pools and mesh, a scripted kernel, clients,
//! backends and a virtual clock, all decided by one seed. It opens no socket and reads no clock.
//!
//! ```text
//!   clients ──┐                 ┌─ World ─────────────────────────────┐                ┌── backends
//!    send     │  bytes, FIN,    │ kernel: short sends, no buffers,    │  bytes, FIN,   │    HELLO, DATA,
//!    stall    ├────────────────►│   late and reordered completions    │◄───────────────┤    ACK, resume,
//!    end      │  RST            │ shards ◄── mesh, read when drawn ──►│  RST           │    misbehave
//!    break    ┘                 │ clock: moves when drawn             │                └── restart
//!                               └─────────────────────────────────────┘
//! ```
//!
//! * [`Plan`]: what a seed draws: shards, limits, framings, links, which actions are possible at all (swarm testing: a random third
//!   is switched off).
//! * [`World::step`] does one drawn action and checks what must hold after every step; [`World::settle`] lets everything happen that
//!   can, fairly, for a stretch of virtual time.
//! * [`run`] is one whole simulation: chaos, then healing, then draining, and nothing may be left over.
//!
//! A failing seed is replayed with `cargo run -p megaphone-sim --example replay -- --seed S`.
#![forbid(unsafe_code)]

mod backend;
mod chaos;
mod client;
mod content;
mod gateway;
mod kernel;
mod model;
mod people;
mod plan;
mod run;
mod sights;
mod stream;
mod world;

pub use backend::{Backend, BackendPlan, Conversation, Reply};
pub use client::{Client, ClientEnd};
pub use content::{DOWN, UP, byte_at};
pub use gateway::SentDatagram;
pub use plan::{Action, Plan};
pub use run::{Report, run, run_watching};
pub use sights::{Sight, Sights};
pub use world::World;
