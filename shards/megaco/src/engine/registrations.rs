//! Registrations on the controller's side: the rate at which they are admitted, and what an accepted one changes (RFC 3525 9.2, 11.2, 11.3).

use super::answer::Progress;
use super::{Engine, TimerKey};
use crate::fault;
use crate::handle::{ControlHandle, SendHandle, UserId};
use crate::registration;
use crate::reply::{Reply, ReplyName};
use megaphone_h248::model::{IntoOwned, TransactionRequest, TransactionResult};
use megaphone_wheel::Tick;
use std::collections::VecDeque;
use std::sync::Arc;

impl Engine {
    /// Our user answers a gateway's registration. Once accepted, requests go where it came from, in the version agreed on.
    pub(super) fn gateway_registers(
        &mut self,
        place: u32,
        result: &TransactionResult<'_>,
        (send_handle, control): (SendHandle, Option<ControlHandle>),
    ) {
        if !self.settle_registration(place, result) {
            return;
        }
        let Some(row) = self.connections.get(place) else {
            return;
        };
        // A gateway that comes again by another socket must not go down with the old one.
        let control = control.or(row.control);
        if (row.send_handle, row.control) != (send_handle, control) && row.state.is_live() {
            self.move_handles(place, send_handle, control);
        }
    }

    /// A registration of ours or of the peer's was answered: whether it was accepted. The version agreed on rules from here on.
    pub(super) fn settle_registration(
        &mut self,
        place: u32,
        result: &TransactionResult<'_>,
    ) -> bool {
        let Some(version) = registration::accepted_version(result) else {
            return false;
        };
        let Some(row) = self.connections.get_mut(place) else {
            return false;
        };
        row.registered = true;
        if let Some(version) = version.filter(|version| *version < row.config.protocol_version) {
            let mut config = (*row.config).clone();
            config.protocol_version = version;
            let user = UserId(row.user);
            let shared = match self.user_mut(user) {
                Ok(user) => user.shared(config),
                Err(_) => Arc::new(config),
            };
            if let Some(row) = self.connections.get_mut(place) {
                row.config = shared;
            }
        }
        true
    }

    /// Queues or refuses a registering request that may not be executed now.
    pub(super) fn hold_back(
        &mut self,
        now: Tick,
        at: u32,
        request: &TransactionRequest<'_>,
    ) -> Option<Progress> {
        let name = self.name(at)?;
        let admission = self.admission.as_mut()?;
        if admission.take(now) {
            return None;
        }
        if admission.is_full() {
            self.totals.refused += 1;
            self.abort(now, at, fault::busy(), None);
            return Some(Progress::Over);
        }
        self.totals.registrations_delayed += 1;
        let first = admission.is_idle();
        admission.queue(name, request.clone().into_owned());
        let due = admission.next(now);
        if first {
            self.wheel.insert(due, TimerKey::Admission);
        }
        let handle = self.named(name)?.send_handle;
        self.send_pending(now, at, handle);
        self.arm_execution(now, at);
        Some(Progress::Later)
    }

    /// Executes queued registrations as far as the rate allows. Those that were answered with an error meanwhile are over.
    pub(super) fn admit(&mut self, now: Tick) {
        while let Some((name, request)) = self.next_admitted(now) {
            let Some(version) = self.prepared(name).map(|reply| reply.version) else {
                continue;
            };
            let rare = |reply: &mut Reply| reply.rare.as_mut()?.batch.take();
            let batch = self.replies.get_mut(name.at).and_then(rare);
            match self.start(now, name.at, None, version, &request) {
                Progress::Over => self.go_on(now, batch),
                Progress::Long(data) => {
                    self.run_long(now, &mut VecDeque::from([(name, data)]));
                    self.go_on(now, batch);
                }
                Progress::Later => {
                    if let Some(reply) = self.replies.get_mut(name.at) {
                        reply.rare.get_or_insert_default().batch = batch;
                    }
                }
            }
        }
        let waiting = self.admission.as_ref().filter(|some| !some.is_idle());
        if let Some(admission) = waiting {
            self.wheel.insert(admission.next(now), TimerKey::Admission);
        }
    }

    fn next_admitted(&mut self, now: Tick) -> Option<(ReplyName, TransactionRequest<'static>)> {
        let mut admission = self.admission.take()?;
        admission.skip(|name| self.prepared(name).is_none());
        let next = admission.admitted(now);
        self.admission = Some(admission);
        next
    }
}
