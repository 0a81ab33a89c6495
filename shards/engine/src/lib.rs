//! The io_uring socket engine inside a glommio executor: it drives one [`Machine`] per shard and knows no protocol.
//!
//! Each shard owns one private ring (single issuer, deferred task work, restricted to the operations in use), its direct
//! descriptors, and a ring of provided buffers. glommio places the thread and runs control tasks; sockets, timers,
//! the mesh and the mailbox all end in the shard's ring, in which its main task sleeps.
//!
//! ```text
//!   host.rs      glommio, start and end      setup.rs     probe, flags, restrictions
//!   shard.rs     the loop                    ring.rs      submit, wait, reap
//!   accept.rs    listeners, peers            buffers.rs   provided buffers
//!   recv.rs      parked, active, starved     slots.rs     16 bytes per socket
//!   send.rs      gathered, one at a time     tag.rs       whose completion it is
//!   connect.rs   outgoing connections        alarm.rs     timeouts that stay armed
//!   close.rs     close, hand-over            doorbell.rs  waking sleepers
//!   datagram.rs  UDP                         wait.rs      how a turn ends
//!   end.rs       an orderly end              fault.rs     errors with their likely causes
//!   name.rs      socket addresses
//! ```
//!
//! It needs Linux 6.11 (bind in the ring); 6.12 lets a busy shard gather fuller batches. `examples/echo.rs` is the smallest
//! machine that does something.
//!
//! [`Machine`]: megaphone_core::Machine

mod accept;
mod alarm;
mod buffers;
mod close;
mod config;
mod connect;
mod datagram;
mod doorbell;
mod end;
mod fault;
mod figures;
mod host;
mod name;
mod notes;
mod recv;
mod ring;
mod send;
mod setup;
mod shard;
mod slots;
mod steer;
mod tag;
mod wait;

pub use config::{
    AnswerSink, EngineConfig, ListenAddress, ListenerSpec, NoteSink, Parking, SocketOptions,
};
pub use fault::EngineError;
pub use host::{Birth, Controls, Running, run};
