//! The first words on a link's socket, until both sides know each other: what follows is in `meet.rs`.
//!
//! ```text
//!  a backend came:   Hello ──HELLO──► home here? ──► link        we dialled:   Answer ──HELLO_OK──► link
//!                      │                 │ no                                    │
//!                      │                 ▼                                       │
//!                      │              Leaving ─► (on the home shard) Arriving ─► link
//!                      ▼ late, wrong                                             ▼ late, wrong
//!                    CLOSE that says why                                       CLOSE, dialled again later
//! ```

use super::outlet::Outlet;
use crate::config::Dialect;
use crate::contract::{Close, NoteLevel, Output, ShardId, SocketId};
use crate::deadlines::Timer;
use crate::id::{home_shard, spread};
use crate::item::Serves;
use crate::limits::ms;
use crate::session::table::Slot;
use crate::shard::Shard;
use megaphone_frame::link::{
    FrameType, HELLO_BYTES_MAX, Head, Hello, PayloadFault, Reason, Role, Verdict, WANTS_ACK,
};
use megaphone_frame::{Expect, Framing, Label, Limits};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_pool::{Gather, Lease};
use megaphone_wheel::TimerId;

/// The least `max_frame` that a backend may say: no negotiated number is without a floor.
const MAX_FRAME_LEAST: u32 = 1_024;

/// A socket that may become a link.
#[derive(Debug)]
pub(crate) struct Greeting {
    pub(super) spec: u16,
    pub(super) socket: Option<SocketId>,
    pub(super) stage: GreetStage,
    pub(super) input: Gather,
    pub(super) expect: Expect,
    pub(super) outlet: Outlet,
    pub(super) reading: bool,
    pub(super) timer: Option<TimerId>,
}

/// What a greeting waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GreetStage {
    /// The backend's HELLO.
    Hello,
    /// HELLO_OK, in answer to our HELLO.
    Answer,
    /// The driver to hand the socket over.
    Leaving {
        /// To this shard.
        to: ShardId,
        /// By this name.
        token: u64,
    },
    /// The socket, or the HELLO that came on it: whichever is not here yet.
    Arriving {
        /// By this name.
        token: u64,
    },
}

/// What is known of a backend once it was greeted.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) spec: u16,
    pub(super) dialect: Dialect,
    pub(super) node: String,
    pub(super) epoch: u64,
    pub(super) numbered: bool,
    pub(super) payload_max: u32,
    pub(super) serves: Serves,
    pub(super) reading: bool,
}

impl Shard {
    /// A backend came: it speaks first.
    pub(crate) fn backend_accepted(&mut self, spec: u16, socket: SocketId) {
        if self.drain.is_draining() || self.links.greetings() >= self.config.limits.greetings_max {
            self.count(if self.drain.is_draining() {
                Metric::RefusedDraining
            } else {
                Metric::RefusedLimit
            });
            return self.refuse_socket(socket);
        }
        if self.config.links[usize::from(spec)].dialect != Dialect::V1 {
            return self.classic_link(spec, socket);
        }
        let index = self.greeting(spec, socket, GreetStage::Hello);
        self.read_greeting(index, true);
    }

    /// The classic dialects know no HELLO: the socket is the link, at home where it is.
    pub(super) fn classic_link(&mut self, spec: u16, socket: SocketId) {
        let met = Met {
            spec,
            dialect: self.config.links[usize::from(spec)].dialect,
            node: String::new(),
            epoch: 0,
            numbered: false,
            payload_max: self.config.limits.packet_bytes_max,
            serves: Serves::default(),
            reading: false,
        };
        match self.begin_link(met, socket) {
            Some(place) => {
                self.dialled(spec, place);
                self.link_is_ready(place);
            }
            None => {
                self.count(Metric::RefusedLimit);
                self.refuse_socket(socket);
                self.redial_later(spec);
            }
        }
    }

    /// A record for a socket that is to be greeted.
    pub(super) fn greeting(&mut self, spec: u16, socket: SocketId, stage: GreetStage) -> u32 {
        let index = self.new_greeting(spec, stage);
        self.seat(index, socket);
        index
    }

    /// A record without its socket.
    pub(super) fn new_greeting(&mut self, spec: u16, stage: GreetStage) -> u32 {
        let free = self.links.greetings.iter().position(Option::is_none);
        let index = free.unwrap_or(self.links.greetings.len());
        if free.is_none() {
            self.links.greetings.push(None);
        }
        let at = self.now + ms(self.config.limits.hello_ms);
        self.links.greetings[index] = Some(Greeting {
            spec,
            socket: None,
            stage,
            input: Gather::new(),
            expect: Expect::default(),
            outlet: Outlet::default(),
            reading: false,
            timer: Some(self.wheel.insert(at, Timer::Greeting(index as u32))),
        });
        index as u32
    }

    /// Gives a record its socket.
    pub(super) fn seat(&mut self, index: u32, socket: SocketId) {
        if let Some(greeting) = self.greeting_mut(index) {
            greeting.socket = Some(socket);
            self.table.put(
                socket,
                Slot::Greeting {
                    generation: socket.generation,
                    index,
                },
            );
        }
    }

    pub(super) fn greeting_mut(&mut self, index: u32) -> Option<&mut Greeting> {
        self.links.greetings.get_mut(index as usize)?.as_mut()
    }

    pub(super) fn read_greeting(&mut self, index: u32, on: bool) {
        if let Some(greeting) = self.greeting_mut(index)
            && let Some(socket) = greeting.socket
            && greeting.reading != on
        {
            greeting.reading = on;
            self.outputs.push_back(Output::Read { socket, on });
        }
    }

    /// Puts HELLO or HELLO_OK on the stream; false if there is no block for it.
    pub(super) fn say_hello(
        &mut self,
        index: u32,
        kind: FrameType,
        epoch: u64,
        resume: u64,
    ) -> bool {
        let Some(spec) = self
            .greeting_mut(index)
            .map(|greeting| usize::from(greeting.spec))
        else {
            return false;
        };
        let mut payload = Vec::new();
        Hello {
            role: Role::Appliance,
            flags: WANTS_ACK,
            max_frame: self.config.limits.packet_bytes_max,
            epoch,
            resume,
            name: &self.config.node,
            token: &self.config.links[spec].token,
            more: b"",
        }
        .encode(&mut payload);
        self.greeting_says(index, kind, &payload)
    }

    fn greeting_says(&mut self, index: u32, kind: FrameType, payload: &[u8]) -> bool {
        let pool = self.pool.clone();
        let Ok(header) = Head::new(kind, 0).header(payload.len() as u32) else {
            return false;
        };
        let bytes = [&header[..], payload].concat();
        let Some(greeting) = self.greeting_mut(index) else {
            return false;
        };
        let Some(socket) = greeting.socket else {
            return false;
        };
        let said = greeting.outlet.push_bytes(&pool, &bytes).is_ok();
        if greeting.outlet.must_tell() {
            self.outputs.push_back(Output::Send { socket });
        }
        said
    }

    /// The driver sent bytes of a greeting.
    pub(crate) fn greeting_sent(&mut self, index: u32, bytes: usize) {
        let mut nothing = Vec::new();
        if let Some(greeting) = self.greeting_mut(index) {
            greeting.outlet.advance(bytes, &mut nothing);
        }
    }

    /// Bytes came on a socket that is not greeted yet.
    pub(crate) fn greeting_bytes(&mut self, index: u32, data: Lease) {
        let Some(greeting) = self.greeting_mut(index) else {
            return;
        };
        greeting.input.push_lease(data);
        if matches!(greeting.stage, GreetStage::Hello | GreetStage::Answer) {
            self.read_hello(index, false);
        }
    }

    /// Reads HELLO or HELLO_OK once it is whole. `here` says that this shard is known to be the link's home.
    pub(super) fn read_hello(&mut self, index: u32, here: bool) {
        let Some(greeting) = self.greeting_mut(index) else {
            return;
        };
        let limits = Limits {
            frame_bytes_max: HELLO_BYTES_MAX as u32,
        };
        let mut body = Gather::new();
        let cut = Framing::Link.next(&mut greeting.expect, &mut greeting.input, &mut body, limits);
        let frame = match cut {
            Ok(Some(frame)) => frame,
            Ok(None) => return,
            Err(_) => return self.end_greeting(index, Some(Reason::FrameFault)),
        };
        let Label::Link(head) = frame.label else {
            return;
        };
        let payload = body.to_vec();
        let awaited = match greeting.stage {
            GreetStage::Answer => FrameType::HelloOk,
            _ => FrameType::Hello,
        };
        if head.kind == FrameType::Close && head.connection == 0 {
            return self.refused_by_backend(index, &payload);
        }
        if head.kind != awaited || head.connection != 0 {
            return self.end_greeting(index, Some(Reason::Protocol));
        }
        match self.judge_hello(index, &payload) {
            Err(reason) => self.end_greeting(index, Some(reason)),
            Ok(hello) if awaited == FrameType::HelloOk => self.answered(index, &hello),
            Ok(hello) => {
                let spec = self.greeting_mut(index).map_or(0, |greeting| greeting.spec);
                let name = &self.config.links[usize::from(spec)].name;
                let home = home_shard(name, hello.name.as_bytes(), self.config.shards);
                if home == self.me {
                    self.greeted(index, &hello);
                } else if here {
                    self.bug("a link was handed to a shard that is not its home");
                    self.end_greeting(index, Some(Reason::Internal));
                } else {
                    self.hand_over(index, home, head, &payload);
                }
            }
        }
    }

    /// Whether a HELLO or HELLO_OK is one that a link can begin with.
    fn judge_hello<'a>(&mut self, index: u32, payload: &'a [u8]) -> Result<Hello<'a>, Reason> {
        let Some(greeting) = self.greeting_mut(index) else {
            return Err(Reason::Internal);
        };
        let (spec, dialled) = (
            usize::from(greeting.spec),
            greeting.stage == GreetStage::Answer,
        );
        let hello = Hello::decode(payload).map_err(|fault| match fault {
            PayloadFault::Version { .. } => Reason::Version,
            _ => Reason::Protocol,
        })?;
        let named = !hello.name.is_empty();
        if hello.role == Role::Appliance
            || !named
            || hello.max_frame < MAX_FRAME_LEAST
            || (dialled && hello.epoch == 0 && hello.wants_ack())
        {
            return Err(Reason::Protocol);
        }
        self.served_by(spec as u16, &hello)?;
        let token = &self.config.links[spec].token;
        // A backend that we dialled proves nothing by a token that we sent it.
        if !dialled && !token.is_empty() && !same_bytes(token, hello.token) {
            return Err(Reason::NotAuthorised);
        }
        Ok(hello)
    }

    /// What a controller serves; nothing of a backend.
    pub(super) fn served_by(&self, spec: u16, hello: &Hello<'_>) -> Result<Serves, Reason> {
        if hello.role != Role::Controller {
            return Ok(Serves::default());
        }
        let mids = hello.mids().map_err(|_| Reason::Protocol)?;
        let link = &self.config.links[usize::from(spec)].name;
        let users = self.config.h248.served(link, &mids);
        if users == 0 {
            // It wants to answer for somebody that is not here, or not answered for by way of this link.
            return Err(Reason::Refused);
        }
        let node = hello.name.bytes();
        Ok(Serves {
            users,
            node: spread(node.fold(0, |hash, byte| spread(hash ^ u64::from(byte)))),
        })
    }

    /// The backend that we dialled does not want us.
    fn refused_by_backend(&mut self, index: u32, payload: &[u8]) {
        let spec = self
            .greeting_mut(index)
            .map_or(0, |greeting| usize::from(greeting.spec));
        let name = &self.config.links[spec].name;
        let verdict = Verdict::decode(FrameType::Close, payload)
            .unwrap_or_else(|_| Verdict::of(Reason::Normal));
        let text = format!(
            "link {name}: the backend refuses ({}: {:?})",
            verdict.reason, verdict.text
        );
        self.note(NoteLevel::Warning, text);
        self.end_greeting(index, None);
    }

    /// A greeting took too long.
    pub(crate) fn greeting_late(&mut self, index: u32) {
        if let Some(greeting) = self.greeting_mut(index) {
            greeting.timer = None;
            self.end_greeting(index, Some(Reason::Timeout));
        }
    }

    /// The socket ended or broke before it was a link.
    pub(crate) fn greeting_ended(&mut self, index: u32) {
        self.end_greeting(index, None);
    }

    /// Gives all greetings up: the shard ends.
    pub(crate) fn end_greetings(&mut self) {
        for index in 0..self.links.greetings.len() as u32 {
            if !self.is_leaving(index) {
                self.end_greeting(index, Some(Reason::Drain));
            }
        }
    }

    /// Whether a greeting's socket is being handed over.
    pub(crate) fn is_leaving(&self, index: u32) -> bool {
        let greeting = self
            .links
            .greetings
            .get(index as usize)
            .and_then(Option::as_ref);
        greeting.is_some_and(|greeting| matches!(greeting.stage, GreetStage::Leaving { .. }))
    }

    /// Gives a greeting up. The other side is told why, if there is something to say.
    pub(super) fn end_greeting(&mut self, index: u32, reason: Option<Reason>) {
        if let Some(reason) = reason {
            let mut payload = Vec::new();
            Verdict::of(reason).encode(&mut payload);
            self.greeting_says(index, FrameType::Close, &payload);
        }
        let Some(greeting) = self
            .links
            .greetings
            .get_mut(index as usize)
            .and_then(Option::take)
        else {
            return;
        };
        if let Some(timer) = greeting.timer {
            self.wheel.cancel(timer);
        }
        self.cells.link_add(
            usize::from(greeting.spec),
            LinkMetric::Faults,
            u64::from(reason.is_some()),
        );
        if let Some(socket) = greeting.socket {
            let how = if reason.is_some() {
                Close::Gracefully
            } else {
                Close::Now
            };
            self.leave_socket(socket, 0, greeting.outlet, how);
        }
        if greeting.stage == GreetStage::Answer {
            self.redial_later(greeting.spec);
        }
    }
}

/// Whether two secrets are the same, in a time that depends on their lengths alone.
fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a ^ b));
    std::hint::black_box(differing) == 0 && a.len() == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same_bytes(b"", b"") && same_bytes(b"secret", b"secret"));
        assert!(
            !same_bytes(b"secret", b"secres")
                && !same_bytes(b"secret", b"secre")
                && !same_bytes(b"", b"s")
        );
    }
}
