//! Gateways that the engine registers: it drives the search for a controller (RFC 3525 9.2, 11.2 to 11.5) with real transports and real ServiceChanges.
//!
//! The host makes the transports: [`Output::Dial`] asks for one, [`Engine::dialed`] brings it. Everything else, from the random wait
//! after a start to the hand-off, the engine does by itself and tells the user.

use super::timers::millis;
use super::{Engine, Output, TimerKey};
use crate::call::{Actions, CallOptions, Origin};
use crate::config::Registration;
use crate::fault::Error;
use crate::handle::{ConnectionId, ControlHandle, ReceiveHandle, Remote, SendHandle, UserId};
use crate::mid::Mid;
use crate::registration::{self, Contact, Gateway, GatewayOptions, GatewayState, Step};
use crate::user::{Reason, RegistrationEvent, UserReply};
use megaphone_h248::model::TransactionResult;
use megaphone_wheel::{Tick, TimerId};
use std::sync::Arc;

/// The row of a gateway.
#[derive(Debug)]
pub(super) struct GatewayRow {
    search: Gateway,
    versions: std::ops::RangeInclusive<u8>,
    armed: Option<TimerId>,
    /// Whom we are contacting, and the number of that attempt: the results of older ones are not looked at.
    contact: Option<Contact>,
    attempt: u32,
    /// Where we are registered, or are trying to.
    connection: Option<ConnectionId>,
    /// Where we were registered before.
    former: Option<ConnectionId>,
}

impl Engine {
    /// Starts to register a user as a gateway, after a random part of the maximum waiting delay.
    pub fn register(
        &mut self,
        now: Tick,
        user: UserId,
        options: GatewayOptions,
    ) -> Result<(), Error> {
        self.unregister(user)?;
        let versions = options.versions.clone();
        let (search, step) = Gateway::start(now, options, self.rng.next_u64());
        self.user_mut(user)?.gateway = Some(Box::new(GatewayRow {
            search,
            versions,
            armed: None,
            contact: None,
            attempt: 0,
            connection: None,
            former: None,
        }));
        self.take_step(now, user, step);
        Ok(())
    }

    /// Stops looking for a controller. A connection that is registered stays.
    pub fn unregister(&mut self, user: UserId) -> Result<(), Error> {
        let row = self.user_mut(user)?.gateway.take();
        self.disarm(row.and_then(|row| row.armed));
        Ok(())
    }

    /// Where a gateway's search stands.
    pub fn gateway_state(&self, user: UserId) -> Option<&GatewayState> {
        Some(self.user(user).ok()?.gateway.as_ref()?.search.state())
    }

    /// The connection to the controller that a gateway is registered with.
    pub fn controller_of(&self, user: UserId) -> Option<ConnectionId> {
        let row = self.user(user).ok()?.gateway.as_ref()?;
        match row.search.state() {
            GatewayState::Registered(_) => row.connection,
            _ => None,
        }
    }

    /// Somebody at the gateway wants something: it waits no longer (RFC 3525 9.2 rule 2).
    pub fn local_activity(&mut self, now: Tick, user: UserId) {
        self.step(now, user, |search| search.local_activity(now));
    }

    /// The controller is known to have failed, by whatever told the host (RFC 3525 11.5).
    pub fn controller_failed(&mut self, now: Tick, user: UserId) {
        self.step(now, user, |search| search.controller_failed(now));
    }

    /// The answer to [`Output::Dial`]: a transport to the controller, or none.
    pub fn dialed(
        &mut self,
        now: Tick,
        user: UserId,
        controller: &Mid,
        transport: Option<(ReceiveHandle, SendHandle, Option<ControlHandle>)>,
    ) -> Result<(), Error> {
        let row = self.user(user)?.gateway.as_ref();
        let wanted = row.and_then(|row| Some((row.contact.clone()?, row.connection)));
        let Some((contact, None)) = wanted.filter(|(contact, _)| contact.controller == *controller)
        else {
            return Err(Error::NoLongerWanted(controller.clone()));
        };
        let made = transport.map(|(receive, send_handle, control)| {
            self.contact(now, user, &contact, &receive, send_handle, control)
        });
        match made {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => {
                self.step(now, user, |search| search.unanswered(now));
                Err(error)
            }
            None => {
                self.step(now, user, |search| search.unanswered(now));
                Ok(())
            }
        }
    }

    /// Connects and sends the ServiceChange, in the lowest version spoken: everyone can read that it proposes a higher one.
    fn contact(
        &mut self,
        now: Tick,
        user: UserId,
        contact: &Contact,
        receive: &ReceiveHandle,
        send_handle: SendHandle,
        control: Option<ControlHandle>,
    ) -> Result<(), Error> {
        let remote = Remote::Known(contact.controller.clone());
        let connection = match self.connection(user, &contact.controller) {
            Some(live) => {
                self.update_handles(live, send_handle, control)?;
                live
            }
            None => self.connect(now, receive, remote, send_handle, control, None)?,
        };
        let place = self.place(connection)?;
        let row = self.gateway_row(user)?;
        let lowest = *row.versions.start();
        row.attempt = row.attempt.wrapping_add(1);
        row.connection = Some(connection);
        let attempt = row.attempt;
        if let Some(row) = self.connections.get_mut(place) {
            row.registered = false;
        }
        self.set_spoken(now, place, lowest);
        let action = contact.action();
        let actions = [Actions::Plain(std::slice::from_ref(&action))];
        let origin = |_| Origin::Registration { attempt };
        let options = CallOptions {
            direct: true,
            ..CallOptions::default()
        };
        self.originate(now, place, &actions, &options, origin)
    }

    /// Version and registration of a gateway's connection.
    fn set_spoken(&mut self, now: Tick, place: u32, version: u8) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let mut config = (*row.config).clone();
        config.protocol_version = version;
        config.registration = Registration::Gateway;
        self.install(now, place, config);
    }

    /// A ServiceChange of ours was answered, or was not.
    pub(super) fn registration_answered(
        &mut self,
        now: Tick,
        place: u32,
        attempt: u32,
        reply: &UserReply<'_>,
    ) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let user = UserId(row.user);
        let current = self
            .gateway_row(user)
            .is_ok_and(|row| row.attempt == attempt && row.contact.is_some());
        if !current {
            return;
        }
        let result = match reply {
            UserReply::Ok(replies) => TransactionResult::ActionReplies((*replies).into()),
            _ => return self.step(now, user, |search| search.unanswered(now)),
        };
        let redirect = registration::redirection(&result);
        match (registration::accepted_version(&result), redirect) {
            (_, Some(next)) => {
                self.leave(now, user);
                self.step(now, user, |search| {
                    search.answered(now, None, Some(next.clone()))
                });
            }
            (Some(version), None) => {
                self.step(now, user, |search| search.answered(now, version, None));
            }
            (None, None) => self.step(now, user, |search| search.unanswered(now)),
        }
    }

    /// A connection ended: perhaps it was the controller's.
    pub(super) fn gateway_lost(&mut self, now: Tick, user: UserId, connection: ConnectionId) {
        let Ok(row) = self.gateway_row(user) else {
            return;
        };
        if row.connection != Some(connection) {
            return;
        }
        row.connection = None;
        row.attempt = row.attempt.wrapping_add(1);
        if matches!(row.search.state(), GatewayState::Registered(_)) {
            row.former = Some(connection);
        }
        self.step(now, user, |search| match search.state() {
            GatewayState::Registered(_) => search.controller_failed(now),
            _ => search.unanswered(now),
        });
    }

    /// The controller hands us over, and our user agreed.
    pub(super) fn handed_off(&mut self, now: Tick, place: u32, to: Option<Mid>) {
        let Some(user) = self.connections.get(place).map(|row| UserId(row.user)) else {
            return;
        };
        if self.controller_of(user) != Some(self.id_at(place)) {
            return;
        }
        self.step(now, user, |search| match to {
            Some(to) => search.hand_off(to),
            None => search.controller_failed(now),
        });
    }

    pub(super) fn gateway_expired(&mut self, now: Tick, user: u32) {
        let user = UserId(user);
        if let Ok(row) = self.gateway_row(user) {
            row.armed = None;
        }
        self.step(now, user, |search| match search.state() {
            GatewayState::Waiting(_) => search.timeout(now),
            GatewayState::Contacting(_) => search.unanswered(now),
            GatewayState::Registered(_) => Step::Nothing,
        });
    }

    fn gateway_row(&mut self, user: UserId) -> Result<&mut GatewayRow, Error> {
        let row = self.user_mut(user)?.gateway.as_deref_mut();
        row.ok_or(Error::NoSuchUser(user))
    }

    fn step(&mut self, now: Tick, user: UserId, next: impl FnOnce(&mut Gateway) -> Step) {
        if let Ok(row) = self.gateway_row(user) {
            let step = next(&mut row.search);
            self.take_step(now, user, step);
        }
    }

    fn take_step(&mut self, now: Tick, user: UserId, step: Step) {
        if step == Step::Nothing {
            return;
        }
        let Ok(row) = self.gateway_row(user) else {
            return;
        };
        let armed = row.armed.take();
        self.disarm(armed);
        match step {
            Step::Nothing => {}
            Step::Wait(until) => {
                self.leave(now, user);
                self.arm_gateway(user, until);
                self.tell(now, user, &RegistrationEvent::Waiting { until });
            }
            Step::Contact(contact) => {
                self.leave(now, user);
                let limit = self.user(user).map_or(0, |row| row.config.t_max);
                self.arm_gateway(user, now.after(millis(limit)));
                if let Ok(row) = self.gateway_row(user) {
                    row.contact = Some(contact.clone());
                }
                self.tell(now, user, &RegistrationEvent::Contacting(&contact));
                self.outputs.push_back(Output::Dial {
                    user,
                    controller: contact.controller,
                });
            }
            Step::Registered {
                controller,
                version,
            } => self.registered(now, user, &controller, version),
        }
    }

    fn registered(&mut self, now: Tick, user: UserId, controller: &Mid, version: u8) {
        let Ok(row) = self.gateway_row(user) else {
            return;
        };
        row.contact = None;
        let (connection, former) = (row.connection, row.former.take());
        if let Some(place) = connection.and_then(|id| self.place(id).ok()) {
            self.set_spoken(now, place, version);
            if let Some(former) = former.filter(|former| Some(*former) != connection) {
                self.take_over(former, place);
            }
        }
        let told = RegistrationEvent::Registered {
            controller,
            version,
        };
        self.tell(now, user, &told);
    }

    /// What the former controller still owes us is asked of the new one; it itself commands us no more (RFC 3525 11.5).
    fn take_over(&mut self, former: ConnectionId, into: u32) {
        let row = self.connections.get_mut(former.place);
        let Some(row) = row.filter(|row| row.generation == former.generation) else {
            return;
        };
        row.registered = false;
        while let Some(request) = self
            .connections
            .get(former.place)
            .and_then(|row| row.requests)
        {
            self.unlink_request(request);
            if let Some(row) = self.requests.get_mut(request) {
                row.connection = into;
            }
            self.link_request(request);
        }
        self.free_if_empty(former.place);
    }

    /// An attempt is over: nobody waits for its answer, and what it was tried on is not ours to lose. Its connection goes, unless
    /// it is the one that we are registered on until another takes over.
    fn leave(&mut self, now: Tick, user: UserId) {
        let Ok(row) = self.gateway_row(user) else {
            return;
        };
        row.attempt = row.attempt.wrapping_add(1);
        let (failed, tried) = (row.contact.take().is_some(), row.connection.take());
        if !failed && tried.is_some() {
            row.former = tried;
        }
        if let Some(place) = tried.filter(|_| failed).and_then(|id| self.place(id).ok()) {
            self.cancel_registration(place);
            self.fade(now, place, &Reason::Refused);
        }
    }

    /// The ServiceChange of an attempt that is over is not sent again.
    fn cancel_registration(&mut self, place: u32) {
        let mut at = self.connections.get(place).and_then(|row| row.requests);
        while let Some((here, request)) = at.and_then(|at| Some((at, self.requests.get(at)?))) {
            at = request.next;
            if matches!(request.origin, Origin::Registration { .. }) {
                self.remove_request(here);
            }
        }
    }

    fn arm_gateway(&mut self, user: UserId, due: Tick) {
        let armed = self.wheel.insert(due, TimerKey::Gateway(user.0));
        if let Ok(row) = self.gateway_row(user) {
            row.armed = Some(armed);
        }
    }

    fn tell(&mut self, now: Tick, user: UserId, event: &RegistrationEvent<'_>) {
        let Ok(row) = self.user(user) else { return };
        let config = Arc::clone(&row.config);
        let connection = row.gateway.as_ref().and_then(|row| row.connection);
        let callee = super::callbacks::Callee {
            user,
            module: config.user_mod.place(),
            user_args: config.user_args,
            version: config.protocol_version,
            source: None,
        };
        let place = connection.map_or(u32::MAX, |id| id.place);
        self.call_user(now, place, callee, "handle_registration", |user, cx| {
            user.handle_registration(cx, event);
        });
    }
}
