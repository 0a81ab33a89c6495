//! The end of a connection: what it has left fades away by itself, and the row goes with the last of it.

use super::Engine;
use crate::connection::{ConnectionAction, ConnectionEvent, ConnectionState, RareConnection};
use crate::handle::{ControlHandle, UserId};
use crate::trace::{self, Way};
use crate::user::Reason;
use megaphone_wheel::Tick;

impl Engine {
    /// A live connection ends; what it has left lives on.
    pub(super) fn fade(&mut self, now: Tick, place: u32, reason: &Reason) {
        self.flush(now, place);
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        let (state, action) = row.state.on(ConnectionEvent::Disconnect);
        if action != ConnectionAction::Fade {
            return;
        }
        let callee = self.callee(place, None);
        self.trace(
            now,
            trace::IMPORTANT,
            Some(place),
            Way::Inside,
            "disconnected",
            None,
            format_args!("{reason:?}"),
        );
        self.call_user(now, place, callee, "handle_disconnect", |user, cx| {
            user.handle_disconnect(cx, reason)
        });
        let (user, id) = (callee.user, self.id_at(place));
        self.leave_live(place);
        if let Some(row) = self.connections.get_mut(place) {
            row.state = state;
            // Acknowledgements that are still being worked off go on.
            let rare = row.rare.take();
            self.totals.held_dropped += rare.as_ref().map_or(0, |rare| rare.held.len()) as u64;
            row.rare = rare.filter(|rare| !rare.acked.is_empty()).map(|rare| {
                Box::new(RareConnection {
                    acked: rare.acked,
                    ..RareConnection::default()
                })
            });
        }
        self.free_if_empty(place);
        self.gateway_lost(now, user, id);
    }

    /// Takes a live connection out of what is counted and shown as live.
    pub(super) fn leave_live(&mut self, place: u32) {
        self.unlink_control(place);
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        row.control = None;
        row.state = ConnectionState::Fading;
        if let Ok(user) = self.user_mut(UserId(
            self.connections.get(place).map_or(0, |row| row.user),
        )) {
            user.live -= 1;
            user.fading += 1;
            if user.preliminary == Some(place) {
                user.preliminary = None;
            }
        }
    }

    /// A fading connection without anything left is gone.
    pub(super) fn free_if_empty(&mut self, place: u32) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let empty = row.requests.is_none() && row.replies.is_empty() && row.recent.is_none();
        if empty && row.state.on(ConnectionEvent::Empty).1 == ConnectionAction::Free {
            self.free_connection(place);
        }
    }

    pub(super) fn free_connection(&mut self, place: u32) {
        self.purge_requests(place);
        self.purge_replies(place);
        self.take_acked(place);
        self.unlink_peer(place);
        let Some(row) = self.connections.remove(place) else {
            return;
        };
        self.disarm(row.forget);
        self.disarm(row.rare.and_then(|rare| rare.sender.armed));
        if let Ok(user) = self.user_mut(UserId(row.user)) {
            user.fading -= 1;
        }
    }

    pub(super) fn control_down(&mut self, now: Tick, control: ControlHandle, reason: u64) {
        while let Some(place) = self.by_control.get(&control.0) {
            self.fade(now, place, &Reason::NoControllingProcess(reason));
        }
    }
}
