//! Requests: what is due, what is under way, what is sent again, what is given up, and what answers mean.

use super::paths::HEAD;
use super::plan::{Role, Send};
use super::reading::{Reading, Saying};
use super::station::{Stage, Station};
use super::wire::Ask;
use crate::bench::plan::Pace;
use crate::bench::steps::STEP_MAX;
use megaphone_h248::model::{Segment, Transaction, TransactionAck};
use megaphone_wheel::Tick;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Times that a request is sent over UDP, at most: with 500 ms at first, that is 16 s.
const TRIES: usize = 7;
/// The longest time between two of them (RFC 3525 D.1.3).
const RESEND_MAX: Duration = Duration::from_secs(4);
/// Requests under way to one gateway of an open loop; later ones wait, and their latency counts the wait.
const WINDOW: u16 = 64;

/// A request that is neither answered nor given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live {
    tie: u32,
    ask: Ask,
    intended: Tick,
    /// How often it was sent again, which says in which of the queues its time stands.
    tries: usize,
    /// Segments of its reply that have come, one bit each, and the number of the last.
    segments: u64,
    last: Option<u16>,
}

/// All of them, by number, and when patience with each ends: one queue per try, for all that wait there wait equally long.
#[derive(Debug, Default)]
pub(super) struct Underway {
    live: HashMap<u32, Live>,
    queues: [VecDeque<(Tick, u32)>; TRIES],
    last_id: u32,
}

impl Underway {
    fn next_id(&mut self) -> u32 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.live.contains_key(&self.last_id) {
                return self.last_id;
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Traffic that will not be answered any more.
    pub(super) fn traffic(&self) -> u64 {
        let traffic = |live: &&Live| live.ask != Ask::Register;
        self.live.values().filter(traffic).count() as u64
    }

    /// When patience with some request ends.
    pub(super) fn deadline(&self) -> Tick {
        let front = |queue: &VecDeque<(Tick, u32)>| queue.front().map(|&(due, _)| due);
        self.queues
            .iter()
            .filter_map(front)
            .min()
            .unwrap_or(Tick::MAX)
    }

    /// A request whose patience has ended.
    fn overdue(&mut self, now: Tick) -> Option<(u32, Live)> {
        for (tries, queue) in self.queues.iter_mut().enumerate() {
            while let Some(&(due, id)) = queue.front().filter(|(due, _)| *due <= now) {
                debug_assert!(due <= now);
                queue.pop_front();
                if let Some(live) = self.live.get(&id).filter(|live| live.tries == tries) {
                    return Some((id, *live));
                }
            }
        }
        None
    }

    fn wait(&mut self, now: Tick, id: u32, tries: usize, patience: Duration) {
        if let Some(live) = self.live.get_mut(&id) {
            live.tries = tries;
            self.queues[tries].push_back((now + patience, id));
        }
    }
}

impl Live {
    /// A segment came; whether it was the last that was missing.
    fn is_whole_with(&mut self, segment: Segment) -> bool {
        let bit = |number: u16| 1_u64 << (number.clamp(1, 64) - 1);
        self.segments |= bit(segment.number);
        if segment.complete {
            self.last = Some(segment.number);
        }
        let all = |last: u16| bit(last) | (bit(last) - 1);
        self.last.is_some_and(|last| self.segments == all(last))
    }
}

impl Station {
    /// How long an answer may take before the request is sent again, or given up if it is not.
    fn patience(&self, tries: usize) -> Duration {
        if self.plan.place.is_udp() {
            (self.plan.resend * (1 << tries.min(8))).min(RESEND_MAX)
        } else {
            self.plan.answer
        }
    }

    /// Sends a request for the first time. False if it could not be sent for want of a block.
    pub(super) fn ask(&mut self, now: Tick, local: u32, ask: Ask, intended: Tick) -> bool {
        let id = self.underway.next_id();
        if !self.put(local, id, ask) {
            return false;
        }
        let live = Live {
            tie: local,
            ask,
            intended,
            tries: 0,
            segments: 0,
            last: None,
        };
        self.underway.live.insert(id, live);
        self.underway.wait(now, id, 0, self.patience(0));
        true
    }

    /// Writes a request and sends it.
    fn put(&mut self, local: u32, id: u32, ask: Ask) -> bool {
        let mut message = std::mem::take(&mut self.scratch);
        message.clear();
        message.extend_from_slice(&HEAD);
        let mid = self.mid(local);
        let sent = match self.wire.request(&mid, id, ask, &mut message) {
            Ok(()) => self.transmit(local, &mut message),
            Err(error) => {
                self.tell_trouble(|| format!("a request cannot be written: {error}"));
                self.tally.errors += 1;
                true
            }
        };
        self.scratch = message;
        sent
    }

    /// Sends again, or gives up, what has waited for long enough; a bounded number of them.
    pub(super) fn send_again(&mut self, now: Tick) {
        for _ in 0..STEP_MAX {
            let Some((id, live)) = self.underway.overdue(now) else {
                return;
            };
            let next = live.tries + 1;
            if self.plan.place.is_udp() && next < TRIES && !self.is_closing() {
                self.tally.resends += 1;
                self.put(live.tie, id, live.ask);
                self.underway.wait(now, id, next, self.patience(next));
                continue;
            }
            self.underway.live.remove(&id);
            match live.ask {
                Ask::Register => {
                    self.tell_trouble(|| "a ServiceChange was not answered".into());
                    self.registration_failed(live.tie);
                }
                Ask::Traffic(_) => {
                    self.tally.lost += 1;
                    self.settled(now, live.tie);
                }
            }
        }
    }

    /// A request of the traffic is over: its place is free.
    fn settled(&mut self, now: Tick, local: u32) {
        let tie = &mut self.ties[local as usize];
        tie.under_way = tie.under_way.saturating_sub(1);
        self.left = self.left.saturating_sub(1);
        self.fill(now, local);
    }

    /// The moment at which the next request of a tie is intended to leave, if that is not later than now.
    fn due(&self, now: Tick, local: u32) -> Option<Tick> {
        let tie = &self.ties[local as usize];
        let unbound = self.plan.requests.is_none_or(|most| tie.sent < most);
        if self.stage != Stage::Sending
            || self.plan.send == Send::Nothing
            || !tie.registered
            || tie.given_up
            || !unbound
        {
            return None;
        }
        match self.plan.pace {
            Pace::Closed { in_flight } => {
                (u32::from(tie.under_way) < in_flight && now < self.end()).then_some(now)
            }
            Pace::Open { .. } => {
                let turn = self.turns?.schedule.turn(self.turn_number(local), tie.sent);
                (tie.under_way < WINDOW && turn <= now && turn < self.end()).then_some(turn)
            }
        }
    }

    /// Sends what is due on a tie.
    pub(super) fn fill(&mut self, now: Tick, local: u32) {
        while let Some(intended) = self.due(now, local) {
            let turn = self.ties[local as usize].sent;
            let sent = self.ask(now, local, Ask::Traffic(turn), intended);
            let tie = &mut self.ties[local as usize];
            if !sent {
                if !std::mem::replace(&mut tie.hungry, true) {
                    self.hungry.push_back(local);
                }
                return;
            }
            tie.sent += 1;
            tie.under_way += 1;
            self.tally.sent += 1;
        }
    }

    // ── what comes ───────────────────────────────────────────────────────────────────────────────────────────────

    /// A message came. `local` is whom it came from; `None` if only the message itself says so.
    pub(super) fn message(&mut self, now: Tick, local: Option<u32>, bytes: &[u8]) {
        let mut reading = std::mem::take(&mut self.reading);
        let outcome = reading.read(&self.wire, bytes, self.plan.wants_ack);
        match outcome {
            Ok(()) => {
                let local = local.or_else(|| self.tie_of_mid(&reading.mid));
                if let Some(local) = local {
                    self.understood(now, local, &reading);
                }
            }
            Err(why) => {
                self.tell_trouble(|| format!("a message that does not decode: {why}"));
                self.tally.errors += 1;
            }
        }
        self.reading = reading;
    }

    fn understood(&mut self, now: Tick, local: u32, reading: &Reading) {
        let mut acks = Vec::new();
        // Answers leave before what they may lead to.
        self.send_answers(local, reading);
        for &saying in &reading.sayings {
            match saying {
                Saying::Reply {
                    id,
                    wants_ack,
                    segment,
                    error,
                } => {
                    if wants_ack {
                        acks.push(TransactionAck {
                            first: id,
                            last: None,
                        });
                    }
                    self.replied(now, local, id, segment, error);
                }
                Saying::Pending(id) => {
                    let patience = self.plan.answer;
                    self.underway.wait(now, id, TRIES - 1, patience);
                }
                Saying::Acks(count) => {
                    self.tally.acks += count;
                    self.tally.ack_messages += 1;
                }
                Saying::Request { registers } => self.asked(now, local, registers),
                Saying::Error(code) => {
                    self.tell_trouble(|| format!("the other side answered with error {code}"));
                    self.tally.errors += 1;
                }
            }
        }
        if !acks.is_empty() {
            self.acknowledge(local, acks);
        }
    }

    fn send_answers(&mut self, local: u32, reading: &Reading) {
        let answers: Vec<&[u8]> = reading.answers().collect();
        if answers.is_empty() {
            return;
        }
        let mut message = HEAD.to_vec();
        let mid = self.mid(local);
        if self.wire.message(&mid, &answers, &mut message).is_err()
            || !self.transmit(local, &mut message)
        {
            self.tally.errors += 1;
        }
    }

    fn acknowledge(&mut self, local: u32, acks: Vec<TransactionAck>) {
        let (mut part, mut message) = (Vec::new(), HEAD.to_vec());
        let mid = self.mid(local);
        let written = self
            .wire
            .transaction(&Transaction::ResponseAck(acks.into()), &mut part)
            .and_then(|()| self.wire.message(&mid, &[&part], &mut message));
        if written.is_err() || !self.transmit(local, &mut message) {
            self.tally.errors += 1;
        }
    }

    /// The other side asked for something, and was answered.
    fn asked(&mut self, now: Tick, local: u32, registers: bool) {
        if self.plan.role == Role::Controller && registers {
            let tie = &mut self.ties[local as usize];
            if !std::mem::replace(&mut tie.registered, true) {
                self.tally.ready += 1;
            }
            self.fill(now, local);
        } else if self.plan.send == Send::Nothing && self.counts(now) {
            self.tally.packets += 1;
        }
    }

    fn replied(
        &mut self,
        now: Tick,
        local: u32,
        id: u32,
        segment: Option<Segment>,
        error: Option<u16>,
    ) {
        let Some(live) = self.underway.live.get_mut(&id) else {
            // Over UDP the answer to a request that was sent again comes twice.
            if self.plan.place.is_udp() {
                self.tally.duplicates += 1;
            } else {
                self.tell_trouble(|| format!("a reply to {id}, which nobody waits for"));
                self.tally.errors += 1;
            }
            return;
        };
        if !self.plan.place.is_udp() && live.tie != local {
            self.tally.misrouted += 1;
            return;
        }
        if segment.is_some_and(|segment| !live.is_whole_with(segment)) {
            return;
        }
        let live = *live;
        self.underway.live.remove(&id);
        if let Some(code) = error {
            self.tell_trouble(|| format!("a request was answered with error {code}"));
            self.tally.errors += 1;
        }
        match live.ask {
            Ask::Register if error.is_some() => self.registration_failed(live.tie),
            Ask::Register => self.registered(now, live.tie),
            Ask::Traffic(_) => {
                self.tally.received += 1;
                if self.counts(live.intended) && error.is_none() {
                    self.tally.packets += 1;
                    self.seconds.record(now.since(live.intended));
                }
                self.settled(now, live.tie);
            }
        }
    }
}
