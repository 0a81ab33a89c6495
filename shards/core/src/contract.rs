//! The border between a protocol state machine and the world that drives it.
//!
//! A [`Machine`] is sans-I/O: it names no socket, clock or thread. A driver (the io_uring engine, or the simulator)
//! waits for one event, hands it over as an [`Input`], drains [`Output`]s until there are none, and sleeps until the
//! machine's deadline or the next event.
//!
//! ```text
//! wait for ONE of: completion, mesh item, return, deadline, control
//! machine.handle(now, input)                      the only mutation
//! while let Some(output) = machine.poll() { … }
//! deadline = machine.deadline()
//! ```

use crate::command::{Answer, Command, QuestionId};
use megaphone_mesh::Return;
use megaphone_pool::{Gather, Lease};
use megaphone_wheel::Tick;
use std::net::SocketAddr;

/// A shard's number, `0..shards`, at most [`ShardId::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardId(pub u16);

impl ShardId {
    /// The largest shard number: connection ids keep 12 bits for it.
    pub const MAX: u16 = 0xfff;
}

/// One socket of this shard: a slot of the driver's descriptor table and the generation of its present use.
///
/// A slot is used again only after [`Input::Closed`] for its last use, and then with the next generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId {
    /// Index in the descriptor table.
    pub slot: u32,
    /// 1 to 2^20 - 1, then 1 again; never 0, so that no connection id is 0.
    pub generation: u32,
}

impl SocketId {
    /// Generations are 20 bits wide.
    pub const GENERATION_MAX: u32 = (1 << 20) - 1;
}

/// A configured listener, by its index in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerId(pub u16);

/// A machine's own name for a connection attempt, given back with its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectToken(pub u64);

/// Where to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A TCP endpoint, with the local address to bind first, if any (port 0: any port).
    Tcp {
        /// The remote endpoint.
        to: SocketAddr,
        /// The local endpoint.
        from: Option<SocketAddr>,
    },
    /// A Unix stream socket's path.
    Unix(std::path::PathBuf),
}

/// The far end of an accepted socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A TCP peer, and the local address it reached where the driver knows it.
    Tcp {
        /// The remote endpoint.
        remote: SocketAddr,
        /// The local endpoint: the listener's own address when it is bound to one.
        local: SocketAddr,
    },
    /// A Unix socket: no address worth naming.
    Unix,
    /// The driver was told not to ask ([`ListenerSpec::wants_peer`]).
    Unknown,
}

/// Why a socket operation failed, without an operating system's vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocketFault {
    /// The peer reset the connection (ECONNRESET, EPIPE).
    Reset,
    /// Nobody listens there (ECONNREFUSED, ENOENT).
    Refused,
    /// The network gave up (ETIMEDOUT, EHOSTUNREACH, ENETUNREACH).
    Unreachable,
    /// No descriptor or slot was left (EMFILE, ENFILE).
    Descriptors,
    /// The kernel had no memory or buffer (ENOMEM, ENOBUFS).
    Memory,
    /// Anything else, with its errno.
    Other(i32),
}

/// What can happen to a machine. `I` is what its mesh carries.
#[derive(Debug)]
pub enum Input<I> {
    /// A listener accepted a socket. It is not read until [`Output::Read`] says so.
    Accepted {
        /// The listener.
        listener: ListenerId,
        /// The new socket.
        socket: SocketId,
        /// Its far end.
        peer: Peer,
    },
    /// A listener could not accept; the driver backs off and goes on by itself.
    AcceptFailed {
        /// The listener.
        listener: ListenerId,
        /// Why.
        fault: SocketFault,
    },
    /// A connection asked for with [`Output::Connect`] is established. Not read until [`Output::Read`].
    Connected {
        /// The machine's name for the attempt.
        token: ConnectToken,
        /// The new socket.
        socket: SocketId,
    },
    /// A connection attempt failed; there is no socket.
    ConnectFailed {
        /// The machine's name for the attempt.
        token: ConnectToken,
        /// Why.
        fault: SocketFault,
    },
    /// Another shard handed this socket over with [`Output::HandOver`]. Not read until [`Output::Read`].
    Adopted {
        /// Its new name, on this shard.
        socket: SocketId,
        /// The token given at the hand-over; the rest of the story travels as a mesh item.
        token: u64,
    },
    /// The socket was handed over and is no longer this shard's; no `Closed` follows.
    HandedOver {
        /// Its former name.
        socket: SocketId,
    },
    /// Bytes arrived, in order.
    Received {
        /// The socket.
        socket: SocketId,
        /// The bytes: at least one.
        data: Lease,
    },
    /// The peer will send no more (FIN). Sending is still possible.
    Ended {
        /// The socket.
        socket: SocketId,
    },
    /// That many bytes from the front of [`Machine::outgoing`] are with the kernel: drop them.
    Sent {
        /// The socket.
        socket: SocketId,
        /// At least one.
        bytes: usize,
    },
    /// The socket is broken; `Closed` follows without being asked for.
    Failed {
        /// The socket.
        socket: SocketId,
        /// Why.
        fault: SocketFault,
    },
    /// The last word about this socket: nothing is in flight, the slot may be used again.
    Closed {
        /// The socket.
        socket: SocketId,
    },
    /// One whole datagram arrived on a UDP listener. One that was cut short by the way is dropped by the driver, and counted.
    Datagram {
        /// The listener.
        listener: ListenerId,
        /// Who sent it, as the packet claims: nothing proves it.
        from: SocketAddr,
        /// The datagram; it may be empty.
        data: Lease,
    },
    /// An item from another shard.
    Item {
        /// Who sent it.
        from: ShardId,
        /// What.
        item: I,
    },
    /// An item of ours was disposed of: its credit, and its block if it carried one, come back.
    Return {
        /// The shard that had it.
        from: ShardId,
        /// The credit and the block.
        back: Return,
    },
    /// The deadline passed. Also sent without one; must be harmless.
    Deadline,
    /// Stop accepting, let sessions end in a paced way, close what is left at `by`.
    Drain {
        /// When patience ends.
        by: Tick,
    },
    /// An operator asks.
    Asked {
        /// Which answers are his.
        question: QuestionId,
        /// What is asked.
        command: Box<Command>,
    },
}

/// What a machine wants done. `I` is what its mesh carries.
#[derive(Debug)]
pub enum Output<I> {
    /// [`Machine::outgoing`] has bytes for this socket. Said once; again only after the gather was seen empty.
    Send {
        /// The socket.
        socket: SocketId,
    },
    /// Read this socket, or stop reading it.
    Read {
        /// The socket.
        socket: SocketId,
        /// Whether to read.
        on: bool,
    },
    /// Send what is outgoing, then FIN; reading goes on.
    Finish {
        /// The socket.
        socket: SocketId,
    },
    /// Close. [`Input::Closed`] follows when nothing is in flight any more.
    Close {
        /// The socket.
        socket: SocketId,
        /// How.
        how: Close,
    },
    /// Open a connection.
    Connect {
        /// Given back with the outcome.
        token: ConnectToken,
        /// Where to.
        target: Target,
    },
    /// Give this socket to another shard, where it appears as [`Input::Adopted`] with this token.
    HandOver {
        /// The socket; nothing of it may be outgoing, and it must not be read. Bytes that were taken already still
        /// arrive, before [`Input::HandedOver`].
        socket: SocketId,
        /// The new owner.
        to: ShardId,
        /// Chosen by the machine, unique among its hand-overs in flight; at most 2^56 - 1, since a ring's message has 64
        /// bits for it and its kind.
        token: u64,
    },
    /// One datagram to be sent from a UDP listener's own socket on this shard, so that its source is where the peer sent to. It
    /// is lost, and counted, if the kernel refuses it or too many wait already: nothing tells the machine.
    Datagram {
        /// The listener.
        listener: ListenerId,
        /// Where to.
        to: SocketAddr,
        /// All of its bytes.
        data: Gather,
    },
    /// An item for another shard; the machine has spent a credit of that lane for it.
    Item {
        /// For whom; never the shard itself.
        to: ShardId,
        /// What.
        item: I,
    },
    /// An item of another shard is disposed of.
    Return {
        /// The shard that sent the item.
        to: ShardId,
        /// Its credit and block.
        back: Return,
    },
    /// Accept no more on this listener, for good. A UDP listener receives no more; it can still send until the shard ends.
    StopListening {
        /// The listener.
        listener: ListenerId,
    },
    /// The drain is complete: no session and no link is left. The driver may stop.
    Drained,
    /// Something an operator should read. Rate-limited by the driver.
    Note(Note),
    /// What an operator asked for. The driver drops it if whoever asked is gone.
    Answer {
        /// The question.
        question: QuestionId,
        /// The answer, or a part of it.
        answer: Box<Answer>,
    },
}

/// How to close a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Close {
    /// Send what is outgoing, then FIN, then close.
    Gracefully,
    /// Drop what is outgoing and close.
    Now,
    /// Drop what is outgoing and reset (RST).
    Reset,
}

/// A line for the operator's log: rare events only, never one per packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How loud.
    pub level: NoteLevel,
    /// The whole sentence: what happened, where, and what to do.
    pub text: String,
}

/// How loud a [`Note`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteLevel {
    /// Normal life: a link came up.
    Info,
    /// Something an operator should look at.
    Warning,
    /// Something is broken.
    Error,
}

/// A protocol state machine that a driver runs on one shard.
pub trait Machine {
    /// What this machine's mesh carries between shards.
    type Item: Send + 'static;

    /// Takes one event. The only mutation besides [`Machine::poll`].
    fn handle(&mut self, now: Tick, input: Input<Self::Item>);

    /// The next thing to do, until `None`.
    fn poll(&mut self) -> Option<Output<Self::Item>>;

    /// When [`Input::Deadline`] is wanted, if at all.
    fn deadline(&self) -> Option<Tick>;

    /// Whether something waits for a return, so that one has to wake the shard. Otherwise returns are taken when it next wakes,
    /// within a second.
    fn wants_returns(&self) -> bool {
        true
    }

    /// The bytes waiting to be sent on `socket`, in order. What is in front may be in the kernel's hands: the
    /// machine only appends, until [`Input::Sent`] or [`Input::Closed`].
    fn outgoing(&self, socket: SocketId) -> Option<&Gather>;

    /// Whether nothing waits for the report that what is outgoing now was sent: [`Input::Sent`] may then come with the driver's next
    /// wake-up, up to a second late, and the driver need not wake for it.
    fn sent_may_wait(&self, _socket: SocketId) -> bool {
        false
    }

    /// Copies the shard's figures where the metrics endpoint reads them. Called a few times a second at most.
    fn publish(&mut self, _now: Tick) {}
}
