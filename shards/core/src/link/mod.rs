//! Links to backends at their home shard: greeting, life, packets both ways, acknowledgement and replay. What every shard knows of
//! links that live elsewhere is in [`router`].

mod acks;
mod dial;
mod greet;
mod hand_over;
mod life;
mod meet;
mod opens;
mod outlet;
mod receive;
mod replay;
pub(crate) mod router;
mod send;
mod state;

use crate::config::{Dialect, LinkSide, ShardConfig};
use crate::contract::{ShardId, SocketId};
use crate::id::LinkId;
use crate::item::{Handed, LinkStatus, Packet, Serves, Stage};
use crate::limits::Limits;
use greet::Greeting;
use megaphone_frame::Expect;
use megaphone_frame::link::Head;
use megaphone_pool::{Gather, Returned};
use megaphone_wheel::{RangeSet, Tick, TimerId};
use outlet::{Done, Outlet};
use replay::Replay;
use state::LinkState;
use std::collections::VecDeque;

/// A link at home here.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    /// Index of its specification.
    pub(crate) spec: u16,
    dialect: Dialect,
    state: LinkState,
    /// The backend's name; empty in dialects that have no HELLO.
    node: String,
    /// The name of the numbers' life.
    epoch: u64,
    /// Whether packets are numbered, acknowledged and replayed.
    numbered: bool,
    /// Payload bytes that the backend takes in one packet.
    payload_max: u32,
    /// What it serves, if it is a controller.
    serves: Serves,
    socket: Option<SocketId>,
    reading: bool,
    input: Gather,
    expect: Expect,
    /// A packet that waits for credit on the lane to its session; its body is in `body`.
    held: Option<Held>,
    body: Gather,
    outlet: Outlet,
    /// OPENs that wait for their turn at the pace of `open_rate`: a few of each shard.
    opens: VecDeque<(ShardId, Packet)>,
    /// When the next OPEN is due by that pace, and when it may be sent.
    open_due: Tick,
    open_at: Tick,
    /// Packets that found no block for their header.
    backlog: VecDeque<(ShardId, Packet)>,
    replay: Replay,
    /// Items that are sent, and whose credit stays here because the replay buffer is full.
    withheld: VecDeque<(ShardId, Option<Returned>)>,
    /// Number of the last packet received.
    received: u64,
    /// Numbers to be acknowledged.
    accepted: RangeSet<u64>,
    ack_at: Tick,
    heard: Tick,
    pinged: bool,
    /// When the backend must have taken a byte of what is outgoing.
    stall_by: Tick,
    /// When a lost link is given up.
    resume_by: Tick,
    timer: Option<(TimerId, Tick)>,
}

/// A packet of the backend on its way to a session.
#[derive(Clone, Copy, Debug)]
struct Held {
    head: Head,
    sequence: u64,
}

/// The one shard's attempts to reach a backend that it has to dial.
#[derive(Debug, Default)]
struct Dialler {
    /// Failures in a row.
    failures: u32,
    /// Whether an attempt, a greeting or a link is there.
    busy: bool,
    /// The place of the last link, to be resumed.
    place: Option<u16>,
}

/// The outgoing bytes of a socket that is gone for us and not for the driver.
#[derive(Debug)]
struct Remains {
    /// The place of the link that it was, whose items these are.
    place: u16,
    outlet: Outlet,
    /// Ends the patience with a peer that does not take them.
    timer: Option<TimerId>,
}

/// All links at home on one shard, and what becomes one.
#[derive(Debug)]
pub(crate) struct Links {
    places: Vec<Option<Link>>,
    serials: Vec<u32>,
    /// The last news of each place, and which of them each shard has still to be told.
    status: Vec<Option<LinkStatus>>,
    news: Vec<VecDeque<u16>>,
    greetings: Vec<Option<Greeting>>,
    diallers: Vec<Dialler>,
    /// Hand-overs that wait for a control credit.
    handing: VecDeque<(ShardId, Handed)>,
    hand_overs: u64,
    /// Outlets of sockets that are gone for us and not for the driver.
    remains: Vec<Option<Remains>>,
    /// For [`Outlet::advance`]; its memory is kept.
    done: Vec<Done>,
}

impl Links {
    pub(crate) fn new(config: &ShardConfig) -> Links {
        let places = config.limits.links_max as usize;
        Links {
            places: (0..places).map(|_| None).collect(),
            serials: vec![0; places],
            status: vec![None; places],
            news: vec![VecDeque::new(); usize::from(config.shards)],
            greetings: Vec::new(),
            diallers: config.links.iter().map(|_| Dialler::default()).collect(),
            handing: VecDeque::new(),
            hand_overs: 0,
            remains: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Links here, lost ones included.
    pub(crate) fn count(&self) -> u32 {
        self.places.iter().flatten().count() as u32
    }

    /// Bytes that wait on the links of a specification: to be sent, and to be acknowledged.
    pub(crate) fn waiting_bytes(&self, spec: usize) -> (u64, u64) {
        let of_spec = self
            .places
            .iter()
            .flatten()
            .filter(|link| usize::from(link.spec) == spec);
        of_spec.fold((0, 0), |(outgoing, kept), link| {
            (
                outgoing + link.outlet.len() as u64,
                kept + link.replay.len() as u64,
            )
        })
    }

    /// Sockets that may become links.
    pub(crate) fn greetings(&self) -> u32 {
        self.greetings.iter().flatten().count() as u32
    }

    fn link_mut(&mut self, place: u16) -> Option<&mut Link> {
        self.places.get_mut(usize::from(place))?.as_mut()
    }

    fn link(&self, place: u16) -> Option<&Link> {
        self.places.get(usize::from(place))?.as_ref()
    }

    /// The link of this life.
    fn live_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.link_mut(id.place).filter(|link| link.id == id)
    }

    /// The place of the link that `node` has under the name of `spec`.
    fn place_of(&self, spec: u16, node: &str) -> Option<u16> {
        let found = |link: &Option<Link>| {
            link.as_ref()
                .is_some_and(|link| link.spec == spec && link.node == node)
        };
        self.places.iter().position(found).map(|place| place as u16)
    }

    /// What is outgoing on a link.
    pub(crate) fn outgoing(&self, place: u16) -> Option<&Gather> {
        self.link(place).map(|link| link.outlet.gather())
    }

    /// What is outgoing on a socket that is not greeted yet.
    pub(crate) fn greeting_outgoing(&self, index: u32) -> Option<&Gather> {
        self.greetings
            .get(index as usize)?
            .as_ref()
            .map(|greeting| greeting.outlet.gather())
    }

    /// What was outgoing on a socket that belongs to nobody any more.
    pub(crate) fn remains(&self, index: u32) -> Option<&Gather> {
        self.remains
            .get(index as usize)?
            .as_ref()
            .map(|remains| remains.outlet.gather())
    }

    /// The deadline of a socket's last words passed.
    fn forget_timer(&mut self, index: u32) {
        if let Some(Some(remains)) = self.remains.get_mut(index as usize) {
            remains.timer = None;
        }
    }

    /// Keeps an outlet until its socket is closed.
    fn keep_remains(&mut self, remains: Remains) -> u32 {
        let free = self.remains.iter().position(Option::is_none);
        let index = free.unwrap_or(self.remains.len());
        if free.is_none() {
            self.remains.push(None);
        }
        self.remains[index] = Some(remains);
        index as u32
    }

    /// Notes news of a place, for all shards but `me`.
    fn note(&mut self, me: ShardId, status: LinkStatus) {
        let place = status.link.place;
        self.status[usize::from(place)] = Some(status);
        for (shard, news) in self.news.iter_mut().enumerate() {
            if shard != usize::from(me.0) && !news.contains(&place) {
                news.push_back(place);
            }
        }
    }
}

impl Link {
    /// Whether more of our answers wait for the backend to read them than may: it is not read meanwhile.
    fn is_crowded(&self, limits: &Limits) -> bool {
        self.outlet.own_bytes() > limits.link_outgoing_bytes_max as usize
    }

    /// Whether silence of the backend means anything: it has a heartbeat, and is read.
    fn must_talk(&self, limits: &Limits) -> bool {
        self.socket.is_some() && self.dialect == Dialect::V1 && !self.is_crowded(limits)
    }

    /// What all shards are told of it.
    fn status(&self) -> LinkStatus {
        let stage = match self.state {
            // A link that is lost and may come back takes new sessions no less than an idle one that is lost unnoticed.
            LinkState::Up => Stage::Up,
            LinkState::Lost | LinkState::Draining | LinkState::LostDraining => Stage::Draining,
            LinkState::Gone => Stage::Gone,
        };
        LinkStatus {
            link: self.id,
            spec: self.spec,
            stage,
            payload_max: self.payload_max,
            serves: self.serves,
        }
    }
}

/// The side of a specification.
fn dials(config: &ShardConfig, spec: u16) -> Option<&crate::contract::Target> {
    match &config.links.get(usize::from(spec))?.side {
        LinkSide::Connect(target, _) => Some(target),
        LinkSide::Listen => None,
    }
}
