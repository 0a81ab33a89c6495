//! The transaction engine: users, connections, requests and replies as one state machine. No I/O, no clock: `now` is an argument.
//!
//! ```text
//! engine.handle(now, input)                   the only mutation, beside the user's own calls, which also take `now`
//! while let Some(out) = engine.poll() { … }   send
//! engine.deadline()                           when to hand in `Input::Timeout`
//! ```
//! Work per step is bounded: a `Timeout` fires at most [`Options::expiries_per_step`] timers and acknowledges at most
//! [`Options::acks_per_step`] replies; a deadline that is not in the future says that there is more to do.

mod acks;
mod answer;
mod block;
mod callbacks;
mod connections;
mod execute;
mod expiries;
mod fading;
mod faults;
mod gateways;
mod guard;
mod inspect;
mod items;
mod modules;
mod numbers;
mod originate;
mod outgoing;
mod places;
mod receive;
mod recent;
mod registrations;
mod replies;
mod requests;
mod results;
mod segments;
mod sender;
mod timers;
mod trial;
mod users;

pub use connections::ConnectionInfo;
pub use guard::{Guard, Moved, Verdict};
pub use numbers::Numbers;
pub use trial::Trial;
pub use users::UserInfo;

pub(crate) use faults::{Note, Tail};
use modules::ModuleRow;

use crate::call::Call;
use crate::config::{Config, Module, SendMod};
use crate::connection::Connection;
use crate::counters::{Histogram, Totals};
use crate::handle::{ConnectionId, ControlHandle, ReceiveHandle, SendHandle, UserId};
use crate::mid::Mid;
use crate::registration::{Admission, AdmissionRate};
use crate::reply::{Reply, ReplyName};
use crate::request::Request;
use crate::table::{Index, Moment, Slab};
use crate::trace::Trace;
use foldhash::quality::FixedState;
use megaphone_h248::model::TransactionRequest;
use megaphone_h248::{Arena, Limits};
use megaphone_wheel::{Rng, Tick, Wheel};
use smallvec::SmallVec;
use std::collections::VecDeque;

/// What the engine is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Decides every random number and the layout of hash tables.
    pub seed: u64,
    /// Defaults of all users.
    pub defaults: Config,
    /// Limits of the decoders.
    pub decode: Limits,
    /// Live connections, fading ones included.
    pub connections_max: usize,
    /// Outstanding requests of one connection; a call beyond fails.
    pub requests_per_connection_max: usize,
    /// Live replies of one connection; a request beyond is answered with error 510 and not remembered.
    pub replies_per_connection_max: usize,
    /// Live replies of all connections together; a request beyond is answered the same way.
    pub replies_max: usize,
    /// Intervals of finished ids that one connection remembers for LONG-TIMER; while there are so many, a request is answered the
    /// same way: nothing is forgotten early, because what is forgotten could be executed twice.
    pub recent_intervals_per_connection_max: usize,
    /// Timers fired per step.
    pub expiries_per_step: usize,
    /// Replies acknowledged per step.
    pub acks_per_step: usize,
    /// Acknowledged intervals that wait for later steps; of one beyond, what is left of it waits for its reply timers.
    pub sweeps_max: usize,
    /// Admission of ServiceChange on connections with `registration = mgc`.
    pub admission: Option<AdmissionRate>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            defaults: Config::default(),
            decode: Limits::default(),
            connections_max: 4_000_000,
            requests_per_connection_max: 100_000,
            replies_per_connection_max: 1_000_000,
            replies_max: 8_000_000,
            recent_intervals_per_connection_max: 1_000_000,
            expiries_per_step: 256,
            acks_per_step: 1024,
            sweeps_max: 1024,
            admission: None,
        }
    }
}

/// What happens to the engine.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A message arrived.
    Received {
        /// What the listener knows.
        receive: &'a ReceiveHandle,
        /// Where an answer goes.
        send_handle: SendHandle,
        /// What the connection it makes lives with.
        control: Option<ControlHandle>,
        /// Passed to the callbacks.
        extra: Option<u64>,
        /// The message.
        bytes: &'a [u8],
    },
    /// A control handle died: its connections are disconnected.
    ControlDown {
        /// Which.
        control: ControlHandle,
        /// Passed to the users.
        reason: u64,
    },
    /// A message could not be sent.
    SendFailed {
        /// Its tag.
        tag: &'a SendTag,
        /// The transport declined: not an error.
        cancelled: bool,
        /// Passed to the users.
        reason: u64,
    },
    /// The deadline has come.
    Timeout,
}

/// What the engine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Send a message.
    Send(Send),
    /// A gateway wants a transport to a controller: bring it, or that there is none, with [`Engine::dialed`].
    Dial {
        /// Whose.
        user: UserId,
        /// To whom.
        controller: Mid,
    },
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    /// By which transport.
    pub send_mod: SendMod,
    /// Where.
    pub handle: SendHandle,
    /// The message; give the buffer back with [`Engine::recycle`] if convenient.
    pub bytes: Vec<u8>,
    /// What the transport is told about re-sending.
    pub resend: Resend,
    /// To report a failure with.
    pub tag: SendTag,
}

/// What the transport is told (item `resend_indication`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resend {
    /// Nothing: `send_message/2`.
    Untold,
    /// `resend_message/2`.
    Again,
    /// `send_message/3` with its flag.
    Flag(bool),
}

/// Which transactions a message carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendTag {
    connection: Option<ConnectionId>,
    requests: SmallVec<[u32; 2]>,
    reply: Option<u32>,
}

impl SendTag {
    /// The connection whose transactions they are; none for an answer to a message that has none.
    pub fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }
}

/// A row's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimerKey {
    Request(u32),
    Reply(u32),
    Sender(u32),
    Forget(u32),
    Admission,
    Gateway(u32),
}

/// Requests of one message that wait for an earlier one, or for admission.
#[derive(Debug, Default)]
struct Batch {
    waiting: VecDeque<(ReplyName, TransactionRequest<'static>)>,
    /// Requests whose user asked for time: run after all others.
    long: VecDeque<(ReplyName, u64)>,
}

/// The engine.
pub struct Engine {
    options: Options,
    modules: Vec<ModuleRow>,
    users: Vec<Option<users::UserRow>>,
    connections: Slab<Connection>,
    /// Generation of the next connection in each place: what makes old ids stale.
    generation: u32,
    by_peer: Index<u64>,
    by_control: Index<u64>,
    requests: Slab<Request>,
    by_id: Index<(u32, u32)>,
    replies: Slab<Reply>,
    calls: Slab<Call>,
    calls_made: u64,
    /// Serial number of the next reply row.
    serial: u32,
    batches: Slab<Batch>,
    /// Connections with acknowledged replies that are not all removed yet, each once, and how many intervals they have together.
    sweeping: VecDeque<u32>,
    sweeps: usize,
    /// Number of the newest answer.
    moment: Moment,
    admission: Option<Admission>,
    wheel: Wheel<TimerKey>,
    outputs: VecDeque<Output>,
    buffers: Vec<Vec<u8>>,
    arena: Arena,
    totals: Totals,
    originate_times: Histogram,
    answer_times: Histogram,
    rng: Rng,
    hasher: FixedState,
    trace: Option<Box<dyn Trace>>,
    guard: Option<Box<dyn Guard>>,
    /// Whether the last message's connection existed before it.
    known: bool,
}

/// Buffers kept for later messages.
const BUFFERS_MAX: usize = 64;

impl Engine {
    /// An engine without users, and with one callback module: [`crate::DefaultUser`].
    pub fn new(options: Options) -> Self {
        let mut rng = Rng::new(options.seed);
        Self {
            modules: vec![ModuleRow::new(
                Module::DEFAULT,
                Box::new(crate::DefaultUser),
            )],
            users: Vec::new(),
            connections: Slab::default(),
            generation: 0,
            by_peer: Index::new(rng.next_u64()),
            by_control: Index::new(rng.next_u64()),
            requests: Slab::default(),
            by_id: Index::new(rng.next_u64()),
            replies: Slab::default(),
            calls: Slab::default(),
            calls_made: 0,
            serial: 0,
            batches: Slab::default(),
            sweeping: VecDeque::new(),
            sweeps: 0,
            moment: 0,
            admission: options.admission.map(Admission::new),
            wheel: Wheel::default(),
            outputs: VecDeque::new(),
            buffers: Vec::new(),
            arena: Arena::default(),
            totals: Totals::default(),
            originate_times: Histogram::default(),
            answer_times: Histogram::default(),
            hasher: FixedState::with_seed(rng.next_u64()),
            trace: None,
            guard: None,
            known: false,
            rng,
            options,
        }
    }

    /// The only mutation beside the user's own calls.
    pub fn handle(&mut self, now: Tick, input: Input<'_>) {
        match input {
            Input::Received {
                receive,
                send_handle,
                control,
                extra,
                bytes,
            } => {
                let source = receive::Source {
                    send_handle,
                    control,
                    extra,
                };
                self.receive(now, receive, source, bytes);
            }
            Input::ControlDown { control, reason } => self.control_down(now, control, reason),
            Input::SendFailed {
                tag,
                cancelled,
                reason,
            } => self.send_failed(now, tag, cancelled, reason),
            Input::Timeout => self.expire(now),
        }
    }

    /// What to do next; until it says `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to hand in [`Input::Timeout`]; in the past if a step's work was used up.
    pub fn deadline(&self) -> Option<Tick> {
        if !self.sweeping.is_empty() {
            return Some(Tick::ZERO);
        }
        self.wheel.deadline()
    }

    /// Takes a sent message's buffer back, to save an allocation.
    pub fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.buffers.len() < BUFFERS_MAX {
            buffer.clear();
            self.buffers.push(buffer);
        }
    }

    /// Installs or removes the trace hook.
    pub fn set_trace(&mut self, trace: Option<Box<dyn Trace>>) -> Option<Box<dyn Trace>> {
        std::mem::replace(&mut self.trace, trace)
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("connections", &self.connections.len())
            .field("requests", &self.requests.len())
            .field("replies", &self.replies.len())
            .field("totals", &self.totals)
            .finish_non_exhaustive()
    }
}
