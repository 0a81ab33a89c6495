//! The load generator of one shard, as a machine: it opens connections, greets on each, sends when it is time and
//! checks every byte that comes back. It judges nothing; it counts.
//!
//! ```text
//! Opening ──all greeted or failed──► Waiting ──go──► Sending ──time──► Settling ──all back, or grace──► Closing ──► Done
//!    └────────────────────────────────── stop ─────────────────────────────► (any stage)
//! ```

use super::board::{Board, Report, Seconds, Tally};
use super::payload::{Mismatch, Progress, Shape};
use super::plan::{Pace, Plan, Schedule};
use super::steps::{SOON, STEP_MAX, Turns};
use megaphone_core::{Close, ConnectToken, Input, Machine, Output, SocketFault, SocketId};
use megaphone_pool::{Gather, Pool};
use megaphone_wheel::Tick;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

mod stages;
#[cfg(test)]
mod tests;

/// Packets under way on one connection of an open loop; later ones wait, and their latency counts the wait.
const WINDOW: u32 = 64;
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Waiting,
    Sending,
    Settling { until: Tick },
    Closing { next: u32 },
    Done,
}

/// One connection. Small, because there may be a million.
#[derive(Debug, Default)]
struct Connection {
    socket: Option<SocketId>,
    /// Packets sent; the first is the greeting.
    sent: u32,
    /// Packets that came back.
    received: u32,
    progress: Progress,
    outgoing: Gather,
    /// It is in the queue of those that are due.
    hungry: bool,
    /// Its end has been counted already.
    given_up: bool,
}

/// The generator of one shard.
#[derive(Debug)]
pub struct Load {
    plan: Arc<Plan>,
    board: Arc<Board>,
    pool: Pool,
    shard: u32,
    shards: u32,
    shape: Shape,
    connections: Vec<Connection>,
    by_slot: Vec<u32>,
    outputs: VecDeque<Output<Infallible>>,
    stage: Stage,
    /// Connections whose opening was begun.
    opened: u32,
    /// Those of them that are neither greeted nor failed.
    opening: u32,
    /// Those of them that the driver has not answered.
    dialing: u32,
    /// Sockets.
    alive: u32,
    turns: Option<Turns>,
    /// Connections that are due: at the beginning all of a closed loop, later those that found no block.
    hungry: VecDeque<u32>,
    /// When work goes on that was broken off.
    again: Tick,
    /// Packets that cannot come back because their connection is gone.
    stranded: u64,
    /// The first fault of this shard has been told.
    troubled: bool,
    start: Tick,
    next_look: Tick,
    tally: Tally,
    seconds: Seconds,
    packet: Vec<u8>,
    completed: Vec<Tick>,
}

impl Load {
    /// The share of `plan` that shard number `shard` of `shards` has: each `shards`-th connection.
    #[must_use]
    pub fn new(plan: Arc<Plan>, board: Arc<Board>, pool: Pool, shard: u32, shards: u32) -> Load {
        let shards = shards.max(1);
        let share = plan.connections.saturating_sub(shard).div_ceil(shards);
        Load {
            shape: Shape::new(plan.framing, plan.body_bytes),
            connections: (0..share).map(|_| Connection::default()).collect(),
            by_slot: Vec::new(),
            outputs: VecDeque::new(),
            stage: Stage::Opening,
            opened: 0,
            opening: 0,
            dialing: 0,
            alive: 0,
            turns: None,
            hungry: VecDeque::new(),
            again: Tick::ZERO,
            stranded: 0,
            troubled: false,
            start: Tick::MAX,
            next_look: Tick::ZERO,
            tally: Tally::default(),
            seconds: Seconds::new(),
            packet: Vec::new(),
            completed: Vec::new(),
            plan,
            board,
            pool,
            shard,
            shards,
        }
    }

    /// Connections of this shard.
    #[must_use]
    pub fn share(&self) -> u32 {
        self.connections.len() as u32
    }

    /// The run's number of a connection of this shard.
    fn number(&self, local: u32) -> u32 {
        local * self.shards + self.shard
    }

    /// The connection that has this socket.
    fn of(&self, socket: SocketId) -> Option<u32> {
        let local = *self.by_slot.get(socket.slot as usize)?;
        let connection = self.connections.get(local as usize)?;
        (connection.socket == Some(socket)).then_some(local)
    }

    // ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────

    fn open_more(&mut self) {
        while self.stage == Stage::Opening
            && self.opening < self.plan.opening_max
            && self.opened < self.share()
        {
            let token = ConnectToken(u64::from(self.opened));
            let target = self.plan.endpoints.of(self.number(self.opened));
            self.outputs.push_back(Output::Connect { token, target });
            self.opened += 1;
            self.opening += 1;
            self.dialing += 1;
        }
        if self.stage == Stage::Opening && self.opening == 0 && self.opened == self.share() {
            self.stage = Stage::Waiting;
        }
    }

    fn connected(&mut self, now: Tick, token: ConnectToken, socket: SocketId) {
        let slot = socket.slot as usize;
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot + 1, NONE);
        }
        self.by_slot[slot] = token.0 as u32;
        self.alive += 1;
        self.dialing -= 1;
        let local = token.0 as u32;
        self.connections[local as usize].socket = Some(socket);
        self.outputs.push_back(Output::Read { socket, on: true });
        match self.stage {
            Stage::Opening => self.fill(now, local),
            // It was under way when the run was stopped.
            _ => {
                self.connections[local as usize].given_up = true;
                self.close(local);
            }
        }
    }

    /// A connection came to nothing before it was greeted.
    fn opening_failed(&mut self) {
        self.tally.failed += 1;
        self.opening = self.opening.saturating_sub(1);
        self.open_more();
    }

    /// Tells the first fault of this shard: the others are mostly the same.
    fn tell_trouble(&mut self, token: ConnectToken, fault: SocketFault) {
        if !std::mem::replace(&mut self.troubled, true) {
            let target = self.plan.endpoints.of(self.number(token.0 as u32));
            self.board.report(Report::Trouble(format!(
                "connecting failed: {fault:?} ({target:?})"
            )));
        }
    }

    // ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// The moment at which the next packet of a connection is intended to leave, if that is not later than now.
    fn due(&self, now: Tick, local: u32) -> Option<Tick> {
        let connection = &self.connections[local as usize];
        let under_way = connection.sent - connection.received;
        match (self.stage, self.plan.pace) {
            (Stage::Opening, _) => (connection.sent == 0).then_some(now),
            (Stage::Sending, Pace::Closed { in_flight }) => (under_way < in_flight).then_some(now),
            (Stage::Sending, Pace::Open { .. }) => {
                let round = connection.sent.saturating_sub(1);
                let turn = self.turns?.schedule.turn(self.number(local), round);
                (under_way < WINDOW && turn <= now && turn < self.end()).then_some(turn)
            }
            _ => None,
        }
    }

    /// Sends what is due on a connection.
    fn fill(&mut self, now: Tick, local: u32) {
        while let Some(time) = self.due(now, local) {
            let number = self.number(local);
            let connection = &mut self.connections[local as usize];
            let Some(socket) = connection.socket.filter(|_| !connection.given_up) else {
                return;
            };
            let first = connection.outgoing.is_empty();
            if first {
                connection.outgoing = self.pool.gather();
            }
            self.shape
                .write(number, connection.sent, time, &mut self.packet);
            if connection
                .outgoing
                .push_bytes(&self.pool, &self.packet)
                .is_err()
            {
                if !std::mem::replace(&mut connection.hungry, true) {
                    self.hungry.push_back(local);
                }
                return;
            }
            connection.sent += 1;
            self.tally.sent += 1;
            if first {
                self.outputs.push_back(Output::Send { socket });
            }
        }
    }

    fn begin_sending(&mut self, now: Tick) {
        self.stage = Stage::Sending;
        self.start = now;
        match self.plan.pace {
            Pace::Closed { .. } => {
                self.hungry = (0..self.share()).collect();
                self.connections
                    .iter_mut()
                    .for_each(|connection| connection.hungry = true);
            }
            Pace::Open { every } => {
                let schedule = Schedule::new(now, every, self.plan.connections);
                self.turns = Some(Turns::new(schedule));
            }
        }
    }

    /// Sends on connections that wait, a bounded number of them.
    fn feed_hungry(&mut self, now: Tick) {
        if now < self.again || self.hungry.is_empty() {
            return;
        }
        self.again = now + SOON;
        for _ in 0..STEP_MAX.min(self.hungry.len() as u32) {
            let local = self.hungry.pop_front().expect("as many as counted");
            self.connections[local as usize].hungry = false;
            self.fill(now, local);
        }
    }

    /// Sends on the connections whose turn has come, a bounded number of them.
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
        turns.at(self.number(turns.local))
    }

    /// Whether the schedule has turns before the end that were not taken yet: the time to do so came too late.
    fn has_turns_left(&self) -> bool {
        self.turns
            .is_some_and(|turns| self.share() > 0 && self.turn(turns) < self.end())
    }

    /// When sending ends.
    fn end(&self) -> Tick {
        self.start + self.plan.warmup + self.plan.duration
    }

    // ── receiving ────────────────────────────────────────────────────────────────────────────────────────────────

    fn received(&mut self, now: Tick, local: u32, data: &[u8]) {
        let number = self.number(local);
        let connection = &mut self.connections[local as usize];
        if connection.given_up {
            return;
        }
        let (received, progress) = (&mut connection.received, &mut connection.progress);
        let mut completed = std::mem::take(&mut self.completed);
        let mut verdict = self.shape.check(number, received, progress, data, |time| {
            completed.push(time)
        });
        if connection.received > connection.sent {
            // A peer that knows the pattern answered what was never asked.
            connection.received = connection.sent;
            verdict = Err(Mismatch::Damaged);
        }
        let greeted = connection.received > 0 && connection.received as usize == completed.len();
        for time in completed.drain(..) {
            self.complete(now, time);
        }
        self.completed = completed;
        if greeted && self.stage == Stage::Opening {
            self.tally.ready += 1;
            self.opening = self.opening.saturating_sub(1);
            self.open_more();
        }
        match verdict {
            Ok(()) => self.fill(now, local),
            Err(mismatch) => {
                match mismatch {
                    Mismatch::Misrouted => self.tally.misrouted += 1,
                    Mismatch::Damaged => self.tally.errors += 1,
                }
                self.give_up(local);
            }
        }
    }

    /// A packet came back whole. It counts if it was intended to leave while figures count, however late it is.
    fn complete(&mut self, now: Tick, time: Tick) {
        self.tally.received += 1;
        if time >= self.start + self.plan.warmup && time < self.end() {
            self.tally.packets += 1;
            self.seconds.record(now.since(time));
        }
    }

    // ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Closes a connection whose fault was counted.
    fn give_up(&mut self, local: u32) {
        self.strand(local);
        self.close(local);
    }

    /// Notes that a connection is of no use any more.
    fn strand(&mut self, local: u32) {
        let connection = &mut self.connections[local as usize];
        connection.given_up = true;
        self.stranded += u64::from(connection.sent - connection.received);
        if self.stage == Stage::Opening && connection.received == 0 {
            self.opening_failed();
        }
    }

    /// Resets rather than finishes: a million addresses in TIME_WAIT would be in the way of the next run.
    fn close(&mut self, local: u32) {
        if let Some(socket) = self.connections[local as usize].socket {
            self.outputs.push_back(Output::Close {
                socket,
                how: Close::Reset,
            });
        }
    }

    fn closed(&mut self, local: u32) {
        let connection = &mut self.connections[local as usize];
        let socket = connection.socket.take();
        self.pool.recycle(std::mem::take(&mut connection.outgoing));
        self.alive -= 1;
        if let Some(socket) = socket {
            self.by_slot[socket.slot as usize] = NONE;
        }
        let expected = connection.given_up || matches!(self.stage, Stage::Closing { .. });
        if !expected {
            self.tally.errors += 1;
            self.strand(local);
        }
    }
}

impl Machine for Load {
    type Item = Infallible;

    fn handle(&mut self, now: Tick, input: Input<Infallible>) {
        match input {
            Input::Connected { token, socket } => self.connected(now, token, socket),
            Input::ConnectFailed { token, fault } => {
                self.dialing -= 1;
                self.tally.errors += 1;
                self.tell_trouble(token, fault);
                self.opening_failed();
            }
            Input::Received { socket, data } => {
                if let Some(local) = self.of(socket) {
                    self.received(now, local, &data);
                }
            }
            Input::Sent { socket, bytes } => {
                if let Some(local) = self.of(socket) {
                    let connection = &mut self.connections[local as usize];
                    connection.outgoing.advance(bytes, drop);
                    if connection.outgoing.is_empty() {
                        self.pool.recycle(std::mem::take(&mut connection.outgoing));
                    }
                }
            }
            Input::Ended { socket } => {
                if let Some(local) = self
                    .of(socket)
                    .filter(|local| !self.connections[*local as usize].given_up)
                {
                    self.tally.errors += 1;
                    self.give_up(local);
                }
            }
            Input::Closed { socket } => {
                if let Some(local) = self.of(socket) {
                    self.closed(local);
                }
            }
            Input::Drain { .. } => self.board.stop(),
            // `Closed` follows a failure; the rest does not happen to a client with one shard's worth of sockets.
            _ => {}
        }
        self.advance(now);
    }

    fn poll(&mut self) -> Option<Output<Infallible>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Tick> {
        self.next_deadline()
    }

    fn outgoing(&self, socket: SocketId) -> Option<&Gather> {
        Some(&self.connections[self.of(socket)? as usize].outgoing)
    }
}
