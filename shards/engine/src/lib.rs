//! The io_uring socket engine inside a glommio executor: it drives one [`Machine`] per shard and knows no protocol.
//!
//! Each shard owns one private ring (single issuer, deferred task work, restricted to the operations in use), its direct
//! descriptors, and a ring of provided buffers. glommio places the thread and runs control tasks; sockets, timers,
//! the mesh and the mailbox all end in the shard's ring, in which its main task sleeps.
//!
//! ```text
//!   shard.rs     the loop                    setup.rs     probe, flags, restrictions
//!   accept.rs    listeners, peers            ring.rs      submit, wait, reap
//!   recv.rs      parked, active, starved     buffers.rs   provided buffers
//!   send.rs      gathered, one at a time      slots.rs     16 bytes per socket
//!   connect.rs   outgoing connections        tag.rs       whose completion it is
//!   close.rs     the end, hand-over          doorbell.rs  waking sleepers
//!   host.rs      glommio, start and end      fault.rs     errors with their likely causes
//! ```
//!
//! [`Machine`]: megaphone_core::Machine

mod accept;
mod alarm;
mod buffers;
mod close;
mod config;
mod connect;
mod doorbell;
mod fault;
mod host;
mod notes;
mod recv;
mod ring;
mod send;
mod setup;
mod shard;
mod slots;
mod tag;

pub use config::{EngineConfig, ListenAddress, ListenerSpec, NoteSink, Parking, SocketOptions};
pub use fault::EngineError;
pub use host::{Birth, Controls, Running, run};
