//! A shard's loop: one wait, then everything that came is given to the machine, then everything it wants is queued, then
//! the next wait. What each kind of completion means is told in the neighbouring files.

use crate::accept::{Addresses, Listener};
use crate::alarm::Alarm;
use crate::buffers::Buffers;
use crate::config::EngineConfig;
use crate::connect::Attempts;
use crate::datagram::Datagrams;
use crate::doorbell::{Control, Mailbox, Rings};
use crate::fault::EngineError;
use crate::notes::Notes;
use crate::ring::{Completion, Ring};
use crate::send::Messages;
use crate::slots::Slots;
use crate::tag::{Kind, Tag};
use io_uring::opcode;
use io_uring::types::Fd;
use megaphone_core::{Input, Machine, Output, ShardId, SocketId};
use megaphone_mesh::Port;
use megaphone_metrics::{Cells, Histogram, Metric, Page};
use megaphone_pool::Pool;
use megaphone_wheel::Tick;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Mesh items and returns taken per turn, so that sockets get their turn too.
const MESH_BATCH: usize = 1_024;
/// A turn that takes this long is a stall.
const STALL: Duration = Duration::from_micros(500);
/// How often the figures are published while there is something to do.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);

/// One shard: the machine and all that it drives. The fields are dropped in this order: first the ring, then what the kernel could see.
pub(crate) struct Shard<M: Machine> {
    pub(crate) ring: Ring,
    pub(crate) buffers: Buffers,
    pub(crate) messages: Messages,
    pub(crate) addresses: Addresses,
    pub(crate) attempts: Attempts,
    pub(crate) datagrams: Datagrams,
    pub(crate) alarm: Alarm,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) machine: M,
    pub(crate) port: Port<M::Item>,
    pub(crate) pool: Pool,

    pub(crate) id: ShardId,
    pub(crate) config: Arc<EngineConfig>,
    pub(crate) rings: Arc<Rings>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) slots: Slots,
    pub(crate) cells: Cells,
    pub(crate) now: Tick,

    /// Sockets to send on at the end of the turn.
    pub(crate) to_send: Vec<SocketId>,
    /// Sockets that found no buffer, first come first served.
    pub(crate) starved: VecDeque<SocketId>,
    /// Active sockets, and when each may have become quiet.
    pub(crate) watched: VecDeque<(SocketId, u32)>,
    /// Sends started in this turn.
    pub(crate) sends_started: usize,
    /// Sockets whose silent sends are under way: sent, unless a completion says otherwise.
    pub(crate) silent: Vec<SocketId>,
    /// When the last submission began.
    pub(crate) submitted: Tick,
    /// Sockets with a multishot receive armed.
    pub(crate) active: u64,
    /// Sockets being closed.
    pub(crate) closing: u64,
    /// Sockets on their way to another shard, with their tokens.
    pub(crate) leaving: Vec<(SocketId, ShardId, u64)>,

    pub(crate) page: Option<Arc<Page>>,
    pub(crate) published: Tick,
    /// The monotonic clock's nanoseconds when ticks were 0.
    origin_ns: u64,
    pub(crate) completions: Vec<Completion>,
    notes: Notes,
    pub(crate) ring_again: Vec<u16>,
    /// The machine's deadline, while nothing has been given to it since it was asked.
    due: Option<Option<Tick>>,
    control_armed: bool,
    /// The mailbox had something: glommio's other tasks may have work.
    summoned: bool,
    drained: Drained,
    stopping: bool,
}

/// What a shard is made from, besides its ring.
pub(crate) struct Parts<M: Machine> {
    pub(crate) id: ShardId,
    pub(crate) machine: M,
    pub(crate) port: Port<M::Item>,
    pub(crate) pool: Pool,
    pub(crate) config: Arc<EngineConfig>,
    pub(crate) rings: Arc<Rings>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) datagrams: Datagrams,
    pub(crate) origin: Instant,
}

/// How far the machine is with its drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drained {
    No,
    /// It has just said so.
    Now,
    /// The host knows.
    Told,
}

/// What a turn of the loop asks of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Take the next one.
    Again,
    /// Let other tasks of the executor run first.
    Yield,
    /// The machine is drained: the host decides when all are.
    Drained,
    /// It was the last.
    Stop,
}

impl<M: Machine> Shard<M> {
    pub(crate) fn new(ring: Ring, buffers: Buffers, parts: Parts<M>) -> Self {
        let Parts {
            id,
            machine,
            port,
            pool,
            config,
            rings,
            mailbox,
            listeners,
            datagrams,
            origin,
        } = parts;
        let notes = Notes::new(id, Arc::clone(&config.notes));
        // Lists in which each socket stands once at most are as long as they can get: no packet makes them grow. Memory
        // that is not written to costs nothing.
        let sockets = config.sockets_max.unwrap_or(0) as usize;
        let completions = ring.capacity();
        Self {
            ring,
            buffers,
            messages: Messages::new(),
            addresses: Addresses::default(),
            attempts: Attempts::default(),
            datagrams,
            alarm: Alarm::new(),
            listeners,
            machine,
            port,
            pool,
            id,
            page: config.pages.get(usize::from(id.0)).cloned(),
            config,
            rings,
            mailbox,
            slots: Slots::default(),
            cells: Cells::new(0),
            now: Tick::ZERO,
            to_send: Vec::with_capacity(sockets),
            starved: VecDeque::with_capacity(sockets),
            watched: VecDeque::with_capacity(sockets),
            leaving: Vec::new(),
            sends_started: 0,
            silent: Vec::with_capacity(sockets),
            submitted: Tick::ZERO,
            active: 0,
            closing: 0,
            published: Tick::ZERO,
            origin_ns: monotonic_ns().saturating_sub(Tick::from(origin.elapsed()).as_nanos()),
            completions: Vec::with_capacity(completions),
            notes,
            ring_again: Vec::new(),
            due: None,
            control_armed: false,
            summoned: false,
            drained: Drained::No,
            stopping: false,
        }
    }

    /// One turn: see the module's text.
    pub(crate) fn turn(&mut self) -> Result<Turn, EngineError> {
        let shard = self.id.0;
        self.try_turn()
            .map_err(|source| EngineError::Ring { shard, source })
    }

    fn try_turn(&mut self) -> io::Result<Turn> {
        self.take_completions()?;
        self.take_mesh()?;
        self.take_control()?;
        self.keep_time()?;
        self.feed_starved()?;
        self.start_sends()?;
        self.buffers.fill(&self.pool);
        self.datagrams.fill(&self.pool);
        self.ring_doorbells()?;
        self.cells.add(Metric::ReactorLoops, 1);
        if self.stopping {
            return Ok(Turn::Stop);
        }
        if std::mem::take(&mut self.summoned) {
            return Ok(Turn::Yield);
        }
        if self.drained == Drained::Now {
            self.drained = Drained::Told;
            return Ok(Turn::Drained);
        }
        let busy = self.tick();
        self.cells.add(Metric::ReactorBusy, busy);
        if busy >= STALL.as_nanos() as u64 {
            self.cells.record(Histogram::ReactorStall, busy);
        }
        let wait = self.how_long()?;
        self.submitted = self.now;
        self.ring.enter(wait)?;
        self.port.wake();
        self.reuse_messages();
        let idle = self.tick();
        self.cells.add(Metric::ReactorIdle, idle);
        Ok(Turn::Again)
    }

    /// Message headers may be written again once the kernel has taken every entry that points to one.
    pub(crate) fn reuse_messages(&mut self) {
        if self.ring.is_flushed() {
            self.messages.reset();
        }
    }

    /// Looks at the clock; says how many nanoseconds have passed since the last look.
    pub(crate) fn tick(&mut self) -> u64 {
        let before = self.now;
        self.now = Tick(monotonic_ns().saturating_sub(self.origin_ns));
        self.now.as_nanos().saturating_sub(before.as_nanos())
    }

    /// The engine's milliseconds, for what need not be exact.
    pub(crate) fn now_ms(&self) -> u32 {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "wraps after 49 days, compared by difference"
        )]
        let ms = (self.now.as_nanos() / 1_000_000) as u32;
        ms
    }

    // ── what comes ───────────────────────────────────────────────────────────────────────────────────────────────

    /// Gives an event to the machine and does what it wants.
    pub(crate) fn feed(&mut self, input: Input<M::Item>) -> io::Result<()> {
        self.due = None;
        self.machine.handle(self.now, input);
        while let Some(output) = self.machine.poll() {
            self.act(output)?;
        }
        Ok(())
    }

    fn take_completions(&mut self) -> io::Result<()> {
        let mut completions = std::mem::take(&mut self.completions);
        self.ring.reap(&mut completions);
        self.settle_silent(&completions)?;
        for completion in completions.drain(..) {
            self.complete(completion)?;
        }
        self.completions = completions;
        Ok(())
    }

    fn complete(&mut self, completion: Completion) -> io::Result<()> {
        let tag = completion.tag;
        match tag.kind {
            Kind::Poll | Kind::Fetch | Kind::Stream => self.read_completed(completion),
            Kind::Send | Kind::SilentSend => self.send_completed(tag, completion.result),
            Kind::Accept => self.accept_completed(completion),
            Kind::Peer => self.peer_completed(tag, completion.result),
            Kind::Close => self.close_completed(tag),
            Kind::Shutdown => self
                .landed(tag)
                .map_or(Ok(()), |socket| self.close_if_idle(socket)),
            Kind::Socket => self.socket_made(tag.slot, completion.result),
            Kind::Bind => self.bound(tag.slot, completion.result),
            Kind::Connect => self.connected(tag.slot, completion.result),
            Kind::GiveAway => self.given_away(tag, completion.result),
            Kind::Adopted => self.adopted(tag.token(), completion.result),
            Kind::Ring => {
                self.ring_again.extend(u16::try_from(tag.slot));
                Ok(())
            }
            Kind::Rung => Ok(()),
            Kind::Alarm => {
                self.alarm.rang(tag.slot);
                Ok(())
            }
            Kind::Control => {
                self.control_armed = completion.more();
                Ok(())
            }
            Kind::Cancel => {
                self.cells.add(Metric::UringCancelLate, 1);
                Ok(())
            }
            Kind::Datagram => self.datagram_came(completion),
            Kind::DatagramSent => self.datagram_left(tag, completion.result),
            Kind::Option | Kind::Unknown => Ok(()),
        }
    }

    /// The last completion of an operation on a socket was taken. `None` if that socket is no more.
    pub(crate) fn landed(&mut self, tag: Tag) -> Option<SocketId> {
        let socket = SocketId {
            slot: tag.slot,
            generation: tag.generation,
        };
        let Some(slot) = self.slots.get(socket) else {
            self.cells.add(Metric::UringStaleCqe, 1);
            return None;
        };
        debug_assert!(slot.in_flight > 0, "{tag:?} was not in flight");
        slot.in_flight = slot.in_flight.saturating_sub(1);
        Some(socket)
    }

    fn take_mesh(&mut self) -> io::Result<()> {
        if !self.port.has_work() {
            return Ok(());
        }
        for _ in 0..MESH_BATCH {
            let Some((from, back)) = self.port.next_return() else {
                break;
            };
            self.feed(Input::Return {
                from: ShardId(from),
                back,
            })?;
        }
        for _ in 0..MESH_BATCH {
            let Some((from, item)) = self.port.next_item() else {
                break;
            };
            self.cells.add(Metric::MeshItemsIn, 1);
            self.feed(Input::Item {
                from: ShardId(from),
                item,
            })?;
        }
        Ok(())
    }

    fn take_control(&mut self) -> io::Result<()> {
        if !self.mailbox.is_empty() {
            self.read_mail()?;
        }
        if !self.control_armed {
            let poll = opcode::PollAdd::new(Fd(self.mailbox.fd()), libc::POLLIN as u32)
                .multi(true)
                .build();
            // SAFETY: no memory is involved.
            unsafe { self.ring.push(poll, Tag::of(Kind::Control, 0)) }?;
            self.control_armed = true;
        }
        Ok(())
    }

    fn read_mail(&mut self) -> io::Result<()> {
        while let Some(control) = self.mailbox.take() {
            self.summoned = true;
            match control {
                Control::Drain(patience) => self.feed(Input::Drain {
                    by: self.now.after(patience),
                })?,
                Control::Stop => self.stopping = true,
                Control::Publish => self.publish(),
            }
        }
        while let Some((question, command)) = self.mailbox.take_question() {
            self.summoned = true;
            self.feed(Input::Asked { question, command })?;
        }
        Ok(())
    }

    /// When the machine wants to be given a deadline.
    pub(crate) fn deadline(&mut self) -> Option<Tick> {
        let Self { due, machine, .. } = self;
        *due.get_or_insert_with(|| machine.deadline())
    }

    fn keep_time(&mut self) -> io::Result<()> {
        if self.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.feed(Input::Deadline)?;
        }
        self.listen_again()?;
        self.receive_datagrams()?;
        self.park_quiet()?;
        if self.now >= self.published.after(PUBLISH_EVERY) {
            self.publish();
        }
        Ok(())
    }

    // ── what is wanted ───────────────────────────────────────────────────────────────────────────────────────────

    fn act(&mut self, output: Output<M::Item>) -> io::Result<()> {
        match output {
            Output::Send { socket } => self.queue_send(socket),
            Output::Read { socket, on } => return self.want_reading(socket, on),
            Output::Finish { socket } => self.finish(socket),
            Output::Close { socket, how } => return self.close(socket, how),
            Output::Connect { token, target } => return self.connect(token, target),
            Output::HandOver { socket, to, token } => return self.hand_over(socket, to, token),
            Output::Item { to, item } => {
                self.cells.add(Metric::MeshItemsOut, 1);
                if self.port.send(to.0, item).is_err() {
                    self.bug("an item without credit");
                }
            }
            Output::Return { to, back } => {
                if self.port.give_back(to.0, back).is_err() {
                    self.bug("a return without an item");
                }
            }
            Output::Datagram { listener, to, data } => {
                return self.send_datagram(listener, to, data);
            }
            Output::StopListening { listener } => {
                self.stop_receiving(listener)?;
                return self.stop_listening(listener);
            }
            Output::Drained if self.drained == Drained::No => self.drained = Drained::Now,
            Output::Drained => {}
            Output::Answer { question, answer } => {
                (self.config.answers)(self.id, question, *answer);
            }
            Output::Note(note) => {
                let suppressed = self.notes.tell(self.now, &note);
                self.cells.add(Metric::NotesSuppressed, suppressed);
            }
        }
        Ok(())
    }

    /// Counts something that cannot be, loudly in debug builds.
    pub(crate) fn bug(&mut self, what: &str) {
        self.cells.add(Metric::Bugs, 1);
        debug_assert!(false, "shard {}: {what}", self.id.0);
    }
}

/// The clock of `Instant`, as a number: twice a turn the difference of two of those is worth avoiding.
fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}
