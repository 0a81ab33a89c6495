//! Whatever walks through all sessions does it here, a few at a time: the end of a link, shedding, and the paced end of the shard.
//!
//! ```text
//!  Drain ─► stop listening, DRAIN to backends ─► idle sessions end, paced ─► no session here: Empty to all shards
//!                                                        │ patience ends               │ all shards are empty
//!                                                        ▼                             ▼
//!                                               all sessions are closed ─────► links are closed ─► Drained
//! ```

use crate::contract::{ListenerId, Output, ShardId};
use crate::credit::Account;
use crate::deadlines::Timer;
use crate::id::LinkId;
use crate::item::Item;
use crate::limits::ms;
use crate::session::state::{Event, State};
use crate::session::table::NONE;
use crate::shard::Shard;
use megaphone_metrics::Metric;
use megaphone_wheel::{Tick, TimerId};
use std::collections::VecDeque;

/// What a walk through the sessions is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The sessions of this link end: it is no more.
    LinkLost(LinkId),
    /// Idle sessions end; again and again, until there is none.
    Drain,
    /// All sessions end.
    DrainAll,
    /// What came from clients and has to wait moves to the smallest blocks.
    Settle,
    /// Clients of this link are not read: too much waits for it.
    Hold(LinkId),
    /// They are read again.
    Release(LinkId),
    /// Clients with bytes to take are closed.
    ShedSlow,
    /// Sessions that hold a block are closed.
    ShedBusy,
}

/// The walks under way, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Scans {
    walks: VecDeque<(Scan, usize)>,
    armed: bool,
}

/// How far the shard's end has come.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    by: Option<Tick>,
    /// Shards that have still to be told that this one is empty; all of them, once it is.
    to_tell: Option<VecDeque<ShardId>>,
    /// Shards that said they are empty.
    empty: Vec<bool>,
    links_closed: bool,
    said: bool,
    timer: Option<TimerId>,
}

impl Drain {
    /// Whether the shard is ending.
    pub(crate) fn is_draining(&self) -> bool {
        self.by.is_some()
    }

    /// Whether nothing is left: no session, no link.
    pub(crate) fn is_over(&self) -> bool {
        self.said
    }

    /// When patience ends.
    pub(crate) fn by(&self) -> Tick {
        self.by.unwrap_or(Tick::MAX)
    }
}

impl Shard {
    /// Starts a walk, unless the same one is yet to start.
    pub(crate) fn scan(&mut self, scan: Scan) {
        if !self.scans.walks.contains(&(scan, 0)) {
            self.scans.walks.push_back((scan, 0));
        }
        self.arm_scan(self.config.limits.scan_ms);
    }

    fn arm_scan(&mut self, pause_ms: u32) {
        if !self.scans.armed {
            self.scans.armed = true;
            self.wheel
                .insert(self.now + ms(pause_ms.max(1)), Timer::Scan);
        }
    }

    /// The next few sessions of the first walk.
    pub(crate) fn scan_step(&mut self) {
        self.scans.armed = false;
        let Some((scan, start)) = self.scans.walks.pop_front() else {
            return;
        };
        let end = start
            .saturating_add(self.config.limits.scan_slots as usize)
            .min(self.table.len());
        let mut closes = self.config.limits.scan_closes;
        let mut at = start;
        while at < end && closes > 0 {
            closes -= u32::from(self.scan_slot(scan, at));
            at += 1;
        }
        let mut pause = self.config.limits.scan_ms;
        if at < self.table.len() {
            self.scans.walks.push_front((scan, at));
        } else if scan == Scan::Drain && self.table.sessions() > 0 {
            self.scans.walks.push_back((scan, 0));
            pause = pause.saturating_mul(10);
        }
        if !self.scans.walks.is_empty() {
            self.arm_scan(pause);
        }
        self.drain_progress();
    }

    /// Does what a walk is for to one slot; true if that was work.
    fn scan_slot(&mut self, scan: Scan, at: usize) -> bool {
        let Some((socket, session)) = self.table.at(at) else {
            return false;
        };
        let (state, link, index) = (session.state, session.link, session.active);
        let busy = self.actives.get(index);
        match scan {
            Scan::LinkLost(lost) if link == lost && state.needs_link() => {
                self.session_event(socket, Event::LinkLost, Metric::ClosedLinkLost);
            }
            Scan::Drain if index == NONE || matches!(state, State::Waiting | State::Opening) => {
                self.session_event(socket, Event::Drain, Metric::ClosedDrained);
            }
            Scan::DrainAll => self.session_event(socket, Event::Shed, Metric::ClosedDrained),
            Scan::Settle
                if busy.is_some_and(|active| !active.input.is_empty() || active.in_frame) =>
            {
                let pool = self.pool.clone();
                if self
                    .actives
                    .get_mut(index)
                    .is_some_and(|active| active.settle(&pool))
                {
                    self.count(Metric::OverloadDemoteFrame);
                }
            }
            Scan::Hold(of) if link == of && state == State::Open && session.reading => {
                self.hold_client(socket, of);
                // A word to the driver, which does not count like an end.
                return false;
            }
            Scan::Release(of) if link == of && session.held => {
                self.release_client(socket, of);
                return false;
            }
            Scan::ShedSlow if busy.is_some_and(|active| !active.outgoing.is_empty()) => {
                self.count(Metric::OverloadShedSession);
                self.session_event(socket, Event::Shed, Metric::ClosedSlowReader);
            }
            Scan::ShedBusy
                if busy.is_some_and(|active| {
                    !active.input.is_empty() || !active.outgoing.is_empty()
                }) =>
            {
                self.count(Metric::OverloadShedSession);
                self.session_event(socket, Event::Shed, Metric::ClosedShed);
            }
            _ => return false,
        }
        true
    }

    /// The shard is to end by then.
    pub(crate) fn start_drain(&mut self, by: Tick) {
        if self.drain.is_draining() {
            return;
        }
        self.drain.by = Some(by);
        if self.drain.empty.is_empty() {
            self.drain.empty = vec![false; usize::from(self.config.shards)];
        }
        for listener in 0..self.doors.len() + self.config.links.len() {
            self.outputs.push_back(Output::StopListening {
                listener: ListenerId(listener as u16),
            });
        }
        self.drain.timer = Some(self.wheel.insert(by, Timer::DrainEnd));
        for place in 0..self.config.limits.links_max as u16 {
            self.drain_link(place);
        }
        self.scan(Scan::Drain);
        self.drain_progress();
    }

    /// Patience ends: all sessions close now, and the links with them.
    pub(crate) fn drain_end(&mut self) {
        self.scan(Scan::DrainAll);
        self.close_links();
        self.drain_progress();
    }

    fn close_links(&mut self) {
        self.drain.links_closed = true;
        self.retire_links();
        self.end_greetings();
    }

    /// Another shard has no session left.
    pub(crate) fn shard_is_empty(&mut self, from: ShardId) {
        if self.drain.empty.is_empty() {
            self.drain.empty = vec![false; usize::from(self.config.shards)];
        }
        if let Some(empty) = self.drain.empty.get_mut(usize::from(from.0)) {
            *empty = true;
        }
        self.drain_progress();
    }

    /// Tells the other shards that this one has no session left, as far as control credits go.
    pub(crate) fn tell_empty(&mut self) {
        let Some(mut to_tell) = self.drain.to_tell.take() else {
            return;
        };
        to_tell.retain(|&to| {
            let told = self.lanes.spend(to, Account::Control);
            if told {
                self.send_item(to, Item::Empty);
            }
            !told
        });
        self.drain.to_tell = Some(to_tell);
    }

    /// Goes as far towards the end as things stand.
    pub(crate) fn drain_progress(&mut self) {
        if !self.drain.is_draining() || self.drain.said || self.table.sessions() > 0 {
            return;
        }
        if self.drain.to_tell.is_none() {
            let others = (0..self.config.shards)
                .map(ShardId)
                .filter(|&shard| shard != self.me);
            self.drain.to_tell = Some(others.collect());
            self.drain.empty[usize::from(self.me.0)] = true;
            self.tell_empty();
        }
        let told = self.drain.to_tell.as_ref().is_some_and(VecDeque::is_empty);
        if told && !self.drain.links_closed && self.drain.empty.iter().all(|&empty| empty) {
            self.close_links();
        }
        if self.drain.links_closed && self.table.used() == 0 {
            self.drain.said = true;
            if let Some(timer) = self.drain.timer.take() {
                self.wheel.cancel(timer);
            }
            self.outputs.push_back(Output::Drained);
        }
    }
}
