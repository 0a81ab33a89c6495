//! The end of a shard. What the kernel could still write to goes last.

use crate::buffers::GROUP;
use crate::datagram;
use crate::ring::Wait;
use crate::shard::Shard;
use crate::tag::Kind;
use io_uring::types::{CancelBuilder, Timespec};
use megaphone_core::Machine;
use std::io;

impl<M: Machine> Shard<M> {
    /// Ends in good order: nothing in flight, no buffer with the kernel. The ring may be closed after that.
    pub(crate) fn wind_up(&mut self) -> io::Result<()> {
        const TRIES: usize = 100;
        self.ring.enter(Wait::No)?;
        for _ in 0..TRIES {
            let limit = Timespec::new().nsec(100_000_000);
            let cancelled = self
                .ring
                .uring()
                .submitter()
                .register_sync_cancel(Some(limit), CancelBuilder::any());
            self.ring.enter(Wait::No)?;
            let mut completions = std::mem::take(&mut self.completions);
            self.ring.reap(&mut completions);
            let quiet = completions.is_empty()
                && matches!(&cancelled, Err(error) if error.kind() == io::ErrorKind::NotFound);
            for completion in completions.drain(..) {
                let Some(index) = completion.buffer() else {
                    continue;
                };
                let buffers = match completion.tag.kind {
                    Kind::Datagram => self.datagrams.buffers(),
                    _ => Some(&mut self.buffers),
                };
                if let Some(buffers) = buffers {
                    buffers.spoiled(&self.pool, index);
                }
            }
            self.completions = completions;
            if quiet {
                break;
            }
        }
        let submitter = self.ring.uring().submitter();
        submitter.unregister_buf_ring(GROUP)?;
        self.buffers.drain(&self.pool);
        if let Some(buffers) = self.datagrams.buffers() {
            submitter.unregister_buf_ring(datagram::GROUP)?;
            buffers.drain(&self.pool);
        }
        self.pool.collect_strays();
        self.tick();
        self.publish();
        Ok(())
    }

    /// Gives the machine back; the ring is closed first.
    pub(crate) fn into_machine(self) -> M {
        let Self {
            ring,
            buffers,
            datagrams,
            machine,
            port,
            ..
        } = self;
        drop(ring);
        drop(buffers);
        drop(datagrams);
        drop(port);
        machine
    }
}
