//! One io_uring and its manners: submit early when full, retry what may be retried, never lose a completion. It does not know
//! what an operation is for.

use crate::tag::Tag;
use io_uring::types::{SubmitArgs, Timespec};
use io_uring::{EnterFlags, IoUring, cqueue, squeue};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// A completion, copied out of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) tag: Tag,
    /// What the system call would have returned, errors negative.
    pub(crate) result: i32,
    flags: u32,
}

impl Completion {
    /// Whether the operation goes on (multishot).
    pub(crate) fn more(&self) -> bool {
        cqueue::more(self.flags)
    }

    /// The buffer that the kernel picked.
    pub(crate) fn buffer(&self) -> Option<u16> {
        cqueue::buffer_select(self.flags)
    }

    /// Whether the socket had more to read.
    pub(crate) fn socket_nonempty(&self) -> bool {
        cqueue::sock_nonempty(self.flags)
    }
}

/// What happened in the ring, since the last look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RingFigures {
    pub(crate) enters: u64,
    pub(crate) submitted: u64,
    pub(crate) completed: u64,
    pub(crate) overflows: u64,
    pub(crate) full: u64,
}

/// How long an [`Ring::enter`] may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Submit, run what is due, come back.
    No,
    /// Until a completion.
    ForOne,
    /// Until so many completions, but when this time has passed until the first.
    ForMany(usize, Duration),
    /// Until a completion, or this long.
    AtMost(Duration),
}

/// How often the kernel may say that it is busy.
const TRIES: u32 = 100;

/// An enabled ring. Single issuer: it belongs to the thread that made it.
pub(crate) struct Ring {
    uring: IoUring,
    figures: RingFigures,
    overflowing: bool,
    /// Completions that had to be taken to make room for submissions.
    early: Vec<Completion>,
    /// Whether the kernel can be told not to count a wait as one for a disk (Linux 6.15).
    knows_no_iowait: bool,
}

impl Ring {
    pub(crate) fn new(uring: IoUring) -> Self {
        Self {
            knows_no_iowait: uring.params().is_feature_no_iowait(),
            uring,
            figures: RingFigures::default(),
            overflowing: false,
            early: Vec::new(),
        }
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.uring.as_raw_fd()
    }

    pub(crate) fn uring(&self) -> &IoUring {
        &self.uring
    }

    /// Queues an operation; submits first if the queue is full.
    ///
    /// # Safety
    ///
    /// What `entry` points to stays valid: arguments (addresses, message headers) until [`Ring::is_flushed`] says so after a
    /// [`Ring::enter`], for the kernel copies them when it takes the entry (`IORING_FEAT_SUBMIT_STABLE`); data until the
    /// operation's last completion.
    pub(crate) unsafe fn push(&mut self, entry: squeue::Entry, tag: Tag) -> io::Result<()> {
        let entry = entry.user_data(tag.encode());
        for _ in 0..TRIES {
            // SAFETY: the caller's promise.
            if unsafe { self.uring.submission().push(&entry) }.is_ok() {
                return Ok(());
            }
            self.figures.full += 1;
            self.enter(Wait::No)?;
            if self.uring.submission().is_full() {
                // The kernel may refuse submissions while completions wait.
                let mut early = std::mem::take(&mut self.early);
                self.take_completions(&mut early);
                self.early = early;
            }
        }
        Err(io::Error::from_raw_os_error(libc::EBUSY))
    }

    /// Submits what is queued and, if asked to, waits for a completion.
    ///
    /// # Errors
    ///
    /// What is left after bounded patience with EINTR, EAGAIN and EBUSY: the ring is unusable.
    pub(crate) fn enter(&mut self, wait: Wait) -> io::Result<()> {
        let queue = self.uring.submission();
        let overflowing = queue.cq_overflow();
        if wait == Wait::No && queue.is_empty() && !queue.taskrun() && !overflowing {
            return Ok(());
        }
        drop(queue);
        self.figures.overflows += u64::from(overflowing && !self.overflowing);
        self.overflowing = overflowing;
        for _ in 0..TRIES {
            self.figures.enters += 1;
            let queued = self.uring.submission().len() as u64;
            let outcome = self.submit(wait);
            self.figures.submitted += queued - self.uring.submission().len() as u64;
            match outcome.map_err(|error| (error.raw_os_error().unwrap_or(0), error)) {
                Ok(_) | Err((libc::ETIME | libc::EINTR, _)) => return Ok(()),
                // The completion queue is full to the brim: the caller must take completions first.
                Err((libc::EBUSY, _)) if !self.uring.completion().is_empty() => return Ok(()),
                Err((libc::EAGAIN | libc::EBUSY, _)) => std::thread::yield_now(),
                Err((_, error)) => return Err(error),
            }
        }
        Err(io::Error::from_raw_os_error(libc::EBUSY))
    }

    /// Whether the kernel has taken every entry: an enter may end early, and leave some for the next.
    pub(crate) fn is_flushed(&mut self) -> bool {
        self.uring.submission().is_empty()
    }

    fn submit(&mut self, wait: Wait) -> io::Result<usize> {
        match wait {
            Wait::No => self.uring.submitter().submit(),
            Wait::ForMany(count, patience) if self.uring.params().is_feature_min_timeout() => {
                let patience = microseconds(patience);
                self.wait(count, Some(&SubmitArgs::new().min_wait_usec(patience)))
            }
            Wait::ForOne | Wait::ForMany(..) => self.wait(1, None),
            Wait::AtMost(limit) => {
                let limit = Timespec::from(limit);
                self.wait(1, Some(&SubmitArgs::new().timespec(&limit)))
            }
        }
    }

    /// Submits, and sleeps until so many completions have come, or as the arguments say. To the kernel it sleeps as one that waits for
    /// the network does, where it can tell that from waiting for a disk: an idle shard is no processor in `iowait`.
    fn wait(&mut self, count: usize, args: Option<&SubmitArgs<'_, '_>>) -> io::Result<usize> {
        let queued = self.uring.submission().len() as u32;
        let mut flags = EnterFlags::GETEVENTS;
        flags.set(EnterFlags::EXT_ARG, args.is_some());
        flags.set(EnterFlags::NO_IOWAIT, self.knows_no_iowait);
        let submitter = self.uring.submitter();
        // SAFETY: what the arguments point to outlives the call; the entries are vouched for by `push`.
        unsafe { submitter.enter(queued, count as u32, flags.bits(), args) }
    }

    /// Completions that the queue holds.
    pub(crate) fn capacity(&self) -> usize {
        self.uring.params().cq_entries() as usize
    }

    /// Moves completions to `into`, as many as have come, in order.
    pub(crate) fn reap(&mut self, into: &mut Vec<Completion>) {
        into.append(&mut self.early);
        self.take_completions(into);
    }

    fn take_completions(&mut self, into: &mut Vec<Completion>) {
        let before = into.len();
        into.extend(self.uring.completion().map(|entry| Completion {
            tag: Tag::decode(entry.user_data()),
            result: entry.result(),
            flags: entry.flags(),
        }));
        self.figures.completed += (into.len() - before) as u64;
    }

    /// Whether everything is known that the submissions so far had to say at once: the kernel has taken every entry, and keeps
    /// no completion back for want of room.
    pub(crate) fn has_told_all(&mut self) -> bool {
        let queue = self.uring.submission();
        queue.is_empty() && !queue.cq_overflow()
    }

    /// Whether the kernel has more for this ring than the last enter took.
    pub(crate) fn has_backlog(&mut self) -> bool {
        self.uring.submission().taskrun()
    }

    /// Whether completions were taken already that nobody has looked at.
    pub(crate) fn has_early(&self) -> bool {
        !self.early.is_empty()
    }

    /// Takes the figures and starts again from zero.
    pub(crate) fn take_figures(&mut self) -> RingFigures {
        std::mem::take(&mut self.figures)
    }
}

/// A time to gather completions in, as the kernel wants it. Less than a microsecond is one: to the kernel none at all means without
/// end, and a shard that next has to do something in 300 ns would sleep until as many completions have come as it hoped for.
fn microseconds(patience: Duration) -> u32 {
    u32::try_from(patience.as_micros())
        .unwrap_or(u32::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::microseconds;
    use std::time::Duration;

    #[test]
    fn a_time_to_gather_in_is_never_without_end() {
        for (nanoseconds, expected) in [(1, 1), (999, 1), (1_000, 1), (50_999, 50)] {
            assert_eq!(microseconds(Duration::from_nanos(nanoseconds)), expected);
        }
        assert_eq!(microseconds(Duration::MAX), u32::MAX);
    }
}
