//! Gateways come into being: they connect, over TCP, and register; a few at a time, and so many under way at most.

use super::paths::Path;
use super::station::{Stage, Station};
use super::wire::Ask;
use megaphone_core::{ConnectToken, ListenerId, Output};
use megaphone_wheel::Tick;
use std::time::Duration;

/// Gateways that one step opens, and the pause before the next: the connects of one step are one system call, in which whoever else
/// measures on this processor waits.
const OPENS_MAX: u32 = 16;
const OPENS_PAUSE: Duration = Duration::from_micros(250);

impl Station {
    /// Whether one more gateway may be opened now, or soon.
    pub(super) fn may_open(&self) -> bool {
        self.stage == Stage::Opening
            && self.opening < self.plan.opening_max
            && self.opened < self.share()
    }

    pub(super) fn open_more(&mut self, now: Tick) {
        let most = if now < self.again { 0 } else { OPENS_MAX };
        for _ in 0..most {
            if !self.may_open() {
                break;
            }
            self.again = now + OPENS_PAUSE;
            let local = self.opened;
            self.opened += 1;
            self.opening += 1;
            if self.plan.place.is_udp() {
                let to = self.plan.place.address();
                let listener = ListenerId((local % u32::from(self.plan.sockets.max(1))) as u16);
                self.ties[local as usize].path = Some(Path::Datagram(listener, to));
                self.register(now, local);
                continue;
            }
            self.dialing += 1;
            self.outputs.push_back(Output::Connect {
                token: ConnectToken(u64::from(local)),
                target: self.endpoints.of(self.number(local)),
            });
        }
        if self.stage == Stage::Opening && self.opening == 0 && self.opened == self.share() {
            self.stage = Stage::Waiting;
        }
    }

    pub(super) fn register(&mut self, now: Tick, local: u32) {
        if !self.ask(now, local, Ask::Register, now) {
            // No block: as if it had been lost.
            self.tally.errors += 1;
            self.registration_failed(local);
        }
    }

    /// A gateway's ServiceChange was accepted.
    pub(super) fn registered(&mut self, now: Tick, local: u32) {
        self.ties[local as usize].registered = true;
        self.tally.ready += 1;
        self.opening = self.opening.saturating_sub(1);
        self.open_more(now);
    }

    /// A gateway came to nothing before it was registered.
    pub(super) fn registration_failed(&mut self, local: u32) {
        self.tally.failed += 1;
        self.opening = self.opening.saturating_sub(1);
        self.give_up(local);
    }
}
