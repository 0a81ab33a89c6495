//! Starting, stopping, reading and changing users.

use super::Engine;
use super::gateways::GatewayRow;
use crate::config::{Config, ConfigError, Item, Module, Setting};
use crate::connection::ConnectionState;
use crate::fault::Error;
use crate::handle::{ConnectionId, ReceiveHandle, UserId};
use crate::mid::Mid;
use crate::reply::ReplyState;
use crate::user::Reason;
use megaphone_h248::model::{IntoOwned, MId};
use megaphone_wheel::Tick;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The row of a user.
#[derive(Debug)]
pub(super) struct UserRow {
    pub mid: Mid,
    /// As it is written into messages.
    pub model: MId<'static>,
    pub config: Arc<Config>,
    pub next_id: u32,
    /// The transaction id given last.
    pub last_id: Option<u32>,
    pub preliminary: Option<u32>,
    pub live: usize,
    pub fading: usize,
    /// The items with the codec, transport or version of another listener: shared by the connections made there.
    pub variants: Vec<Arc<Config>>,
    /// If the engine registers it as a gateway.
    pub gateway: Option<Box<GatewayRow>>,
    /// What is different for single peers.
    pub overrides: BTreeMap<Mid, Overrides>,
}

/// Items of one peer.
#[derive(Debug)]
pub(super) struct Overrides {
    items: Vec<(Item, Setting)>,
    /// The module that item `user_mod` names, if it is among them.
    user_mod: Option<Module>,
}

impl Overrides {
    fn write(&self, config: &mut Config) -> Result<(), ConfigError> {
        config.set_all(self.items.iter().map(|(item, value)| (*item, value)))?;
        if let Some(module) = &self.user_mod {
            config.user_mod = module.clone();
        }
        Ok(())
    }
}

/// How many variants of its items a user keeps for later connections.
const VARIANTS_MAX: usize = 16;

impl UserRow {
    /// A new connection's items: the user's, with what the receive handle and the first message say.
    pub(super) fn configured(
        &mut self,
        receive: &ReceiveHandle,
        version: u8,
        remote: Option<&Mid>,
    ) -> Arc<Config> {
        let common = self.of_listener(receive, version);
        self.overridden(common, remote)
    }

    /// Items with what is different for a peer.
    pub(super) fn overridden(&mut self, common: Arc<Config>, remote: Option<&Mid>) -> Arc<Config> {
        let Some(overrides) = remote.and_then(|remote| self.overrides.get(remote)) else {
            return common;
        };
        let mut config = (*common).clone();
        // They were checked when they were set and whenever the user changed.
        let _ = overrides.write(&mut config);
        self.shared(config)
    }

    fn of_listener(&mut self, receive: &ReceiveHandle, version: u8) -> Arc<Config> {
        let wanted = (
            receive.encoding_mod,
            receive.otp_values,
            receive.send_mod,
            version,
        );
        let fits = |config: &Config| {
            (
                config.encoding_mod,
                config.otp_values,
                config.send_mod,
                config.protocol_version,
            ) == wanted
        };
        let known = std::iter::once(&self.config)
            .chain(&self.variants)
            .find(|config| fits(config));
        if let Some(config) = known {
            return config.clone();
        }
        self.keep(Config {
            encoding_mod: receive.encoding_mod,
            otp_values: receive.otp_values,
            send_mod: receive.send_mod,
            protocol_version: version,
            ..(*self.config).clone()
        })
    }

    /// Items of one connection, in the memory of others that have the same: a million connections changed alike cost one copy.
    pub(super) fn shared(&mut self, config: Config) -> Arc<Config> {
        let known = std::iter::once(&self.config)
            .chain(&self.variants)
            .find(|known| ***known == config);
        match known {
            Some(known) => known.clone(),
            None => self.keep(config),
        }
    }

    fn keep(&mut self, config: Config) -> Arc<Config> {
        let config = Arc::new(config);
        if self.variants.len() < VARIANTS_MAX {
            self.variants.push(config.clone());
        }
        config
    }
}

/// What `user_info` shows beside the items.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserInfo {
    /// Its MID.
    pub mid: Mid,
    /// Its items.
    pub config: Arc<Config>,
    /// Its live connections.
    pub connections: Vec<ConnectionId>,
    /// What its listeners hand in with messages.
    pub receive_handle: ReceiveHandle,
    /// The transaction id given last; none was yet: `undefined_serial`.
    pub trans_id: Option<u32>,
    /// Outstanding requests: connection and id.
    pub requests: Vec<(ConnectionId, u32)>,
    /// Live replies: connection, id and state.
    pub replies: Vec<(ConnectionId, u32, ReplyState)>,
}

impl Engine {
    /// Starts a user with changes to the default items; all or nothing.
    pub fn start_user(
        &mut self,
        mid: &MId<'_>,
        items: &[(Item, Setting)],
    ) -> Result<UserId, Error> {
        let mut config = self.options.defaults.clone();
        config.set_all(items.iter().map(|(item, value)| (*item, value)))?;
        self.start_user_with(mid, config)
    }

    /// Starts a user with a whole configuration.
    pub fn start_user_with(&mut self, mid: &MId<'_>, mut config: Config) -> Result<UserId, Error> {
        let key = Mid::new(mid);
        if self.users.iter().flatten().any(|user| user.mid == key) {
            return Err(Error::UserAlreadyExists(key));
        }
        config.check()?;
        config.user_mod = self.find_module(config.user_mod.name())?;
        let row = UserRow {
            mid: key,
            model: mid.clone().into_owned(),
            next_id: config.min_trans_id,
            last_id: None,
            config: Arc::new(config),
            preliminary: None,
            live: 0,
            fading: 0,
            variants: Vec::new(),
            gateway: None,
            overrides: BTreeMap::new(),
        };
        let place = match self.users.iter().position(Option::is_none) {
            Some(place) => place,
            None => {
                self.users.push(None);
                self.users.len() - 1
            }
        };
        self.users[place] = Some(row);
        Ok(UserId(u32::try_from(place).unwrap_or(u32::MAX)))
    }

    /// Deletes a user that has no live connections. What its former connections left behind ends with it.
    pub fn stop_user(&mut self, now: Tick, user: UserId) -> Result<(), Error> {
        let row = self.user(user)?;
        if row.live > 0 {
            return Err(Error::ActiveConnections(row.mid.clone()));
        }
        if row.fading > 0 {
            for place in self.places_of(user, |state| state == ConnectionState::Fading) {
                self.cancel_all(now, place, &Reason::UserStopped);
                self.free_connection(place);
            }
        }
        self.unregister(user)?;
        self.users[user.0 as usize] = None;
        Ok(())
    }

    /// Everything about a user (`user_info/1`).
    pub fn user_info(&self, user: UserId) -> Result<UserInfo, Error> {
        let row = self.user(user)?;
        let places = self.places_of(user, ConnectionState::is_live);
        let id_of = |place: &u32| {
            self.connections
                .get(*place)
                .map(|row| (row, self.id_at(*place)))
        };
        let live: Vec<_> = places.iter().filter_map(id_of).collect();
        let mut requests = Vec::new();
        let mut replies = Vec::new();
        for (connection, id) in &live {
            requests.extend(self.request_ids(connection).map(|request| (*id, request)));
            let rows = connection
                .replies
                .iter()
                .filter_map(|(_, place)| self.replies.get(place));
            replies.extend(rows.map(|reply| (*id, reply.id, reply.state)));
        }
        Ok(UserInfo {
            mid: row.mid.clone(),
            config: row.config.clone(),
            connections: live.into_iter().map(|(_, id)| id).collect(),
            receive_handle: ReceiveHandle::of(user, &row.config),
            trans_id: row.last_id,
            requests,
            replies,
        })
    }

    /// What a listener of this user hands in with its messages.
    pub fn receive_handle(&self, user: UserId) -> Result<ReceiveHandle, Error> {
        Ok(ReceiveHandle::of(user, &self.user(user)?.config))
    }

    /// Changes an item; only connections made later see it (`update_user_info/3`).
    pub fn update_user_info(
        &mut self,
        user: UserId,
        item: Item,
        value: &Setting,
    ) -> Result<(), Error> {
        let mut config = (*self.user(user)?.config).clone();
        config.set(item, value)?;
        config.user_mod = self.find_module(config.user_mod.name())?;
        let row = self.user_mut(user)?;
        for overrides in row.overrides.values() {
            overrides.write(&mut config.clone())?;
        }
        row.next_id = row
            .next_id
            .clamp(config.min_trans_id, config.trans_id_max());
        row.config = Arc::new(config);
        row.variants.clear();
        Ok(())
    }

    /// Sets what is different for one peer of a user; it holds for connections made from here on. No items: nothing is.
    pub fn set_overrides(
        &mut self,
        user: UserId,
        remote: &Mid,
        items: Vec<(Item, Setting)>,
    ) -> Result<(), Error> {
        let mut config = (*self.user(user)?.config).clone();
        config.set_all(items.iter().map(|(item, value)| (*item, value)))?;
        let module = self.find_module(config.user_mod.name())?;
        let named = items.iter().any(|(item, _)| *item == Item::UserMod);
        let row = self.user_mut(user)?;
        if items.is_empty() {
            row.overrides.remove(remote);
        } else {
            let user_mod = named.then_some(module);
            row.overrides
                .insert(remote.clone(), Overrides { items, user_mod });
        }
        Ok(())
    }

    /// The running users.
    pub fn users(&self) -> impl Iterator<Item = UserId> + '_ {
        self.users
            .iter()
            .zip(0..)
            .filter(|(row, _)| row.is_some())
            .map(|(_, place)| UserId(place))
    }

    pub(super) fn user(&self, user: UserId) -> Result<&UserRow, Error> {
        self.users
            .get(user.0 as usize)
            .and_then(Option::as_ref)
            .ok_or(Error::NoSuchUser(user))
    }

    pub(super) fn user_mut(&mut self, user: UserId) -> Result<&mut UserRow, Error> {
        self.users
            .get_mut(user.0 as usize)
            .and_then(Option::as_mut)
            .ok_or(Error::NoSuchUser(user))
    }

    pub(super) fn places_of(
        &self,
        user: UserId,
        wanted: impl Fn(ConnectionState) -> bool,
    ) -> Vec<u32> {
        let rows = self.connections.iter();
        rows.filter(|(_, row)| row.user == user.0 && wanted(row.state))
            .map(|(place, _)| place)
            .collect()
    }

    /// The next id of a user, not in use; the counter moves on, and wraps from `max_trans_id` to `min_trans_id`.
    pub(super) fn next_transaction_id(&mut self, user: u32) -> Result<u32, Error> {
        let row = self.user(UserId(user))?;
        let (first, last) = (row.config.min_trans_id, row.config.trans_id_max());
        let mut id = row.next_id;
        // Ids in use are skipped; no more can be in use than there are requests.
        for _ in 0..=self.requests.len() {
            let next = if id >= last { first } else { id + 1 };
            if self.by_id.get(&(user, id)).is_none() {
                let row = self.user_mut(UserId(user))?;
                (row.next_id, row.last_id) = (next, Some(id));
                return Ok(id);
            }
            id = next;
        }
        Err(Error::NoTransactionId)
    }
}

/// Which readings exist is the engine's affair; which items exist is the configuration's.
impl UserInfo {
    /// One item by its OTP name.
    pub fn item(&self, name: &str) -> Result<Setting, ConfigError> {
        match name {
            "trans_id" => Ok(super::inspect::last_id(self.trans_id)),
            "mid" => Ok(Setting::Word(self.mid.to_string())),
            _ => Ok(self.config.get(Config::item(name)?)),
        }
    }
}
