//! One shard's gateways, or its part of a controller, as a machine. It judges nothing; it counts.
//!
//! ```text
//! Opening ──all registered or failed──► Waiting ──go──► Sending ──time──► Settling ──all answered, or grace──► Closing ──► Done
//!    └────────────────────────────────────── stop ─────────────────────────────► (any stage)
//! ```
//!
//! A controller waits where gateways open: they come to it. When its own requests are answered it goes on answering theirs, until
//! they are gone or the grace is over.

use super::paths::Tie;
use super::plan::{Plan, Role};
use super::reading::Reading;
use super::traffic::Underway;
use super::wire::Wire;
use crate::bench::board::{Board, Report, Seconds, Tally};
use crate::bench::plan::{Endpoints, Pace, Schedule};
use crate::bench::steps::{LOOK, SOON, STEP_MAX, Turns, to_close};
use megaphone_core::{Close, ConnectToken, Input, ListenerId, Machine, Output, SocketId};
use megaphone_pool::{Gather, Pool};
use megaphone_wheel::Tick;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

#[cfg(test)]
mod tests;

pub(super) const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Opening,
    Waiting,
    Sending,
    Settling { until: Tick },
    Closing { next: u32 },
    Done,
}

/// The machine of one shard.
#[derive(Debug)]
pub struct Station {
    pub(super) plan: Arc<Plan>,
    pub(super) endpoints: Endpoints,
    board: Arc<Board>,
    pub(super) pool: Pool,
    shard: u32,
    shards: u32,
    pub(super) wire: Wire,
    pub(super) reading: Reading,
    pub(super) scratch: Vec<u8>,
    pub(super) ties: Vec<Tie>,
    pub(super) by_slot: Vec<u32>,
    /// A controller's gateways, by name: datagrams name nothing else.
    pub(super) by_mid: HashMap<String, u32>,
    /// Where the datagram came from that is being read.
    pub(super) caller: Option<(ListenerId, SocketAddr)>,
    pub(super) underway: Underway,
    pub(super) outputs: VecDeque<Output<Infallible>>,
    pub(super) stage: Stage,
    /// Gateways whose opening was begun.
    pub(super) opened: u32,
    /// Those of them that are neither registered nor failed.
    pub(super) opening: u32,
    /// Those of them that the driver has not answered.
    pub(super) dialing: u32,
    /// Sockets.
    pub(super) alive: u32,
    pub(super) turns: Option<Turns>,
    /// Ties that are due: at the beginning all of a closed loop, later those that found no block.
    pub(super) hungry: VecDeque<u32>,
    /// When work goes on that was broken off.
    pub(super) again: Tick,
    /// Requests that are left to be answered, if their number is bounded.
    pub(super) left: u64,
    troubled: bool,
    start: Tick,
    next_look: Tick,
    pub(super) tally: Tally,
    pub(super) seconds: Seconds,
}

impl Station {
    /// The share of `plan` that shard number `shard` of `shards` has: each `shards`-th gateway, or those that come.
    ///
    /// # Panics
    ///
    /// If the plan was not checked.
    #[must_use]
    pub fn new(plan: Arc<Plan>, board: Arc<Board>, pool: Pool, shard: u32, shards: u32) -> Station {
        let shards = shards.max(1);
        let share = match plan.role {
            Role::Gateway => plan.gateways.saturating_sub(shard).div_ceil(shards),
            Role::Controller => 0,
        };
        let wire = Wire::new(plan.encoding, plan.version, plan.role);
        let wire = wire.expect("the plan was checked");
        Station {
            wire,
            reading: Reading::default(),
            scratch: Vec::new(),
            ties: (0..share).map(|_| Tie::default()).collect(),
            by_slot: Vec::new(),
            by_mid: HashMap::new(),
            caller: None,
            underway: Underway::default(),
            outputs: VecDeque::new(),
            stage: match plan.role {
                Role::Gateway => Stage::Opening,
                Role::Controller => Stage::Waiting,
            },
            opened: 0,
            opening: 0,
            dialing: 0,
            alive: 0,
            turns: None,
            hungry: VecDeque::new(),
            again: Tick::ZERO,
            left: 0,
            troubled: false,
            start: Tick::MAX,
            next_look: Tick::ZERO,
            tally: Tally::default(),
            seconds: Seconds::new(),
            endpoints: plan.endpoints(),
            plan,
            board,
            pool,
            shard,
            shards,
        }
    }

    /// Gateways of this shard.
    pub(super) fn share(&self) -> u32 {
        self.ties.len() as u32
    }

    /// The run's number of a gateway of this shard.
    pub(super) fn number(&self, local: u32) -> u32 {
        local * self.shards + self.shard
    }

    /// The place of a tie in the schedule.
    pub(super) fn turn_number(&self, local: u32) -> u32 {
        self.number(local) % self.plan.gateways.max(1)
    }

    pub(super) fn is_closing(&self) -> bool {
        matches!(self.stage, Stage::Closing { .. } | Stage::Done)
    }

    /// Tells the first fault of this shard: the others are mostly the same.
    pub(super) fn tell_trouble(&mut self, text: impl FnOnce() -> String) {
        if !std::mem::replace(&mut self.troubled, true) {
            self.board.report(Report::Trouble(text()));
        }
    }

    // ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────

    fn begin_sending(&mut self, now: Tick) {
        self.stage = Stage::Sending;
        self.start = now;
        let ready = self.ties.iter().filter(|tie| tie.registered).count() as u64;
        self.left = ready * u64::from(self.plan.requests.unwrap_or(0));
        match self.plan.pace {
            Pace::Closed { .. } => {
                self.hungry = (0..self.share()).collect();
                self.ties.iter_mut().for_each(|tie| tie.hungry = true);
            }
            Pace::Open { every } => {
                let schedule = Schedule::new(now, every, self.plan.gateways);
                self.turns = Some(Turns::new(schedule));
            }
        }
    }

    /// Sends on ties that wait, a bounded number of them.
    fn feed_hungry(&mut self, now: Tick) {
        if now < self.again || self.hungry.is_empty() {
            return;
        }
        self.again = now + SOON;
        for _ in 0..STEP_MAX.min(self.hungry.len() as u32) {
            let Some(local) = self.hungry.pop_front() else {
                return;
            };
            self.ties[local as usize].hungry = false;
            self.fill(now, local);
        }
    }

    /// Sends on the ties whose turn has come, a bounded number of them.
    fn take_turns(&mut self, now: Tick) {
        for _ in 0..STEP_MAX {
            match self.turns {
                Some(turns) if self.share() > 0 && self.turn(turns) <= now => {
                    self.fill(now, turns.local);
                    self.turns = Some(turns.next(self.share()));
                }
                _ => return,
            }
        }
    }

    fn turn(&self, turns: Turns) -> Tick {
        turns.at(self.turn_number(turns.local))
    }

    /// When sending ends.
    pub(super) fn end(&self) -> Tick {
        self.start + self.plan.warmup + self.plan.duration
    }

    /// Whether figures count what was intended at that time.
    pub(super) fn counts(&self, intended: Tick) -> bool {
        self.start != Tick::MAX
            && intended >= self.start + self.plan.warmup
            && intended < self.end()
    }

    /// Whether all that was to be sent is answered.
    fn is_through(&self) -> bool {
        self.plan.requests.is_some() && self.left == 0 && self.share() > 0
    }

    // ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// A connection was lost.
    fn lose(&mut self, local: u32) {
        self.tally.errors += 1;
        self.tell_trouble(|| "the other side closed a connection".into());
        let registered = self.ties[local as usize].registered;
        if self.plan.role == Role::Gateway && !registered {
            self.registration_failed(local);
        } else {
            self.give_up(local);
        }
    }

    /// The other side sends no more: a loss, unless it is a gateway that leaves its controller in peace.
    pub(super) fn ended(&mut self, local: u32) {
        if self.ties[local as usize].given_up || self.is_closing() {
            return;
        }
        if self.plan.role == Role::Controller && self.ties[local as usize].under_way == 0 {
            self.give_up(local);
        } else {
            self.lose(local);
        }
    }

    /// Does without a tie whose fault was counted.
    pub(super) fn give_up(&mut self, local: u32) {
        self.ties[local as usize].given_up = true;
        self.close(local);
    }

    /// Resets rather than finishes: many addresses in TIME_WAIT would be in the way of the next run.
    fn close(&mut self, local: u32) {
        if let Some(super::paths::Path::Stream(socket)) = self.ties[local as usize].path {
            self.outputs.push_back(Output::Close {
                socket,
                how: Close::Reset,
            });
        }
    }

    // ── stages ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// What the time alone brings about.
    fn advance(&mut self, now: Tick) {
        if now >= self.next_look {
            self.look(now);
        }
        self.send_again(now);
        match self.stage {
            Stage::Opening => self.open_more(now),
            Stage::Sending if now >= self.end() || self.is_through() => self.settle(now),
            Stage::Sending => {
                self.feed_hungry(now);
                self.take_turns(now);
            }
            Stage::Settling { until } if now >= until || self.is_settled() => {
                self.close_some(now, 0);
            }
            Stage::Closing { next } => self.close_some(now, next),
            Stage::Waiting | Stage::Settling { .. } | Stage::Done => {}
        }
    }

    /// Publishes counts and looks for signals.
    fn look(&mut self, now: Tick) {
        self.next_look = now + LOOK;
        let settling = matches!(self.stage, Stage::Settling { .. });
        if self.board.has_stopped() && !self.is_closing() && !settling {
            self.settle(now);
        } else if self.stage == Stage::Waiting && self.board.has_go() {
            self.begin_sending(now);
        }
        let is_over = self.stage == Stage::Done;
        self.seconds.report(self.start, now, is_over, &self.board);
        self.board.publish(self.shard as usize, self.tally);
    }

    fn settle(&mut self, now: Tick) {
        self.hungry.clear();
        self.turns = None;
        self.stage = Stage::Settling {
            until: now + self.plan.grace,
        };
    }

    /// Whether nothing can come any more. A controller answers until its gateways are gone.
    fn is_settled(&self) -> bool {
        let deserted = self.alive == 0 && !self.plan.place.is_udp();
        self.underway.is_empty() && (self.plan.role == Role::Gateway || deserted)
    }

    /// Closes a bounded number of ties, and ends when the last socket is gone.
    fn close_some(&mut self, now: Tick, next: u32) {
        let share = self.share();
        let Range { start, end } = to_close(now, &mut self.again, next, share);
        for local in start..end {
            if !self.ties[local as usize].given_up {
                self.close(local);
            }
        }
        self.stage = Stage::Closing { next: end };
        if end == share && self.alive == 0 && self.dialing == 0 {
            self.finish();
        }
    }

    /// The last word.
    fn finish(&mut self) {
        self.stage = Stage::Done;
        self.tally.lost += self.underway.traffic();
        self.seconds
            .report(self.start, self.next_look, true, &self.board);
        self.board.last_word(self.shard as usize, self.tally);
        self.outputs.push_back(Output::Drained);
    }

    fn connected(&mut self, now: Tick, token: ConnectToken, socket: SocketId) {
        let local = token.0 as u32;
        self.dialing -= 1;
        self.tie_up(local, socket);
        if self.stage == Stage::Opening {
            self.register(now, local);
        } else {
            // It was under way when the run was stopped.
            self.give_up(local);
        }
    }
}

impl Machine for Station {
    type Item = Infallible;

    fn handle(&mut self, now: Tick, input: Input<Infallible>) {
        match input {
            Input::Accepted { socket, .. } => {
                self.ties.push(Tie::default());
                self.tie_up(self.share() - 1, socket);
            }
            Input::Connected { token, socket } => self.connected(now, token, socket),
            Input::ConnectFailed { token, fault } => {
                self.dialing -= 1;
                self.tally.errors += 1;
                self.tell_trouble(|| format!("connecting failed: {fault:?}"));
                self.registration_failed(token.0 as u32);
            }
            Input::Received { socket, data } => {
                if let Some(local) = self.of(socket) {
                    self.bytes(now, local, data);
                }
            }
            Input::Datagram {
                listener,
                from,
                data,
            } => self.datagram(now, listener, from, &data),
            Input::Sent { socket, bytes } => self.sent(socket, bytes),
            Input::Ended { socket } => {
                if let Some(local) = self.of(socket) {
                    self.ended(local);
                }
            }
            Input::Closed { socket } => self.closed(socket),
            Input::Drain { .. } => self.board.stop(),
            // `Closed` follows a failure; the rest does not happen here.
            _ => {}
        }
        self.advance(now);
    }

    fn poll(&mut self) -> Option<Output<Infallible>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Tick> {
        let work = match self.stage {
            Stage::Done => return None,
            Stage::Opening if self.may_open() => self.again,
            Stage::Waiting | Stage::Opening => Tick::MAX,
            Stage::Sending => {
                let hungry = if self.hungry.is_empty() {
                    Tick::MAX
                } else {
                    self.again
                };
                let turn = self
                    .turns
                    .filter(|_| self.share() > 0)
                    .map_or(Tick::MAX, |turns| self.turn(turns));
                turn.min(hungry).min(self.end())
            }
            Stage::Settling { until } => until,
            Stage::Closing { next } if next < self.share() => self.again,
            Stage::Closing { .. } => Tick::MAX,
        };
        Some(work.min(self.next_look).min(self.underway.deadline()))
    }

    fn outgoing(&self, socket: SocketId) -> Option<&Gather> {
        Some(&self.ties[self.of(socket)? as usize].outgoing)
    }
}
