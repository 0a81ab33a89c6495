//! Holding the clients of a link that takes no more: their blocks must not become everybody's.
//!
//! A client whose frames wait for its link is not read, but it holds what it had sent by then, and a backend may have ten thousand
//! clients. So with too many blocks leased, and too many of them waiting for one link, *all* clients of that link are stopped,
//! also those that have sent nothing yet: what they send stays in the kernel. They are read again when few blocks wait.
//!
//! ```text
//!            more than a 16th of the blocks wait for it, and 40 % are leased
//!       read ───────────────────────────────────────────────────────────────► held
//!        ▲                                                                     │
//!        └─────────────────────────────────────────────────────────────────────┘
//!                            half of that 16th, looked at every 20 ms
//! ```

use super::state::State;
use crate::contract::SocketId;
use crate::deadlines::Timer;
use crate::drain::Scan;
use crate::id::LinkId;
use crate::limits::ms;
use crate::shard::Shard;
use megaphone_metrics::Metric;
use megaphone_pool::Class;
use megaphone_wheel::Tick;

/// Percent of leased blocks from which clients of a link may be held: below the mark at which backends are slowed.
const LEASED: u32 = 40;
/// The part of the blocks for receiving that may wait for one link all the same.
const CROWD_PART: u32 = 16;
/// How often held links are looked at.
const LOOK_MS: u32 = 20;

impl Shard {
    /// The client's bytes wait for its link.
    pub(super) fn wait_for_link(&mut self, socket: SocketId) {
        let Some(active) = self.session_active(socket) else {
            return;
        };
        let blocks = (active.input.piece_count() + active.frame.piece_count()) as u32;
        let before = std::mem::replace(&mut active.waiting_blocks, blocks);
        let Some(link) = self.count_waiting(socket, before, blocks) else {
            return;
        };
        let (crowd, leased) = (self.crowd(), self.overload.leased());
        let Some(view) = self.router.live_mut(link) else {
            return;
        };
        if !view.held && view.waiting_blocks > crowd && leased >= LEASED {
            view.held = true;
            self.count(Metric::OverloadHoldClients);
            self.scan(Scan::Hold(link));
            self.look_at_held_soon();
        } else if view.held {
            // It came before the walk did.
            let pool = self.pool.clone();
            if let Some(active) = self.session_active(socket)
                && active.settle(&pool)
            {
                self.count(Metric::OverloadDemoteFrame);
            }
        }
    }

    /// Nothing of the client's waits for its link any more.
    pub(super) fn waits_no_more(&mut self, socket: SocketId) {
        if let Some(active) = self.session_active(socket) {
            let before = std::mem::take(&mut active.waiting_blocks);
            if before > 0 {
                self.count_waiting(socket, before, 0);
            }
        }
    }

    /// Counts a session's blocks for its link, whose id it gives if there is one.
    fn count_waiting(&mut self, socket: SocketId, before: u32, now: u32) -> Option<LinkId> {
        let link = self.table.session(socket)?.link;
        let view = self.router.live_mut(link)?;
        view.waiting_blocks = (view.waiting_blocks + now).saturating_sub(before);
        Some(link)
    }

    /// Blocks that may wait for one link, or for credit to other shards, however full the pool is.
    pub(crate) fn crowd(&self) -> u32 {
        self.pool.counts(Class::Receive).total / CROWD_PART
    }

    /// Reads an open session's client, unless all of its link's are held.
    pub(super) fn read_unless_held(&mut self, socket: SocketId) {
        let Some(link) = self.table.session(socket).map(|session| session.link) else {
            return;
        };
        let held = link.serial != 0 && self.router.live_mut(link).is_some_and(|view| view.held);
        if let Some(session) = self.table.session_mut(socket) {
            session.held = held;
        }
        self.set_reading(socket, !held);
    }

    /// Stops a client in the walk that holds all of its link's.
    pub(crate) fn hold_client(&mut self, socket: SocketId, link: LinkId) {
        if !self.router.live_mut(link).is_some_and(|view| view.held) {
            return;
        }
        self.read_unless_held(socket);
        if let Some(active) = self.session_active(socket) {
            // The rest of its frame cannot come while it is not read.
            active.frame_by = Tick::MAX;
        }
    }

    /// Lets a client go on in the walk that ends the hold.
    pub(crate) fn release_client(&mut self, socket: SocketId, link: LinkId) {
        if self.router.live_mut(link).is_none_or(|view| view.held) {
            return;
        }
        let Some(session) = self.table.session_mut(socket) else {
            return;
        };
        session.held = false;
        let goes_on = session.state == State::Open && !session.queued;
        let in_frame = self
            .session_active(socket)
            .is_some_and(|active| active.in_frame);
        if goes_on && !in_frame {
            self.go_on_reading(socket);
        }
    }

    fn look_at_held_soon(&mut self) {
        if !std::mem::replace(&mut self.holding, true) {
            self.wheel.insert(self.now + ms(LOOK_MS), Timer::Held);
        }
    }

    /// Ends the hold of each link for which few blocks wait.
    pub(crate) fn look_at_held(&mut self) {
        self.holding = false;
        let few = self.crowd() / 2;
        let mut eased = Vec::new();
        let mut still = false;
        for view in self.router.views_mut().filter(|view| view.held) {
            view.held = view.waiting_blocks > few;
            still |= view.held;
            if !view.held {
                eased.push(view.id);
            }
        }
        for link in eased {
            self.scan(Scan::Release(link));
        }
        if still {
            self.look_at_held_soon();
        }
    }
}
