//! Fixed block pools, leases and gather lists: where bytes live between two system calls. Knows no socket and no protocol.
//!
//! Each shard owns one [`Pool`]: a single mapping with a few size classes of equal blocks. Nothing is allocated per
//! message. A block is in one of three states, and `free + kernel + leased = total` holds for each class at all times:
//!
//! ```text
//!            take_for_kernel                filled
//!   ┌──────┐ ───────────────► ┌───────────┐ ──────► ┌─────────────────────────┐
//!   │ free │                  │ in kernel │         │ leased                  │
//!   └──────┘ ◄─────────────── └───────────┘         │  leases + writer + loans│
//!      ▲  │     kernel_return                       └─────────────────────────┘
//!      │  └──────────── writable ──────────────────────►      │
//!      └───────── the last lease dropped, the last loan home ─┘
//! ```
//!
//! * [`Lease`]: a counted right to read part of a block, local to the shard; no atomics.
//! * [`Loan`]: such a right on loan to another thread. It comes home as a [`Returned`] that travels on the mesh to
//!   [`Pool::take_back`]; one that is merely dropped goes to a lock-free list that [`Pool::collect_strays`] empties.
//! * [`Writer`]: the one right to append to a block. Bytes once written never change while anybody can read them.
//! * [`Gather`]: an ordered list of leases and loans: what was received and not yet understood, or what is to be sent.
//!
//! **Lifetime.** The mapping is unmapped when the last [`Pool`] handle goes and nothing is outstanding: no block in the
//! kernel, no lease, no loan. Otherwise it is leaked, deliberately: memory is never pulled from under the kernel's or
//! another thread's feet. A shard that ends in good order closes its ring, returns the kernel's blocks, drops its
//! gathers and collects its strays before it drops the pool.

mod asan;
mod config;
mod gather;
mod lease;
mod loan;
mod pool;
mod region;
mod sync;

pub use config::{BLOCKS_MAX, Class, ClassConfig, PoolConfig, PoolError};
pub use gather::{Gather, Piece, Pieces};
pub use lease::{Lease, Writer};
pub use loan::{Loan, Returned};
pub use pool::{Closed, Counts, Exhausted, KernelBlock, Pool, Traffic};

#[cfg(all(test, not(loom)))]
mod tests;
