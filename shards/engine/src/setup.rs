//! Making a ring: flags, probe, direct descriptors, buffer ring, restrictions, and only then the start.

use crate::buffers::{Buffers, GROUP};
use crate::config::EngineConfig;
use crate::datagram;
use crate::fault::{EngineError, setup_cause};
use crate::ring::Ring;
use io_uring::register::{Probe, Restriction};
use io_uring::{IoUring, opcode, squeue};
use std::io;
use std::os::fd::RawFd;

/// Direct descriptors per ring, at most (the kernel's `IORING_MAX_FIXED_FILES`).
const SOCKETS_MAX: u32 = 1 << 20;

/// Every operation the engine uses; the ring is restricted to these.
const OPCODES: [(u8, &str); 15] = [
    (opcode::AcceptMulti::CODE, "ACCEPT"),
    (opcode::AsyncCancel::CODE, "ASYNC_CANCEL"),
    (opcode::Bind::CODE, "BIND"),
    (opcode::Close::CODE, "CLOSE"),
    (opcode::Connect::CODE, "CONNECT"),
    (opcode::MsgRingData::CODE, "MSG_RING"),
    (opcode::PollAdd::CODE, "POLL_ADD"),
    (opcode::RecvMulti::CODE, "RECV"),
    (opcode::RecvMsgMulti::CODE, "RECVMSG"),
    (opcode::Send::CODE, "SEND"),
    (opcode::SendMsg::CODE, "SENDMSG"),
    (opcode::SetSockOpt::CODE, "URING_CMD"),
    (opcode::Shutdown::CODE, "SHUTDOWN"),
    (opcode::Socket::CODE, "SOCKET"),
    (opcode::Timeout::CODE, "TIMEOUT"),
];

/// Registrations that stay allowed while running: what an orderly end needs.
const REGISTRATIONS: [u8; 2] = [
    23, // IORING_UNREGISTER_PBUF_RING
    24, // IORING_REGISTER_SYNC_CANCEL
];

/// A ring and its rings of buffers: for streams, and for datagrams if there are UDP sockets.
pub(crate) type Made = (Ring, Buffers, Option<Buffers>);

/// Makes a ring and its buffer rings on the calling thread, which will be its only issuer. The UDP sockets get the last places
/// of its table.
pub(crate) fn ring(
    config: &EngineConfig,
    sockets_max: u32,
    udp: &[RawFd],
) -> Result<Made, EngineError> {
    let uring = create(config).map_err(explain)?;
    let submitter = uring.submitter();
    let mut probe = Probe::new();
    submitter.register_probe(&mut probe).map_err(explain)?;
    if let Some((_, name)) = OPCODES.iter().find(|(code, _)| !probe.is_supported(*code)) {
        return Err(EngineError::Opcode(name));
    }
    submitter
        .register_files_sparse(sockets_max)
        .map_err(|source| match source.raw_os_error() {
            Some(libc::EMFILE) => EngineError::Descriptors {
                asked: sockets_max,
                limit: hard_descriptor_limit(),
            },
            _ => explain(source),
        })?;
    let buffers = Buffers::register(
        &submitter,
        GROUP,
        config.receive_buffers,
        config.receive_class,
    )
    .map_err(explain)?;
    let datagrams = if udp.is_empty() {
        None
    } else {
        let first = sockets_max.saturating_sub(udp.len() as u32);
        submitter
            .register_files_update(first, udp)
            .map_err(explain)?;
        let (capacity, class) = (config.datagram_buffers, config.datagram_class);
        Some(Buffers::register(&submitter, datagram::GROUP, capacity, class).map_err(explain)?)
    };
    submitter
        .register_restrictions(&mut restrictions())
        .map_err(explain)?;
    submitter.register_enable_rings().map_err(explain)?;
    Ok((Ring::new(uring), buffers, datagrams))
}

fn create(config: &EngineConfig) -> io::Result<IoUring> {
    IoUring::builder()
        .dontfork()
        .setup_r_disabled()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_taskrun_flag()
        .setup_submit_all()
        .setup_clamp()
        .setup_cqsize(config.completion_entries)
        .build(config.submission_entries)
}

fn restrictions() -> Vec<Restriction> {
    let flags =
        squeue::Flags::FIXED_FILE | squeue::Flags::BUFFER_SELECT | squeue::Flags::SKIP_SUCCESS;
    let operations = OPCODES.iter().map(|&(code, _)| Restriction::sqe_op(code));
    let registrations = REGISTRATIONS
        .iter()
        .map(|&code| Restriction::register_op(code));
    operations
        .chain(registrations)
        .chain([Restriction::sqe_flags_allowed(flags.bits())])
        .collect()
}

fn explain(source: io::Error) -> EngineError {
    let disabled = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled");
    let disabled = disabled.ok().and_then(|text| text.trim().parse().ok());
    EngineError::Uring {
        cause: setup_cause(source.raw_os_error(), disabled),
        source,
    }
}

/// The size of the direct-descriptor table: what is asked for, or what the limits allow. Raises the soft limit to what it needs.
pub(crate) fn sockets_max(asked: Option<u32>) -> Result<u32, EngineError> {
    let limit = hard_descriptor_limit();
    let allowed = u32::try_from(limit).unwrap_or(SOCKETS_MAX).min(SOCKETS_MAX);
    let sockets = asked.unwrap_or(allowed);
    if sockets == 0 || sockets > allowed {
        return Err(EngineError::Descriptors {
            asked: sockets,
            limit: u64::from(allowed),
        });
    }
    raise_descriptor_limit();
    Ok(sockets)
}

fn hard_descriptor_limit() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile)
        .maximum
        .unwrap_or(u64::MAX)
}

/// Raises the soft limit on descriptors to the hard one. The kernel checks tables against the soft limit.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        // Not raised is not fatal: registering the table says what is wrong, with the figures.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

#[cfg(test)]
mod tests {
    use super::{OPCODES, ring, sockets_max};
    use crate::config::EngineConfig;
    use crate::fault::EngineError;
    use crate::ring::Wait;
    use crate::tag::{Kind, Tag};
    use io_uring::opcode;

    #[test]
    fn operations_that_the_engine_does_not_use_are_refused() {
        let (mut ring, _buffers, _) = ring(&EngineConfig::default(), 16, &[]).unwrap();
        // SAFETY: no memory is involved.
        unsafe { ring.push(opcode::Nop::new().build(), Tag::of(Kind::Unknown, 7)) }.unwrap();
        ring.enter(Wait::No).unwrap();
        let mut completions = Vec::new();
        ring.reap(&mut completions);
        assert_eq!(
            completions.first().map(|completion| completion.result),
            Some(-libc::EACCES)
        );
    }

    #[test]
    fn more_sockets_than_the_limit_is_an_error_with_figures() {
        let error = sockets_max(Some(u32::MAX)).unwrap_err();
        assert!(matches!(
            error,
            EngineError::Descriptors {
                asked: u32::MAX,
                ..
            }
        ));
        assert!(error.to_string().contains("LimitNOFILE"));
        assert!(sockets_max(None).unwrap() > 0);
    }

    #[test]
    fn no_operation_is_listed_twice() {
        let mut codes: Vec<u8> = OPCODES.iter().map(|&(code, _)| code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), OPCODES.len());
    }
}
