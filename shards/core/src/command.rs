//! What an operator may ask of a running shard, and what it answers. Typed here, spelled by the appliance's `ctl`.

use crate::contract::ShardId;
use megaphone_wheel::Tick;
use std::net::SocketAddr;

/// An operator's question, by a number that whoever asks has chosen; its answers carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuestionId(pub u64);

/// What is asked of a shard. Every question is answered by any number of lines and messages, and then by exactly one
/// [`Answer::Done`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// What the shard holds now, one line.
    Gauges,
    /// The H.248 users, a line each.
    Users,
    /// The associations at home on this shard, a line each, at most [`Command::LINES_MAX`] of them.
    Associations,
    /// Everything about the association with this remote MID.
    Association {
        /// The MID as H.248 text has it.
        mid: String,
    },
    /// Changes a configuration item, of one association or of its user.
    Configure {
        /// The user's name.
        user: String,
        /// The remote MID; `None`: the user itself, and with it what is connected later.
        mid: Option<String>,
        /// The item by OTP's name.
        item: String,
        /// Its value as TOML has it.
        value: String,
    },
    /// Receives messages of this association, or stops receiving them.
    Reception {
        /// The remote MID.
        mid: String,
        /// Whether to receive.
        on: bool,
    },
    /// Ends an association as OTP's `disconnect` does.
    Disconnect {
        /// The remote MID.
        mid: String,
    },
    /// Answers with each message of this association from now on. Done when [`Command::Untrace`] comes.
    Trace {
        /// The remote MID, also of an association that is still to come.
        mid: String,
    },
    /// Ends a trace.
    Untrace {
        /// The trace's question.
        trace: QuestionId,
    },
}

impl Command {
    /// Lines of one answer of one shard, at most: what is left out is said in the last one.
    pub const LINES_MAX: usize = 1_000;
}

/// What a shard answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// A line of `key=value` pairs.
    Line(String),
    /// What was asked cannot be done, and why.
    Refused(String),
    /// A message of a traced association.
    Message(Traced),
    /// The last word to this question.
    Done,
}

/// A message of a traced association, as it went over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// When the association's home shard saw it.
    pub at: Tick,
    /// The home shard.
    pub home: ShardId,
    /// Whether the peer sent it.
    pub received: bool,
    /// By which transport.
    pub over: Transport,
    /// Between which addresses.
    pub ends: Ends,
    /// The message without any framing.
    pub bytes: Vec<u8>,
}

/// How an H.248 message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TPKT over TCP.
    Tcp,
    /// A datagram.
    Udp,
}

/// Both ends of a transport, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ends {
    /// The peer's address.
    pub theirs: Option<SocketAddr>,
    /// Ours: the listener's, even if that is every address of the host; of a socket that we dialled it is not known.
    pub ours: Option<SocketAddr>,
}
