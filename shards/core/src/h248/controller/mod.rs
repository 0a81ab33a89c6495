//! Users whose requests are answered by controllers, programs at the far end of a link (`docs/link-protocol.md`, frames 80 to 8F).
//!
//! ```text
//!   engine ── callbacks ──► Relay ── Event ──► row of the association ── frames ──► link of its controller
//!   engine ◄── answer, call, cast, … ◄── frame_of_controller ◄── Item::ToSession ◄── link
//! ```
//!
//! An association belongs to one controller while that one's link lives: the one that rendezvous hashing names when it is first
//! needed. Requests that are not answered are kept here. When the controller is gone, the next one is told of its associations
//! and offered what is open once more, marked as such, for the one before may have carried it out; the engine tells the peer
//! Pending meanwhile. While there is no controller at all, requests wait for one, up to a limit and as long as the engine waits.

mod inbound;
mod outbound;
mod relay;
mod settings;

pub(super) use relay::Relay;

use crate::contract::ShardId;
use crate::id::{ConnectionId as LinkConnection, LinkId};
use crate::item::UserItem;
use megaphone_frame::link::Head;
use megaphone_frame::link::user::{Outcome, Token};
use megaphone_megaco::{ConnectionId, RequestToken};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// What the engine told a controlled user, in the order in which it did.
#[derive(Debug)]
enum Event {
    /// An association is made: by the user of this index, with the peer of this hash.
    Connected {
        connection: ConnectionId,
        user: u16,
        key: u64,
    },
    Disconnected {
        connection: ConnectionId,
        code: u16,
        why: String,
    },
    Request {
        token: RequestToken,
        message: Box<[u8]>,
    },
    Abort {
        token: RequestToken,
    },
    /// The result of a transaction of a cast, whose tag is known.
    CastResult {
        connection: ConnectionId,
        tag: u64,
        result: Told,
        last: bool,
    },
    /// All results of a call.
    CallResults {
        connection: ConnectionId,
        call: u64,
        results: Vec<Told>,
    },
    Ack {
        connection: ConnectionId,
        data: u64,
        came: bool,
        why: String,
    },
    Unexpected {
        connection: ConnectionId,
        message: Box<[u8]>,
    },
    Fault {
        connection: ConnectionId,
        /// Of the frame: whose fault it is.
        flags: u8,
        code: u16,
        text: String,
    },
}

/// One transaction's result, ready for RESULT.
#[derive(Debug)]
struct Told {
    outcome: Outcome,
    content: Box<[u8]>,
}

/// What relays share with the shard they run on.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    events: VecDeque<Event>,
    /// Requests that controllers have not answered.
    open: usize,
    open_max: usize,
    /// Requests refused because of that.
    refused: u64,
}

/// An inbox shared by all controlled users of a shard.
pub(super) type SharedInbox = Rc<RefCell<Inbox>>;

/// A request that is not answered.
#[derive(Debug)]
struct Open {
    token: RequestToken,
    message: Box<[u8]>,
    /// Whether some controller was offered it.
    offered: bool,
}

/// An association of a controlled user.
#[derive(Debug)]
struct Row {
    connection: ConnectionId,
    user: u16,
    key: u64,
    /// Whose it is.
    controller: Option<LinkId>,
    /// Whether it was some controller's before.
    had_one: bool,
    open: Vec<Open>,
}

/// A frame for a controller.
#[derive(Debug)]
struct Frame {
    head: Head,
    payload: Vec<u8>,
    /// Bytes of it that are on their way.
    sent: usize,
}

/// What waits for credit to one link.
#[derive(Debug)]
struct Outgoing {
    link: LinkId,
    frames: VecDeque<Frame>,
}

/// All that a shard knows of controllers and their associations.
#[derive(Debug, Default)]
pub(super) struct Controllers {
    inbox: SharedInbox,
    /// By the connection's place in the engine.
    rows: Vec<Option<Box<Row>>>,
    /// By the link's home and place.
    outgoing: BTreeMap<(u16, u16), Outgoing>,
    /// The beginnings of messages that come in parts.
    parts: BTreeMap<LinkId, Vec<u8>>,
    /// Calls under way: who waits for their results, and under which tag.
    calls: BTreeMap<u64, (LinkId, u64)>,
    /// Changes of users' items that other shards have still to be told of, by shard.
    changes: Vec<VecDeque<Box<UserItem>>>,
    /// The row at which the search for those without a controller goes on.
    search: Option<usize>,
}

impl Controllers {
    pub(super) fn new(open_max: u32, shards: usize) -> Controllers {
        let inbox = Inbox {
            open_max: open_max as usize,
            ..Inbox::default()
        };
        Controllers {
            inbox: Rc::new(RefCell::new(inbox)),
            changes: vec![VecDeque::new(); shards],
            ..Controllers::default()
        }
    }

    /// The callbacks of the user of this index.
    pub(super) fn relay(&self, user: u16) -> Relay {
        Relay::new(user, Rc::clone(&self.inbox))
    }

    fn row(&mut self, connection: ConnectionId) -> Option<&mut Row> {
        let row = self.rows.get_mut(connection.place())?.as_deref_mut()?;
        (row.connection == connection).then_some(row)
    }

    /// The row that a controller means: the one with this id, if it is this controller's.
    fn row_of(&mut self, id: LinkConnection, link: LinkId) -> Option<&mut Row> {
        let row = self
            .rows
            .get_mut(id.socket().slot as usize)?
            .as_deref_mut()?;
        let same_life = generation_of(row.connection) == id.socket().generation;
        (same_life && row.controller == Some(link)).then_some(row)
    }

    /// Requests that no controller has answered.
    pub(super) fn open(&self) -> usize {
        self.inbox.borrow().open
    }

    /// Requests refused because too many were open.
    pub(super) fn refused(&self) -> u64 {
        self.inbox.borrow().refused
    }

    /// Changes that wait for credit.
    pub(super) fn changes_waiting(&self) -> usize {
        self.changes.iter().map(VecDeque::len).sum()
    }

    /// Frames that wait for credit.
    pub(super) fn waiting(&self) -> usize {
        self.outgoing.values().map(|out| out.frames.len()).sum()
    }
}

/// An association's name on links: its home shard, the low bits of its life, its place in the engine.
fn association_id(home: ShardId, connection: ConnectionId) -> LinkConnection {
    let place = u64::try_from(connection.place()).unwrap_or(u64::MAX) & u64::from(u32::MAX);
    let generation = u64::from(generation_of(connection));
    LinkConnection::from_bits(u64::from(home.0) << 52 | generation << 32 | place)
}

/// As much of a connection's generation as fits; never 0, so that no association has the id 0.
fn generation_of(connection: ConnectionId) -> u32 {
    let generation = (connection.as_u64() >> 32) as u32;
    (generation & crate::contract::SocketId::GENERATION_MAX).max(1)
}

fn token_of(bytes: Token) -> RequestToken {
    RequestToken::from_bytes(bytes)
}
