//! The way of a link's socket from the shard that accepted it to its home, with the HELLO that came on it.
//!
//! ```text
//!  shard that accepted                            home
//!  Read off, HandOver ──── the driver ─────────► Adopted ─┐ in either
//!  HandedOver, then the item ──── the mesh ────► Greeting ┴ order: together they are a greeting
//! ```

use super::greet::GreetStage;
use crate::contract::{Output, ShardId, SocketId};
use crate::credit::Account;
use crate::item::{Handed, Item};
use crate::session::table::Slot;
use crate::shard::Shard;
use megaphone_frame::link::{Head, Reason};
use megaphone_metrics::Metric;
use megaphone_pool::Returned;

impl Shard {
    /// Gives a socket to its home shard. What was cut off its stream is put back in front.
    pub(super) fn hand_over(&mut self, index: u32, to: ShardId, head: Head, payload: &[u8]) {
        self.read_greeting(index, false);
        self.links.hand_overs += 1;
        // 12 bits and 44, which is all that a token may have.
        let token = u64::from(self.me.0) << 44 | self.links.hand_overs & ((1 << 44) - 1);
        let Ok(header) = head.header(payload.len() as u32) else {
            return;
        };
        let pool = self.pool.clone();
        let Some(greeting) = self.greeting_mut(index) else {
            return;
        };
        let rest = std::mem::take(&mut greeting.input);
        let bytes = [&header[..], payload, &rest.to_vec()].concat();
        let fine = greeting.input.push_bytes(&pool, &bytes).is_ok();
        greeting.stage = GreetStage::Leaving { to, token };
        // The driver has it now, and says when it is gone or broken: there is nothing to be late with.
        if let Some(timer) = greeting.timer.take() {
            self.wheel.cancel(timer);
        }
        let Some(greeting) = self.greeting_mut(index) else {
            return;
        };
        match greeting.socket {
            Some(socket) if fine => self
                .outputs
                .push_back(Output::HandOver { socket, to, token }),
            _ => self.end_greeting(index, Some(Reason::Exhausted)),
        }
    }

    /// The socket is gone from here: its HELLO follows it.
    pub(crate) fn handed_over(&mut self, socket: SocketId) {
        let Slot::Greeting { index, .. } = self.table.vacate(socket) else {
            return;
        };
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
        let GreetStage::Leaving { to, token } = greeting.stage else {
            return;
        };
        // Nothing may follow HELLO before HELLO_OK, so all of it fits in a block; without one, the home shard gives up at its deadline.
        if let Ok(lease) = self.pool.copy_in(&greeting.input.to_vec()) {
            let handed = Handed {
                token,
                by: self.me,
                spec: greeting.spec,
                bytes: lease.lend(),
            };
            self.links.handing.push_back((to, handed));
            self.hand_over_items(to);
        }
    }

    /// Sends the HELLOs of sockets that went to `to`, as far as control credits go.
    pub(crate) fn hand_over_items(&mut self, to: ShardId) {
        while let Some(at) = self
            .links
            .handing
            .iter()
            .position(|(shard, _)| *shard == to)
        {
            if !self.lanes.spend(to, Account::Control) {
                return;
            }
            if let Some((_, handed)) = self.links.handing.remove(at) {
                self.send_item(to, Item::Greeting(handed));
            }
        }
    }

    /// A socket came from another shard.
    pub(crate) fn adopted(&mut self, socket: SocketId, token: u64) {
        match self.arriving(token) {
            Some(index) => {
                self.seat(index, socket);
                self.arrived(index);
            }
            None => {
                self.greeting(0, socket, GreetStage::Arriving { token });
            }
        }
    }

    /// The HELLO of a socket came from another shard; its block goes home at once.
    pub(crate) fn greeting_handed(&mut self, handed: Handed) -> Option<Returned> {
        let Handed {
            token, spec, bytes, ..
        } = handed;
        let index = self
            .arriving(token)
            .unwrap_or_else(|| self.new_greeting(spec, GreetStage::Arriving { token }));
        let pool = self.pool.clone();
        if let Some(greeting) = self.greeting_mut(index) {
            greeting.spec = spec;
            let fine = greeting.input.push_bytes(&pool, &bytes).is_ok();
            if !fine {
                self.end_greeting(index, Some(Reason::Exhausted));
            } else if greeting.socket.is_some() {
                self.arrived(index);
            }
        }
        Some(bytes.into_returned())
    }

    fn arriving(&self, token: u64) -> Option<u32> {
        let wanted = GreetStage::Arriving { token };
        let found = self
            .links
            .greetings
            .iter()
            .position(|greeting| greeting.as_ref().is_some_and(|g| g.stage == wanted));
        found.map(|index| index as u32)
    }

    /// Socket and HELLO are both here.
    fn arrived(&mut self, index: u32) {
        if self.drain.is_draining() {
            self.count(Metric::RefusedDraining);
            return self.end_greeting(index, Some(Reason::Drain));
        }
        if let Some(greeting) = self.greeting_mut(index) {
            greeting.stage = GreetStage::Hello;
        }
        self.read_greeting(index, true);
        self.read_hello(index, true);
    }
}
