//! The users of one shard, as a machine: it connects them at their rate, lets each log in, and then lets them write when it is time. What
//! a user is while nothing happens to it takes a few bytes; the rest is a record that is given back.
//!
//! ```text
//! Opening ──all here or failed──► Waiting ──go──► Holding and writing ──time──► Settling ──all there, or grace──► Closing ──► Done
//! ```

use super::Script;
use super::chat::Letter;
use super::login::Stage;
use super::read::{Said, read};
use super::sasl::Scram;
use crate::bench::board::{Board, Report, Seconds, Tally};
use crate::bench::plan::Plan;
use megaphone_core::{Close, ConnectToken, Input, Machine, Output, SocketFault, SocketId};
use megaphone_frame::stanza::{Phase, UnitKind};
use megaphone_frame::{FrameFault, Framing, Label, Limits};
use megaphone_pool::{Gather, Lease, Pool};
use megaphone_wheel::{Rng, Tick};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

mod busy;
mod stages;

use busy::{Busies, NONE};
use stages::Course;

/// Bytes of one stanza of the server, at most.
const STANZA_BYTES_MAX: u32 = 4 << 20;

/// One user, without what only one has to whom something happens.
#[derive(Debug, Default)]
pub(super) struct User {
    socket: Option<SocketId>,
    stage: Stage,
    phase: Phase,
    /// Its record, or [`NONE`].
    busy: u32,
}

const _: () = assert!(size_of::<User>() <= 32);

/// The users of one shard.
#[derive(Debug)]
pub struct Load {
    script: Arc<Script>,
    plan: Arc<Plan>,
    board: Arc<Board>,
    pool: Pool,
    shard: u32,
    shards: u32,
    users: Vec<User>,
    busies: Busies,
    by_slot: Vec<u32>,
    outputs: VecDeque<Output<Infallible>>,
    course: Course,
    tally: Tally,
    seconds: Seconds,
    rng: Rng,
    /// For one unit at a time; their memory is kept.
    unit: Vec<u8>,
    said: String,
    body: Gather,
    troubled: bool,
}

impl Load {
    /// The share of the users that shard number `shard` of `shards` has: each `shards`-th.
    #[must_use]
    pub fn new(
        script: Arc<Script>,
        plan: Arc<Plan>,
        board: Arc<Board>,
        pool: Pool,
        (shard, shards): (u32, u32),
    ) -> Load {
        let shards = shards.max(1);
        let share = plan.connections.saturating_sub(shard).div_ceil(shards);
        let user = || User {
            busy: NONE,
            ..User::default()
        };
        Load {
            users: (0..share).map(|_| user()).collect(),
            busies: Busies::default(),
            by_slot: Vec::new(),
            outputs: VecDeque::new(),
            course: Course::new(u64::from(shard)),
            tally: Tally::default(),
            seconds: Seconds::new(),
            rng: Rng::new(script.seed ^ u64::from(shard) << 48),
            unit: Vec::new(),
            said: String::new(),
            body: Gather::new(),
            troubled: false,
            script,
            plan,
            board,
            pool,
            shard,
            shards,
        }
    }

    fn share(&self) -> u32 {
        self.users.len() as u32
    }

    /// The run's number of a user of this shard.
    fn number(&self, local: u32) -> u32 {
        local * self.shards + self.shard
    }

    /// The user that has this socket.
    fn of(&self, socket: SocketId) -> Option<u32> {
        let local = *self.by_slot.get(socket.slot as usize)?;
        let user = self.users.get(local as usize)?;
        (user.socket == Some(socket)).then_some(local)
    }

    /// Tells the first fault of this shard: the others are mostly the same.
    fn tell_trouble(&mut self, local: u32, what: &str) {
        if !std::mem::replace(&mut self.troubled, true) {
            let user = self.number(local);
            self.board
                .report(Report::Trouble(format!("user number {user}: {what}")));
        }
    }

    // ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────

    fn connected(&mut self, token: ConnectToken, socket: SocketId) {
        let slot = socket.slot as usize;
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot + 1, NONE);
        }
        let local = token.0 as u32;
        self.by_slot[slot] = local;
        self.course.alive += 1;
        self.course.dialing -= 1;
        let user = &mut self.users[local as usize];
        user.socket = Some(socket);
        if !self.course.is_opening() {
            // It was under way when the run was stopped.
            user.stage = Stage::Gone;
            return self.close(local);
        }
        user.stage = Stage::Opening;
        self.outputs.push_back(Output::Read { socket, on: true });
        let header = self.script.manner.header();
        self.say(local, &header);
    }

    /// Sends text; false if there is no block for it.
    fn say(&mut self, local: u32, text: &str) -> bool {
        let user = &mut self.users[local as usize];
        let Some(socket) = user.socket.filter(|_| !text.is_empty()) else {
            return true;
        };
        let busy = self.busies.of(&mut user.busy, user.phase, &self.pool);
        let first = busy.outgoing.is_empty();
        if busy
            .outgoing
            .push_bytes(&self.pool, text.as_bytes())
            .is_err()
        {
            return false;
        }
        if first {
            self.outputs.push_back(Output::Send { socket });
        }
        true
    }

    /// Writes message `number`, if both its ends are here.
    fn write(&mut self, number: u64, time: Tick) -> bool {
        let traffic = self.script.traffic;
        let local = traffic.sender(number, self.share());
        let sender = self.number(local);
        // Three draws: with nearly everybody here, one of them is somebody else who is here.
        let mut candidates = (0..3).map(|n| traffic.receiver(number, n));
        let receiver = candidates.find(|&to| to != sender && self.script.users.is_present(to));
        let here = self.users[local as usize].stage == Stage::Here;
        let Some(receiver) = receiver.filter(|_| here) else {
            return true;
        };
        let letter = Letter {
            sender,
            receiver,
            number,
            time,
        };
        let (body, name) = (letter.body(), self.script.users.name(receiver));
        let (body, name) = (
            quick_xml::escape::escape(&body),
            quick_xml::escape::escape(&name),
        );
        let domain = quick_xml::escape::escape(&self.script.manner.domain).into_owned();
        let text = format!(
            "<message to='{name}@{domain}' type='chat' id='m{number:x}'><body>{body}</body></message>"
        );
        let said = self.say(local, &text);
        self.tally.sent += u64::from(said);
        said
    }

    // ── hearing ──────────────────────────────────────────────────────────────────────────────────────────────────

    fn received(&mut self, now: Tick, local: u32, data: Lease) {
        let user = &mut self.users[local as usize];
        if user.stage == Stage::Gone {
            return;
        }
        self.busies
            .of(&mut user.busy, user.phase, &self.pool)
            .input
            .push_lease(data);
        while self.users[local as usize].stage != Stage::Gone {
            match self.next_unit(local) {
                Ok(Some(kind)) => {
                    let said = read(kind, &self.unit);
                    self.heard(now, local, said);
                }
                Ok(None) => break,
                Err(fault) => self.lose(local, &format!("the server's stream: {fault}")),
            }
        }
        self.rest(local);
    }

    /// Takes the next unit of the server's stream into `unit`.
    fn next_unit(&mut self, local: u32) -> Result<Option<UnitKind>, FrameFault> {
        let user = &mut self.users[local as usize];
        let busy = self.busies.of(&mut user.busy, user.phase, &self.pool);
        let limits = Limits {
            frame_bytes_max: STANZA_BYTES_MAX,
        };
        let head =
            Framing::Stanza.next(&mut busy.expect, &mut busy.input, &mut self.body, limits)?;
        let Some(Label::Unit(kind)) = head.map(|head| head.label) else {
            return Ok(None);
        };
        self.unit.clear();
        self.body
            .pieces()
            .for_each(|piece| self.unit.extend_from_slice(piece));
        self.body.clear();
        Ok(Some(kind))
    }

    fn heard(&mut self, now: Tick, local: u32, said: Said) {
        if let Said::Iq { kind, .. } = &said
            && (kind == "get" || kind == "set")
        {
            return self.asked(local, &said);
        }
        let stage = self.users[local as usize].stage;
        if stage == Stage::Here {
            return match said {
                Said::Message { from, kind, body } => self.letter(now, local, &from, &kind, &body),
                Said::StreamError(why) => self.lose(local, &format!("stream error: {why}")),
                Said::End => self.lose(local, "the server ended the stream"),
                Said::Broken(why) => {
                    self.tally.errors += 1;
                    self.tell_trouble(local, &format!("a stanza that is no XML: {why}"));
                }
                _ => {}
            };
        }
        let number = self.number(local);
        let mut out = std::mem::take(&mut self.said);
        out.clear();
        let user = &mut self.users[local as usize];
        let busy = self.busies.of(&mut user.busy, user.phase, &self.pool);
        let scram = busy.scram.get_or_insert_with(|| {
            let nonce = format!("{:016x}{:016x}", self.rng.next_u64(), self.rng.next_u64());
            Box::new(Scram::new(&self.script.users.name(number), nonce))
        });
        let manner = &self.script.manner;
        let next = manner.hear(&self.script.users, number, (stage, scram), said, &mut out);
        match next {
            Ok(next) => {
                self.users[local as usize].stage = next;
                if !self.say(local, &out) {
                    self.lose(local, "no block for what is to be said");
                } else if next == Stage::Here {
                    self.arrived(local);
                }
            }
            Err(why) => self.lose(local, &why),
        }
        self.said = out;
    }

    /// Somebody asks a user: it answers a ping, and knows nothing else.
    fn asked(&mut self, local: u32, said: &Said) {
        let Said::Iq {
            id, from, is_ping, ..
        } = said
        else {
            return;
        };
        let (id, from) = (
            quick_xml::escape::escape(id),
            quick_xml::escape::escape(from),
        );
        let to = if from.is_empty() {
            String::new()
        } else {
            format!(" to='{from}'")
        };
        let answer = if *is_ping {
            format!("<iq type='result' id='{id}'{to}/>")
        } else {
            format!(
                "<iq type='error' id='{id}'{to}><error type='cancel'>\
                 <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )
        };
        self.say(local, &answer);
    }

    /// A message came: is it right?
    fn letter(&mut self, now: Tick, local: u32, from: &str, kind: &str, body: &str) {
        let Some(letter) = Letter::read(body).filter(|_| kind != "error") else {
            self.tally.errors += 1;
            return self.tell_trouble(local, &format!("got {kind} from {from}: {body:?}"));
        };
        let sender = from.split('@').next().unwrap_or_default();
        if letter.receiver != self.number(local) || sender != self.script.users.name(letter.sender)
        {
            self.tally.misrouted += 1;
            return self.tell_trouble(local, &format!("got {letter:?} from {from}"));
        }
        if !self.script.arrived.insert(letter.number) {
            self.tally.duplicates += 1;
            return;
        }
        self.tally.received += 1;
        self.tally.packets += 1;
        self.seconds.record(now.since(letter.time));
    }

    /// A user is logged in.
    fn arrived(&mut self, local: u32) {
        self.script.users.arrive(self.number(local));
        self.tally.ready += 1;
        self.course.logging_in -= 1;
        let user = &mut self.users[local as usize];
        self.busies.of(&mut user.busy, user.phase, &self.pool).scram = None;
    }

    // ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// A user is lost, by a fault that is told and counted.
    fn lose(&mut self, local: u32, why: &str) {
        let number = self.number(local);
        let user = &mut self.users[local as usize];
        let was = std::mem::replace(&mut user.stage, Stage::Gone);
        match was {
            Stage::Gone => return,
            Stage::Here => {
                self.tally.errors += 1;
                self.script.users.leave(number);
            }
            _ => {
                self.tally.failed += 1;
                self.course.logging_in = self.course.logging_in.saturating_sub(1);
            }
        }
        self.tell_trouble(local, why);
        self.close(local);
    }

    /// Resets rather than finishes: a million addresses in TIME_WAIT would be in the way of the next run.
    fn close(&mut self, local: u32) {
        if let Some(socket) = self.users[local as usize].socket {
            self.outputs.push_back(Output::Close {
                socket,
                how: Close::Reset,
            });
        }
    }

    fn closed(&mut self, local: u32) {
        if !self.course.is_closing() {
            self.lose(local, "the connection was closed");
        }
        let user = &mut self.users[local as usize];
        if let Some(socket) = user.socket.take() {
            self.by_slot[socket.slot as usize] = NONE;
        }
        self.busies.give(&mut user.busy);
        self.course.alive -= 1;
    }

    /// Gives the record of a user back to whom nothing is happening.
    fn rest(&mut self, local: u32) {
        let user = &mut self.users[local as usize];
        if let Some(expect) = self.busies.spent(user.busy) {
            user.phase = expect.phase();
            self.busies.give(&mut user.busy);
        }
    }
}

impl Machine for Load {
    type Item = Infallible;

    fn handle(&mut self, now: Tick, input: Input<Infallible>) {
        match input {
            Input::Connected { token, socket } => self.connected(token, socket),
            Input::ConnectFailed { token, fault } => self.connect_failed(token, fault),
            Input::Received { socket, data } => {
                if let Some(local) = self.of(socket) {
                    self.received(now, local, data);
                }
            }
            Input::Sent { socket, bytes } => {
                if let Some(local) = self.of(socket) {
                    let user = &mut self.users[local as usize];
                    self.busies
                        .of(&mut user.busy, user.phase, &self.pool)
                        .outgoing
                        .advance(bytes, drop);
                    self.rest(local);
                }
            }
            Input::Ended { socket } => {
                if let Some(local) = self.of(socket) {
                    self.lose(local, "the server ended the connection");
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
        let local = self.of(socket)?;
        self.busies.outgoing(self.users[local as usize].busy)
    }
}

impl Load {
    fn connect_failed(&mut self, token: ConnectToken, fault: SocketFault) {
        self.course.dialing -= 1;
        self.lose(token.0 as u32, &format!("connecting failed: {fault:?}"));
    }
}
