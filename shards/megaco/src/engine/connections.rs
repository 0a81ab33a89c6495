//! Connections: connecting, deciding, upgrading a preliminary MID, waking up what fades.

use super::Engine;
use super::receive::Source;
use crate::config::Config;
use crate::connection::{
    Connection, ConnectionAction, ConnectionEvent, ConnectionState, HELD_MESSAGES_MAX, HeldMessage,
    RareConnection,
};
use crate::counters::Counters;
use crate::fault::{self, Error};
use crate::handle::{ConnectionId, ControlHandle, ReceiveHandle, Remote, SendHandle, UserId};
use crate::mid::{Mid, canonical};
use crate::rtt::RoundTrip;
use crate::table::IdMap;
use crate::trace::{self, Way};
use crate::user::{Connect, Reason};
use megaphone_h248::model::{ErrorDescriptor, MId};
use megaphone_wheel::Tick;
use std::sync::Arc;

/// What `conn_info` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Whose it is.
    pub user: UserId,
    /// Where it stands.
    pub state: ConnectionState,
    /// The peer, once known.
    pub remote_mid: Option<Mid>,
    /// Its items.
    pub config: Arc<Config>,
    /// Where it sends.
    pub send_handle: SendHandle,
    /// What it lives with.
    pub control: Option<ControlHandle>,
    /// Whether the registration procedure is over.
    pub registered: bool,
    /// The id of its next request.
    pub trans_id: u32,
    /// Ids of outstanding requests.
    pub requests: Vec<u32>,
    /// Ids of live replies.
    pub replies: Vec<u32>,
    /// Stored in the transaction sender: acknowledgements and requests.
    pub stored: (u32, usize),
    /// Its counters.
    pub counters: Counters,
}

/// What became of the search for a message's connection.
pub(super) enum Found {
    /// Process the message.
    Ready(u32),
    /// The message waits, or was dropped.
    Waiting,
    /// The user refused.
    Refused(ErrorDescriptor<'static>),
}

impl Engine {
    /// Makes a connection (`connect/4,5`) and asks the user. `control` may be absent: a pre-connect.
    pub fn connect(
        &mut self,
        now: Tick,
        receive: &ReceiveHandle,
        remote: Remote,
        send_handle: SendHandle,
        control: Option<ControlHandle>,
        extra: Option<u64>,
    ) -> Result<ConnectionId, Error> {
        let user = self.user(receive.user)?;
        let version = receive
            .protocol_version
            .unwrap_or(user.config.protocol_version);
        let existing = match &remote {
            Remote::Preliminary => user.preliminary,
            Remote::Known(mid) => self.find(receive.user, mid.as_bytes()),
        };
        let source = Source {
            send_handle,
            control,
            extra,
        };
        let place = match existing {
            Some(place) => {
                let state = self
                    .connections
                    .get(place)
                    .map_or(ConnectionState::Gone, |row| row.state);
                match state.on(ConnectionEvent::Connect) {
                    (_, ConnectionAction::Ask) => self.revive(place, receive, version, source)?,
                    _ => return Err(Error::AlreadyConnected(self.id_at(place))),
                }
                place
            }
            None => self.new_connection(receive, remote, version, source)?,
        };
        let id = self.id_at(place);
        match self.ask(now, place, Some(source)) {
            Found::Refused(_) => Err(Error::ConnectionRefused),
            Found::Ready(_) | Found::Waiting => Ok(id),
        }
    }

    /// The user's late answer to `handle_connect`.
    pub fn answer_connect(
        &mut self,
        now: Tick,
        connection: ConnectionId,
        answer: Connect,
    ) -> Result<(), Error> {
        let place = self.place(connection)?;
        if matches!(answer, Connect::Later) {
            return Ok(());
        }
        let held = self.take_held(place);
        match self.decided(now, place, answer) {
            Found::Refused(error) => {
                // Everyone who waited is told.
                for message in &held {
                    self.send_message_error(
                        now,
                        &message.receive,
                        Source::of(message),
                        None,
                        &error,
                    );
                }
            }
            Found::Ready(_) | Found::Waiting => {
                for message in &held {
                    self.receive(now, &message.receive, Source::of(message), &message.bytes);
                }
            }
        }
        Ok(())
    }

    /// Ends a connection (`disconnect/2`). Its re-sends go on; a connect of the same MIDs finds them.
    pub fn disconnect(
        &mut self,
        now: Tick,
        connection: ConnectionId,
        reason: u64,
    ) -> Result<(), Error> {
        let place = self.place(connection)?;
        self.fade(now, place, &Reason::UserDisconnect(reason));
        Ok(())
    }

    /// Ends every outstanding request and stored reply of a connection (`cancel/2`).
    pub fn cancel(
        &mut self,
        now: Tick,
        connection: ConnectionId,
        reason: u64,
    ) -> Result<(), Error> {
        let place = self.place(connection)?;
        self.cancel_all(now, place, &Reason::UserCancel(reason));
        Ok(())
    }

    /// Everything about a connection (`conn_info/1`).
    pub fn connection_info(&self, connection: ConnectionId) -> Result<ConnectionInfo, Error> {
        let row = self.row(connection)?;
        Ok(ConnectionInfo {
            user: UserId(row.user),
            state: row.state,
            remote_mid: row.remote.clone(),
            config: row.config.clone(),
            send_handle: row.send_handle,
            control: row.control,
            registered: row.registered,
            trans_id: self.user(UserId(row.user))?.next_id,
            requests: self.request_ids(row).collect(),
            replies: row.replies.iter().map(|(id, _)| id).collect(),
            stored: row.rare.as_ref().map_or((0, 0), |rare| {
                (rare.sender.ack_count, rare.sender.requests.len())
            }),
            counters: row.counters,
        })
    }

    /// The connection to a peer, if it is live.
    pub fn connection(&self, user: UserId, remote: &Mid) -> Option<ConnectionId> {
        let place = self.find(user, remote.as_bytes())?;
        self.connections
            .get(place)?
            .state
            .is_live()
            .then(|| self.id_at(place))
    }

    /// The live connection to the peer with these canonical bytes ([`crate::canonical`]), and where it sends.
    pub fn peer(&self, user: UserId, mid: &[u8]) -> Option<(ConnectionId, SendHandle)> {
        let place = self.find(user, mid)?;
        let row = self.connections.get(place)?;
        row.state
            .is_live()
            .then(|| (self.id_at(place), row.send_handle))
    }

    /// The connection of a message's sender, made, upgraded or revived as needed.
    pub(super) fn find_or_connect(
        &mut self,
        now: Tick,
        receive: &ReceiveHandle,
        version: u8,
        sender: &MId<'_>,
        source: Source,
        bytes: &[u8],
    ) -> Result<Found, Error> {
        let key = canonical(sender);
        let found = self.find(receive.user, &key);
        let state = found
            .and_then(|place| self.connections.get(place))
            .map_or(ConnectionState::Gone, |row| row.state);
        let place = match (found, state.on(ConnectionEvent::Message).1) {
            (Some(place), ConnectionAction::Process) if self.blocks(place) => {
                self.hold(place, receive, source, bytes);
                return Ok(Found::Waiting);
            }
            (Some(place), ConnectionAction::Process) => {
                self.known = true;
                return Ok(Found::Ready(place));
            }
            (Some(place), ConnectionAction::Hold) => {
                self.hold(place, receive, source, bytes);
                return Ok(Found::Waiting);
            }
            (found, _) => match (self.upgradable(receive.user, source.control), found) {
                (Some(preliminary), old) => {
                    self.upgrade(preliminary, Mid::new(sender), old);
                    preliminary
                }
                (None, Some(fading)) => {
                    self.revive(fading, receive, version, source)?;
                    fading
                }
                (None, None) => {
                    self.new_connection(receive, Remote::Known(Mid::new(sender)), version, source)?
                }
            },
        };
        let found = self.ask(now, place, Some(source));
        if matches!(found, Found::Waiting) {
            self.hold(place, receive, source, bytes);
        }
        Ok(found)
    }

    /// Asks the user about a connection.
    fn ask(&mut self, now: Tick, place: u32, source: Option<Source>) -> Found {
        let callee = self.callee(place, source);
        let answer = self.call_user(now, place, callee, "handle_connect", |user, cx| {
            user.handle_connect(cx)
        });
        self.decided(now, place, answer)
    }

    fn decided(&mut self, now: Tick, place: u32, answer: Connect) -> Found {
        let (event, error) = match answer {
            Connect::Later => return Found::Waiting,
            Connect::Accept => (ConnectionEvent::Accept, None),
            Connect::Refuse => (ConnectionEvent::Refuse, Some(fault::refused_by_user())),
            Connect::RefuseWith(error) => (ConnectionEvent::Refuse, Some(error)),
        };
        let Some(row) = self.connections.get_mut(place) else {
            return Found::Waiting;
        };
        let (state, action) = row.state.on(event);
        match action {
            ConnectionAction::Remove => {
                self.cancel_all(now, place, &Reason::Refused);
                self.leave_live(place);
                self.free_connection(place);
                Found::Refused(error.unwrap_or_else(fault::refused_by_user))
            }
            _ => {
                row.state = state;
                self.trace(
                    now,
                    trace::IMPORTANT,
                    Some(place),
                    Way::Inside,
                    "connected",
                    None,
                    format_args!(""),
                );
                Found::Ready(place)
            }
        }
    }

    fn new_connection(
        &mut self,
        receive: &ReceiveHandle,
        remote: Remote,
        version: u8,
        source: Source,
    ) -> Result<u32, Error> {
        if self.connections.len() >= self.options.connections_max {
            self.totals.refused += 1;
            return Err(Error::Limit("connections_max"));
        }
        let (state, remote) = match remote {
            Remote::Preliminary => (ConnectionState::Preliminary, None),
            Remote::Known(mid) => (ConnectionState::Deciding, Some(mid)),
        };
        let user = self.user_mut(receive.user)?;
        let config = user.configured(receive, version, remote.as_ref());
        self.generation = self.generation.wrapping_add(1);
        let place = self.connections.insert(Connection {
            user: receive.user.0,
            generation: self.generation,
            state,
            registered: false,
            remote,
            config,
            send_handle: source.send_handle,
            control: source.control,
            same_hash: None,
            same_control: (None, None),
            requests: None,
            outstanding: 0,
            replies: IdMap::default(),
            rtt: RoundTrip::default(),
            forget: None,
            recent: None,
            rare: None,
            counters: Counters::default(),
        });
        let user = self.user_mut(receive.user)?;
        user.live += 1;
        if state == ConnectionState::Preliminary {
            user.preliminary = Some(place);
        }
        self.link_peer(place);
        self.link_control(place);
        Ok(place)
    }

    /// A fading connection is wanted again: new items, new handles, a new name, the old requests and replies.
    fn revive(
        &mut self,
        place: u32,
        receive: &ReceiveHandle,
        version: u8,
        source: Source,
    ) -> Result<(), Error> {
        let remote = self
            .connections
            .get(place)
            .and_then(|row| row.remote.clone());
        let user = self.user_mut(receive.user)?;
        let config = user.configured(receive, version, remote.as_ref());
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        if let Some(row) = self.connections.get_mut(place) {
            row.generation = generation;
            row.state = ConnectionState::Deciding;
            row.registered = false;
            row.config = config;
            row.send_handle = source.send_handle;
            row.control = source.control;
        }
        self.link_control(place);
        let user = self.user_mut(receive.user)?;
        user.live += 1;
        user.fading -= 1;
        Ok(())
    }

    /// The user's preliminary connection, if this transport may be its peer's.
    fn upgradable(&self, user: UserId, control: Option<ControlHandle>) -> Option<u32> {
        let place = self.user(user).ok()?.preliminary?;
        let own = self.connections.get(place)?.control;
        (own.is_none() || control.is_none() || own == control).then_some(place)
    }

    /// A preliminary connection learns its MID, and takes over what an older connection to the same peer left.
    fn upgrade(&mut self, place: u32, mid: Mid, old: Option<u32>) {
        if let Some(old) = old {
            self.absorb(old, place);
        }
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        row.state = row.state.on(ConnectionEvent::Message).0;
        row.remote = Some(mid.clone());
        let (user, config) = (UserId(row.user), row.config.clone());
        self.link_peer(place);
        let Ok(user) = self.user_mut(user) else {
            return;
        };
        user.preliminary = None;
        let config = user.overridden(config, Some(&mid));
        if let Some(row) = self.connections.get_mut(place) {
            row.config = config;
        }
    }

    fn absorb(&mut self, old: u32, into: u32) {
        let acked = self.take_acked(old);
        let Some(row) = self.connections.get_mut(old) else {
            return;
        };
        let (replies, recent) = (std::mem::take(&mut row.replies), row.recent.take());
        for (_, reply) in replies.iter() {
            if let Some(reply) = self.replies.get_mut(reply) {
                reply.connection = into;
            }
        }
        while let Some(request) = self.connections.get(old).and_then(|row| row.requests) {
            self.unlink_request(request);
            if let Some(row) = self.requests.get_mut(request) {
                row.connection = into;
            }
            self.link_request(request);
        }
        self.free_connection(old);
        if let Some(row) = self.connections.get_mut(into) {
            row.replies = replies;
            row.recent = recent;
        }
        self.put_acked(into, acked);
        self.arm_forget(into);
    }

    fn hold(&mut self, place: u32, receive: &ReceiveHandle, source: Source, bytes: &[u8]) {
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        let held = &mut row.rare.get_or_insert_default().held;
        if held.len() >= HELD_MESSAGES_MAX {
            self.totals.held_dropped += 1;
            return;
        }
        held.push(HeldMessage {
            receive: *receive,
            send_handle: source.send_handle,
            control: source.control,
            extra: source.extra,
            bytes: bytes.into(),
        });
    }

    pub(super) fn take_held(&mut self, place: u32) -> Vec<HeldMessage> {
        self.rare_mut(place)
            .map(|rare| std::mem::take(&mut rare.held))
            .unwrap_or_default()
    }

    pub(super) fn rare_mut(&mut self, place: u32) -> Option<&mut RareConnection> {
        self.connections.get_mut(place)?.rare.as_deref_mut()
    }

    fn blocks(&self, place: u32) -> bool {
        let rare = self
            .connections
            .get(place)
            .and_then(|row| row.rare.as_ref());
        rare.is_some_and(|rare| rare.blocked)
    }
}
