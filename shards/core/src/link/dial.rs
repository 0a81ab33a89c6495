//! Dialling backends that do not come by themselves: from one shard or from each, again after growing pauses, and back to a lost link's
//! state.

use super::dials;
use super::greet::GreetStage;
use super::state::LinkState;
use crate::config::{Dialect, Diallers, LinkSide};
use crate::contract::{ConnectToken, NoteLevel, Output, SocketFault, SocketId};
use crate::deadlines::Timer;
use crate::id::home_shard;
use crate::limits::ms;
use crate::shard::Shard;
use megaphone_frame::link::FrameType;

impl Shard {
    /// Dials the links that are this shard's to dial, at the first chance.
    pub(crate) fn plan_dials(&mut self) {
        for (spec, link) in self.config.links.iter().enumerate() {
            let ours = match &link.side {
                LinkSide::Listen => false,
                LinkSide::Connect(_, Diallers::All) => true,
                LinkSide::Connect(target, Diallers::One) => {
                    let target = format!("{target:?}");
                    home_shard(&link.name, target.as_bytes(), self.config.shards) == self.me
                }
            };
            if ours {
                self.wheel.insert(self.now, Timer::Dial(spec as u16));
            }
        }
    }

    /// Dials a backend, unless that is being done.
    pub(crate) fn dial(&mut self, spec: u16) {
        let Some(target) = dials(&self.config, spec).cloned() else {
            return;
        };
        let dialler = &mut self.links.diallers[usize::from(spec)];
        if dialler.busy || self.drain.is_draining() {
            return;
        }
        dialler.busy = true;
        self.outputs.push_back(Output::Connect {
            token: ConnectToken(u64::from(spec)),
            target,
        });
    }

    /// Dials again after a pause that doubles with each failure.
    pub(super) fn redial_later(&mut self, spec: u16) {
        if dials(&self.config, spec).is_none() {
            return;
        }
        let dialler = &mut self.links.diallers[usize::from(spec)];
        dialler.busy = false;
        dialler.failures = dialler.failures.saturating_add(1);
        let (first, most) = (
            self.config.limits.redial_ms,
            self.config.limits.redial_ms_max,
        );
        let pause = first
            .saturating_mul(1 << (dialler.failures - 1).min(16))
            .min(most.max(first));
        if !self.drain.is_draining() {
            self.wheel.insert(self.now + ms(pause), Timer::Dial(spec));
        }
    }

    /// A dialled link lost its socket.
    pub(super) fn redial_soon(&mut self, spec: u16) {
        if dials(&self.config, spec).is_some() && self.links.diallers[usize::from(spec)].busy {
            self.redial_later(spec);
        }
    }

    /// A backend could not be reached.
    pub(crate) fn connect_failed(&mut self, token: ConnectToken, fault: SocketFault) {
        if self.controller_unreachable(token, fault) {
            return;
        }
        let Some(spec) = u16::try_from(token.0)
            .ok()
            .filter(|&spec| dials(&self.config, spec).is_some())
        else {
            return;
        };
        if self.links.diallers[usize::from(spec)].failures == 0 {
            let name = &self.config.links[usize::from(spec)].name;
            let text = format!("link {name}: cannot reach the backend ({fault:?}); trying again");
            self.note(NoteLevel::Warning, text);
        }
        self.redial_later(spec);
    }

    /// A backend was reached: we speak first.
    pub(crate) fn connected(&mut self, token: ConnectToken, socket: SocketId) {
        if self.controller_reached(token, socket) {
            return;
        }
        let Some(spec) = u16::try_from(token.0)
            .ok()
            .filter(|&spec| dials(&self.config, spec).is_some())
        else {
            self.bug("a connection was made that nobody asked for");
            return self.refuse_socket(socket);
        };
        if self.drain.is_draining() {
            self.redial_later(spec);
            return self.refuse_socket(socket);
        }
        if self.config.links[usize::from(spec)].dialect != Dialect::V1 {
            return self.classic_link(spec, socket);
        }
        let (epoch, resume) = self.resumable(spec).unwrap_or((0, 0));
        let index = self.greeting(spec, socket, GreetStage::Answer);
        if !self.say_hello(index, FrameType::Hello, epoch, resume) {
            return self.end_greeting(index, None);
        }
        self.read_greeting(index, true);
    }

    /// Epoch and resume number of a lost link that a dialled backend may take up again.
    pub(super) fn resumable(&self, spec: u16) -> Option<(u64, u64)> {
        let link = self
            .links
            .link(self.links.diallers[usize::from(spec)].place?)?;
        let lost = matches!(link.state, LinkState::Lost | LinkState::LostDraining);
        (link.spec == spec && lost).then_some((link.epoch, link.received))
    }

    /// Notes that dialling has led to a link.
    pub(super) fn dialled(&mut self, spec: u16, place: u16) {
        if dials(&self.config, spec).is_some() {
            let dialler = &mut self.links.diallers[usize::from(spec)];
            dialler.failures = 0;
            dialler.place = Some(place);
        }
    }
}
