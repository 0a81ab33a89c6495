//! The appliance's machine on one shard: its state, and the contract with whatever drives it. What happens in it is told in
//! [`crate::session`] and [`crate::link`].

mod asked;
mod dispatch;
mod lanes;

use crate::config::{ConfigFault, Route, ShardConfig};
use crate::contract::{Input, Machine, Note, NoteLevel, Output, ShardId, SocketId};
use crate::credit::Lanes;
use crate::deadlines::Timer;
use crate::drain::{Drain, Scans};
use crate::h248::{H248, Speech};
use crate::item::Item;
use crate::link::Links;
use crate::link::router::Router;
use crate::overload::Overload;
use crate::session::active::Actives;
use crate::session::sources::Sources;
use crate::session::table::{Slot, Table};
use lanes::Local;
use megaphone_frame::{Framing, Limits as FrameLimits};
use megaphone_mesh::Return;
use megaphone_metrics::{Cells, LinkMetric, Metric, Page};
use megaphone_pool::{Class, Gather, Pool};
use megaphone_wheel::{Tick, Wheel};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A client listener with its route resolved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    pub(crate) framing: Framing,
    pub(crate) way: Way,
    pub(crate) limits: FrameLimits,
}

/// A [`Route`] with its link's name as an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Echo,
    Discard,
    Link(u16),
    /// To the user of this index, in this encoding.
    H248(u16, Speech),
}

/// What a shard holds at a moment: for tests, the simulator and operators. All zero (but the table's slots) when drained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardGauges {
    /// Client sessions, closing ones included.
    pub sessions: u32,
    /// Busy ones.
    pub active: u32,
    /// Links at home here, lost ones included.
    pub links: u32,
    /// Sockets of links that are not greeted yet.
    pub greetings: u32,
    /// Timers.
    pub timers: usize,
    /// Items under way to other shards.
    pub items: u32,
    /// Items under way from this shard to itself: those that its links hold.
    pub items_local: u32,
    /// Sessions and farewells that wait for lane credit.
    pub waiting: usize,
    /// Acknowledgements that are not passed on yet, in intervals.
    pub unacknowledged: usize,
    /// H.248 messages, and sessions with such, that wait for lane credit.
    pub h248_waiting: usize,
    /// H.248 associations that operators trace.
    pub traces: usize,
    /// 0 to 4.
    pub overload_level: u8,
}

impl std::fmt::Display for ShardGauges {
    /// One line of `key=value` pairs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            sessions,
            active,
            links,
            greetings,
            timers,
            items,
            items_local,
            waiting,
            unacknowledged,
            h248_waiting,
            traces,
            overload_level,
        } = self;
        write!(
            f,
            "sessions={sessions} active={active} links={links} greetings={greetings} timers={timers} items={items} \
             items_local={items_local} waiting={waiting} unacknowledged={unacknowledged} h248_waiting={h248_waiting} traces={traces} overload_level={overload_level}"
        )
    }
}

/// The appliance's [`Machine`].
pub struct Shard {
    pub(crate) me: ShardId,
    pub(crate) config: ShardConfig,
    pub(crate) doors: Vec<Door>,
    pub(crate) pool: Pool,
    pub(crate) now: Tick,
    pub(crate) outputs: VecDeque<Output<Item>>,
    pub(crate) local: VecDeque<Local>,
    pub(crate) table: Table,
    pub(crate) actives: Actives,
    pub(crate) sources: Sources,
    pub(crate) router: Router,
    pub(crate) lanes: Lanes,
    pub(crate) links: Links,
    pub(crate) wheel: Wheel<Timer>,
    pub(crate) cells: Cells,
    pub(crate) page: Option<Arc<Page>>,
    pub(crate) overload: Overload,
    pub(crate) drain: Drain,
    /// H.248, if it is spoken; taken out while it is at work.
    pub(crate) h248: Option<Box<H248>>,
    pub(crate) scans: Scans,
    /// Epochs given to links.
    pub(crate) epochs: u64,
    /// The session whose turn it is to use the quota that came back.
    pub(crate) waking: Option<SocketId>,
    /// The socket whose last word is being handled: nothing is said about it any more.
    pub(crate) burying: Option<SocketId>,
    /// Whether [`Timer::Acknowledge`] is set.
    pub(crate) acknowledging: bool,
    /// Whether [`Timer::Pool`] is set.
    pub(crate) pool_timer: bool,
    /// Whether [`Timer::Held`] is set.
    pub(crate) holding: bool,
    /// For moving bytes between gathers; empty between uses.
    pub(crate) scratch: Gather,
    /// For encoding payloads; its memory is kept.
    pub(crate) bytes: Vec<u8>,
    /// For encoding whole frames; its memory is kept.
    pub(crate) frame: Vec<u8>,
    /// For passing acknowledgements on; empty between uses.
    pub(crate) accepted_items: Vec<(ShardId, Item)>,
    /// As `accepted_items`, for returns that were withheld.
    pub(crate) withheld_returns: Vec<(ShardId, Return)>,
}

impl Shard {
    /// How long whoever found the pool empty waits before asking again.
    pub(crate) const POOL_RETRY: Duration = Duration::from_millis(2);

    /// A shard that serves `config` with the blocks of `pool`, and publishes its figures on `page` if there is one. The
    /// links that this shard has to dial are dialled at the first [`Input::Deadline`].
    ///
    /// # Errors
    ///
    /// [`ConfigFault`] if the configuration cannot be served.
    pub fn new(
        config: ShardConfig,
        pool: Pool,
        page: Option<Arc<Page>>,
    ) -> Result<Shard, ConfigFault> {
        config.check()?;
        let mut names: Vec<&str> = Vec::new();
        for link in &config.links {
            if !names.contains(&link.name.as_str()) {
                names.push(&link.name);
            }
        }
        let name = |wanted: &str| names.iter().position(|name| *name == wanted).unwrap_or(0) as u16;
        let link_names = config.links.iter().map(|link| name(&link.name)).collect();
        let doors = config.listeners.iter().map(|listener| Door {
            framing: listener.framing,
            way: match &listener.route {
                Route::Echo => Way::Echo,
                Route::Discard => Way::Discard,
                Route::Link(link) => Way::Link(name(link)),
                Route::H248(door) => {
                    Way::H248(config.h248.index(&door.user).unwrap_or(0), door.speech)
                }
            },
            limits: FrameLimits {
                frame_bytes_max: listener
                    .frame_bytes_max
                    .unwrap_or(config.limits.frame_bytes_max),
            },
        });
        let doors = doors.collect();
        let mut shard = Shard {
            me: config.shard,
            doors,
            pool,
            now: Tick::ZERO,
            outputs: VecDeque::new(),
            local: VecDeque::new(),
            table: Table::default(),
            actives: Actives::default(),
            sources: Sources::default(),
            router: Router::new(config.shards, config.limits.links_max, link_names),
            lanes: Lanes::new(config.lanes, config.shards, config.limits.links_max),
            links: Links::new(&config),
            wheel: Wheel::default(),
            cells: Cells::new(config.links.len()),
            page,
            overload: Overload::default(),
            drain: Drain::default(),
            h248: H248::new(&config)?,
            scans: Scans::default(),
            epochs: 0,
            waking: None,
            burying: None,
            acknowledging: false,
            pool_timer: false,
            holding: false,
            scratch: Gather::new(),
            bytes: Vec::new(),
            frame: Vec::new(),
            accepted_items: Vec::new(),
            withheld_returns: Vec::new(),
            config,
        };
        shard.plan_dials();
        Ok(shard)
    }

    /// What the shard holds now.
    #[must_use]
    pub fn gauges(&self) -> ShardGauges {
        ShardGauges {
            sessions: self.table.sessions(),
            active: self.actives.used(),
            links: self.links.count(),
            greetings: self.links.greetings(),
            timers: self.wheel.len(),
            items: self.lanes.under_way_all() - self.lanes.under_way(self.me),
            items_local: self.lanes.under_way(self.me),
            waiting: self
                .router
                .views()
                .map(|view| view.waiting.len() + view.opening.len() + view.owed.len())
                .sum(),
            unacknowledged: self
                .router
                .views()
                .map(|view| view.accepted.intervals())
                .sum(),
            h248_waiting: self.h248.as_ref().map_or(0, |h248| h248.waiting()),
            traces: self.h248.as_ref().map_or(0, |h248| h248.traces()),
            overload_level: self.overload.level(),
        }
    }

    /// The shard's figures.
    #[must_use]
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    pub(crate) fn count(&mut self, metric: Metric) {
        self.cells.add(metric, 1);
    }

    /// A broken assumption of ours: fatal in debug builds, counted in release, where one session pays for it.
    pub(crate) fn bug(&mut self, what: &str) {
        debug_assert!(false, "shard {}: {what}", self.me.0);
        self.count(Metric::Bugs);
    }

    pub(crate) fn note(&mut self, level: NoteLevel, text: String) {
        self.outputs.push_back(Output::Note(Note { level, text }));
    }

    /// Sets the gauges of what is counted elsewhere. Sockets, blocks and the mesh are the driver's to count.
    fn gather_gauges(&mut self) {
        let counts = Class::ALL.map(|class| self.pool.counts(class));
        let lent = counts.iter().map(|counts| u64::from(counts.lent)).sum();
        let refused = counts.iter().map(|counts| counts.refused).sum();
        let traffic = self.pool.traffic();
        let busy = self.actives.used();
        for (metric, value) in [
            (Metric::MeshLoans, lent),
            (Metric::PoolExhausted, refused),
            (Metric::FrameBodyCopied, traffic.copied_bytes),
            (Metric::FrameBodyForwarded, traffic.forwarded_bytes),
            (Metric::OverloadLevel, u64::from(self.overload.level())),
            (Metric::SessionsBusy, u64::from(busy)),
            (
                Metric::SessionsIdle,
                u64::from(self.table.sessions().saturating_sub(busy)),
            ),
            (Metric::Greetings, u64::from(self.links.greetings())),
            (Metric::Sources, self.sources.len() as u64),
        ] {
            self.cells.set(metric, value);
        }
        self.gather_h248();
        for spec in 0..self.config.links.len() {
            let opening = self.router.opening(spec as u16);
            self.cells.link_set(spec, LinkMetric::OpensWaiting, opening);
            let (outgoing, kept) = self.links.waiting_bytes(spec);
            self.cells
                .link_set(spec, LinkMetric::OutgoingBytes, outgoing);
            self.cells
                .link_set(spec, LinkMetric::UnacknowledgedBytes, kept);
        }
    }
}

impl Machine for Shard {
    type Item = Item;

    fn handle(&mut self, now: Tick, input: Input<Item>) {
        self.now = self.now.max(now);
        let time_is_up = matches!(input, Input::Deadline);
        self.dispatch(input);
        self.run_local();
        self.run_h248(time_is_up);
        // What H.248 told controllers on links at home here.
        self.run_local();
        self.watch_pool();
    }

    fn poll(&mut self) -> Option<Output<Item>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Tick> {
        let h248 = self.h248.as_ref().filter(|_| !self.drain.is_over());
        let h248 = h248.and_then(|h248| h248.deadline());
        [self.wheel.deadline(), h248].into_iter().flatten().min()
    }

    /// Nobody waits for credit while no account is more than half spent, nor for a block while most are free.
    fn wants_returns(&self) -> bool {
        self.lanes.is_stretched() || self.is_short_of_blocks() || self.drain.is_draining()
    }

    fn outgoing(&self, socket: SocketId) -> Option<&Gather> {
        match self.table.get(socket)? {
            Slot::Session(session) => self
                .actives
                .get(session.active)
                .map(|active| &active.outgoing),
            Slot::Link { place, .. } => self.links.outgoing(*place),
            Slot::Greeting { index, .. } => self.links.greeting_outgoing(*index),
            Slot::Closing { remains, .. } => self.links.remains(*remains),
            Slot::Vacant => None,
        }
    }

    fn sent_may_wait(&self, socket: SocketId) -> bool {
        self.is_carefree(socket)
    }

    fn publish(&mut self, _now: Tick) {
        self.gather_gauges();
        if let Some(page) = &self.page {
            self.cells.publish(page);
        }
    }
}
