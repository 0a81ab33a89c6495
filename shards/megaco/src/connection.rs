//! A virtual connection between a user and a peer: its states, and its row.
//!
//! ```text
//!  connect(preliminary)     first message       user accepts              disconnect, control gone
//!  ───────► Preliminary ──────────────► Deciding ───────────► Established ─────────────────────────► Fading
//!  connect(known), first message ─────────▲ │                     ▲                                    │ │
//!                                           ▼ user refuses        └──────────── reconnect ─────────────┘ │
//!                                          Gone ◄──────────────────────── no request or reply is left ───┘
//! ```
//! A `Fading` connection is not shown to anyone; its re-sends go on, so that a reconnect of the same MIDs finds them.

use crate::config::Config;
use crate::counters::Counters;
use crate::handle::{ControlHandle, SendHandle};
use crate::mid::Mid;
use crate::rtt::RoundTrip;
use crate::sender::Sender;
use crate::table::{Acked, IdMap, RecentIds};
use megaphone_wheel::TimerId;
use std::sync::Arc;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// Made by us; the peer's MID is unknown.
    Preliminary,
    /// The user is being asked.
    Deciding,
    /// In use.
    Established,
    /// Disconnected; requests or replies are left.
    Fading,
    /// Gone.
    Gone,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionEvent {
    /// A message of its peer, or the first of a peer that gives a preliminary connection its MID.
    Message,
    /// `connect` for the same MIDs.
    Connect,
    /// The user accepts.
    Accept,
    /// The user refuses.
    Refuse,
    /// `disconnect`, or its control handle died.
    Disconnect,
    /// The last request or reply is gone.
    Empty,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionAction {
    /// Take the MID and ask the user.
    Upgrade,
    /// Ask the user.
    Ask,
    /// Process the message.
    Process,
    /// Keep the message until the user has decided.
    Hold,
    /// Process the messages that were kept.
    Release,
    /// Answer with the refusal and remove it.
    Remove,
    /// Tell the user and keep what is left alive.
    Fade,
    /// Refuse: it exists.
    AlreadyConnected,
    /// Nothing is left.
    Free,
    /// Nothing.
    Ignore,
}

impl ConnectionState {
    /// Every state, for tables.
    pub const ALL: [Self; 5] = [
        Self::Preliminary,
        Self::Deciding,
        Self::Established,
        Self::Fading,
        Self::Gone,
    ];

    /// The transition. Total: every pair has an answer.
    pub fn on(self, event: ConnectionEvent) -> (Self, ConnectionAction) {
        use ConnectionAction as A;
        use ConnectionEvent as E;
        match (self, event) {
            (Self::Preliminary, E::Message) => (Self::Deciding, A::Upgrade),
            (Self::Deciding, E::Message) => (self, A::Hold),
            (Self::Established, E::Message) => (self, A::Process),
            (Self::Fading | Self::Gone, E::Message | E::Connect) => (Self::Deciding, A::Ask),
            (Self::Preliminary | Self::Deciding | Self::Established, E::Connect) => {
                (self, A::AlreadyConnected)
            }
            (Self::Deciding, E::Accept) => (Self::Established, A::Release),
            // An explicit preliminary connect is asked for at once and stays preliminary when accepted.
            (Self::Preliminary, E::Accept) => (self, A::Ignore),
            (Self::Preliminary | Self::Deciding, E::Refuse) => (Self::Gone, A::Remove),
            (Self::Preliminary | Self::Deciding | Self::Established, E::Disconnect) => {
                (Self::Fading, A::Fade)
            }
            (Self::Fading, E::Empty) => (Self::Gone, A::Free),
            (_, E::Accept | E::Refuse | E::Disconnect | E::Empty) => (self, A::Ignore),
        }
    }

    /// Whether it is shown and used.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Preliminary | Self::Deciding | Self::Established)
    }
}

/// The row of a connection. A million of them live on one shard, so what only few have is boxed.
#[derive(Debug)]
pub(crate) struct Connection {
    pub user: u32,
    pub generation: u32,
    pub state: ConnectionState,
    /// Registered in the sense of the item `registration`.
    pub registered: bool,
    /// `None` while preliminary.
    pub remote: Option<Mid>,
    pub config: Arc<Config>,
    pub send_handle: SendHandle,
    pub control: Option<ControlHandle>,
    /// The next connection whose key has the same hash.
    pub same_hash: Option<u32>,
    /// Neighbours in the list of connections with the same control handle.
    pub same_control: (Option<u32>, Option<u32>),
    /// Head of the list of requests.
    pub requests: Option<u32>,
    /// How many requests are in it.
    pub outstanding: u32,
    pub replies: IdMap,
    pub rtt: RoundTrip,
    /// Forgets `recent` when its time has come.
    pub forget: Option<TimerId>,
    pub recent: Option<Box<RecentIds>>,
    pub rare: Option<Box<RareConnection>>,
    pub counters: Counters,
}

/// What only few connections have.
#[derive(Debug, Default)]
pub(crate) struct RareConnection {
    pub sender: Sender,
    /// Its messages are kept, not processed.
    pub blocked: bool,
    /// Acknowledged replies that are still to be removed.
    pub acked: Acked,
    /// Messages that wait for the user's decision, or for the end of the block.
    pub held: Vec<HeldMessage>,
}

/// A message that waits for the user's decision on its connection, or for the end of its block.
#[derive(Debug)]
pub(crate) struct HeldMessage {
    pub receive: crate::handle::ReceiveHandle,
    pub send_handle: SendHandle,
    pub control: Option<ControlHandle>,
    pub extra: Option<u64>,
    pub bytes: Box<[u8]>,
}

/// Messages kept per connection while its user decides or has blocked it; what comes beyond is dropped and counted. Their senders send again.
pub const HELD_MESSAGES_MAX: usize = 64;
