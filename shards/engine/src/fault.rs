//! What can go wrong, in two vocabularies: errno as a machine's [`SocketFault`], and set-up errors that tell an operator
//! the likely cause.

use megaphone_core::SocketFault;
use megaphone_pool::PoolError;
use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use thiserror::Error;

/// Why the engine cannot start, or had to stop.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The configuration contradicts itself.
    #[error("{0}")]
    Config(String),
    /// No io_uring.
    #[error("cannot set up io_uring ({source}): {cause}")]
    Uring {
        /// The kernel's answer.
        source: io::Error,
        /// What it most likely means.
        cause: String,
    },
    /// The kernel lacks an operation.
    #[error("this kernel's io_uring has no {0}: Linux 6.11 or later is needed")]
    Opcode(&'static str),
    /// The direct-descriptor table would be larger than the limit on descriptors.
    #[error(
        "{asked} sockets per shard need RLIMIT_NOFILE >= {asked}, the hard limit is {limit}: raise it (systemd: LimitNOFILE=), \
         or run more shards with fewer sockets each"
    )]
    Descriptors {
        /// Sockets per shard.
        asked: u32,
        /// The hard limit.
        limit: u64,
    },
    /// A listener could not be opened.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Its address.
        address: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The pool could not be made.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The executor could not be made.
    #[error("cannot start the executor of shard {shard}: {reason}")]
    Executor {
        /// The shard.
        shard: u16,
        /// glommio's words.
        reason: String,
    },
    /// This shard could start, another could not.
    #[error("another shard could not start")]
    NotStarted,
    /// The ring broke while running.
    #[error("the ring of shard {shard} failed: {source}")]
    Ring {
        /// The shard.
        shard: u16,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A shard's machine panicked, in a program whose panics unwind.
    #[error("shard {shard} panicked: {reason}")]
    Panic {
        /// The shard.
        shard: u16,
        /// The panic's words.
        reason: String,
    },
}

/// Lets a shard work. Where panics unwind, a panic of its machine is an error like any other: the shard ends in good order, and the
/// others with it. Else they would wait for it at their own end, and before that go on with a part of the clients gone.
pub(crate) fn guard<T>(
    shard: u16,
    work: impl FnOnce() -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    // What the work leaves half done is only ended and dropped after that.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = words(&*panic);
        Err(EngineError::Panic { shard, reason })
    })
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without words").to_owned()
}

/// An errno as a machine's word.
pub(crate) fn socket_fault(errno: i32) -> SocketFault {
    match errno {
        libc::ECONNRESET | libc::EPIPE | libc::ECONNABORTED => SocketFault::Reset,
        libc::ECONNREFUSED | libc::ENOENT => SocketFault::Refused,
        libc::ETIMEDOUT | libc::EHOSTUNREACH | libc::ENETUNREACH => SocketFault::Unreachable,
        libc::EMFILE | libc::ENFILE => SocketFault::Descriptors,
        libc::ENOMEM | libc::ENOBUFS => SocketFault::Memory,
        other => SocketFault::Other(other),
    }
}

/// What a failed `io_uring_setup` most likely means.
pub(crate) fn setup_cause(errno: Option<i32>, disabled: Option<u32>) -> String {
    match (errno, disabled) {
        (Some(libc::EPERM), Some(level @ 1..)) => format!(
            "sysctl kernel.io_uring_disabled is {level}: set it to 0, or to 1 with this process in kernel.io_uring_group"
        ),
        (Some(libc::EPERM), _) => {
            "not permitted: a seccomp filter or a container runtime blocks it; allow the io_uring system calls".into()
        }
        (Some(libc::ENOSYS), _) => {
            "no such system call: the kernel is built without CONFIG_IO_URING, or a seccomp filter hides it".into()
        }
        (Some(libc::ENOMEM), _) => {
            "RLIMIT_MEMLOCK is too low, or memory is short: raise LimitMEMLOCK=, or grant CAP_IPC_LOCK".into()
        }
        (Some(libc::EMFILE | libc::ENFILE), _) => "no descriptor is left: raise RLIMIT_NOFILE".into(),
        (Some(libc::EINVAL), _) => "the kernel does not know a flag: Linux 6.11 or later is needed".into(),
        _ => "see io_uring_setup(2)".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{setup_cause, socket_fault};
    use megaphone_core::SocketFault;

    #[test]
    fn causes_name_what_to_change() {
        assert!(setup_cause(Some(libc::EPERM), Some(2)).contains("kernel.io_uring_disabled is 2"));
        assert!(setup_cause(Some(libc::EPERM), Some(0)).contains("seccomp"));
        assert!(setup_cause(Some(libc::ENOSYS), None).contains("CONFIG_IO_URING"));
        assert!(setup_cause(Some(libc::ENOMEM), Some(0)).contains("LimitMEMLOCK"));
        assert!(setup_cause(Some(libc::EINVAL), None).contains("6.11"));
    }

    #[test]
    fn errnos_become_words() {
        assert_eq!(socket_fault(libc::EPIPE), SocketFault::Reset);
        assert_eq!(socket_fault(libc::ENFILE), SocketFault::Descriptors);
        assert_eq!(socket_fault(libc::EPROTO), SocketFault::Other(libc::EPROTO));
    }
}
