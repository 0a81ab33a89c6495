//! How a shard that sleeps in its ring is woken: by its peers through MSG_RING, by everybody else through an event counter.

use crossbeam::queue::ArrayQueue;
use megaphone_core::{Command, QuestionId};
use megaphone_mesh::Bell;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What may be asked of a shard from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// Let sessions end, for this long at most.
    Drain(Duration),
    /// End now.
    Stop,
    /// Publish the figures now.
    Publish,
}

/// An operator's question to the machine.
pub(crate) type Question = (QuestionId, Box<Command>);

/// A shard's mailbox for [`Control`] and for questions.
pub(crate) struct Mailbox {
    queue: ArrayQueue<Control>,
    /// In a queue of their own: none may be dropped unanswered, and none may keep a [`Control`] out.
    questions: ArrayQueue<Question>,
    bell: Bell,
    counter: OwnedFd,
}

impl Mailbox {
    /// Messages that may wait: far more than a control plane sends in one turn of a loop.
    const CAPACITY: usize = 16;

    pub(crate) fn new(bell: Bell) -> io::Result<Self> {
        let flags = rustix::event::EventfdFlags::CLOEXEC | rustix::event::EventfdFlags::NONBLOCK;
        let counter = rustix::event::eventfd(0, flags)?;
        Ok(Self {
            queue: ArrayQueue::new(Self::CAPACITY),
            questions: ArrayQueue::new(Self::CAPACITY),
            bell,
            counter,
        })
    }

    /// Puts a message in, and wakes the shard if it sleeps. In a full mailbox the oldest message gives way; a wish to
    /// publish does not even ask for that.
    pub(crate) fn send(&self, control: Control) {
        if control != Control::Publish || !self.queue.is_full() {
            self.queue.force_push(control);
        }
        self.wake();
    }

    /// Puts a question in, and wakes the shard if it sleeps.
    ///
    /// # Errors
    ///
    /// The question, if too many wait.
    pub(crate) fn ask(&self, question: Question) -> Result<(), Question> {
        self.questions.push(question)?;
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        if self.bell.must_ring() {
            // The counter only fails to count at 2^64 - 1, and then it is readable anyway.
            let _ = rustix::io::write(&self.counter, &1_u64.to_ne_bytes());
        }
    }

    pub(crate) fn take(&self) -> Option<Control> {
        self.queue.pop()
    }

    pub(crate) fn take_question(&self) -> Option<Question> {
        self.questions.pop()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.questions.is_empty()
    }

    /// What the shard's ring polls.
    pub(crate) fn fd(&self) -> RawFd {
        self.counter.as_raw_fd()
    }
}

/// All shards' rings by descriptor, so that shards can ring each other, and the meeting points at start and end: no ring
/// is rung before it is enabled or after it is closed.
pub(crate) struct Rings {
    descriptors: Box<[AtomicI32]>,
    meeting: Mutex<Meeting>,
    changed: Condvar,
}

#[derive(Default)]
struct Meeting {
    /// Shards whose set-up succeeded or failed.
    reported: usize,
    failed: bool,
    gone: usize,
}

impl Rings {
    pub(crate) fn new(shards: u16) -> Self {
        Self {
            descriptors: (0..shards).map(|_| AtomicI32::new(-1)).collect(),
            meeting: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// A shard's ring; -1, which the kernel refuses, if there is none.
    pub(crate) fn descriptor(&self, shard: u16) -> RawFd {
        self.descriptors
            .get(usize::from(shard))
            .map_or(-1, |fd| fd.load(Ordering::Acquire))
    }

    /// A shard's set-up ended: its ring, or none. Waits for the others; says whether all succeeded.
    pub(crate) fn arrive(&self, shard: u16, ring: Option<RawFd>) -> bool {
        if let (Some(fd), Some(descriptor)) = (ring, self.descriptors.get(usize::from(shard))) {
            descriptor.store(fd, Ordering::Release);
        }
        self.meet(|meeting, all| {
            meeting.reported += 1;
            meeting.failed |= ring.is_none();
            move |meeting: &Meeting| meeting.reported >= all
        })
    }

    /// A shard that never will arrive.
    pub(crate) fn miss(&self) {
        let mut meeting = self.meeting.lock().unwrap_or_else(PoisonError::into_inner);
        meeting.reported += 1;
        meeting.failed = true;
        self.changed.notify_all();
    }

    /// Waits for all set-ups; says whether all succeeded.
    pub(crate) fn started(&self) -> bool {
        self.meet(|_, all| move |meeting: &Meeting| meeting.reported >= all)
    }

    /// A shard will ring no more. Waits for the others, after which its ring may be closed.
    pub(crate) fn depart(&self) {
        self.meet(|meeting, all| {
            meeting.gone += 1;
            move |meeting: &Meeting| meeting.gone >= all
        });
    }

    fn meet<D: Fn(&Meeting) -> bool>(&self, change: impl FnOnce(&mut Meeting, usize) -> D) -> bool {
        let mut meeting = self.meeting.lock().unwrap_or_else(PoisonError::into_inner);
        let done = change(&mut meeting, self.descriptors.len());
        self.changed.notify_all();
        let meeting = self
            .changed
            .wait_while(meeting, |meeting| !done(meeting))
            .unwrap_or_else(PoisonError::into_inner);
        !meeting.failed
    }
}
