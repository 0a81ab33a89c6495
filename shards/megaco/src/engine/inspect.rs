//! Looking at users and connections and changing them by written names and values: what an operator's command or a controller's frame does.

use super::Engine;
use crate::config::{Config, ConfigError, Item, Setting};
use crate::fault::Error;
use crate::handle::{ConnectionId, UserId};
use crate::mid::Mid;
use megaphone_wheel::Tick;

impl Engine {
    /// All live connections, in the order of their places.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.connections_after(None)
    }

    /// The live connections behind this one, so that a long list can be taken in parts. The one named may be gone by now.
    pub fn connections_after(
        &self,
        after: Option<ConnectionId>,
    ) -> impl Iterator<Item = ConnectionId> + '_ {
        let from = after.map_or(0, |id| id.place.saturating_add(1));
        let rows = self.connections.iter_from(from);
        rows.filter(|(_, row)| row.state.is_live())
            .map(|(place, row)| ConnectionId {
                place,
                generation: row.generation,
            })
    }

    /// The live connections of a user.
    pub fn connections_of(&self, user: UserId) -> impl Iterator<Item = ConnectionId> + '_ {
        let rows = self.connections.iter();
        rows.filter(move |(_, row)| row.user == user.0 && row.state.is_live())
            .map(|(place, row)| ConnectionId {
                place,
                generation: row.generation,
            })
    }

    /// The user of this MID.
    pub fn find_user(&self, mid: &Mid) -> Option<UserId> {
        let mut rows = self.users.iter().zip(0..);
        rows.find(|(row, _)| row.as_ref().is_some_and(|row| row.mid == *mid))
            .map(|(_, place)| UserId(place))
    }

    /// One item or reading of a user, by OTP's name (`user_info/2`).
    pub fn user_item(&self, user: UserId, name: &str) -> Result<Setting, Error> {
        let row = self.user(user)?;
        let mid = |id: ConnectionId| self.row(id).ok()?.remote.as_ref().map(word);
        Ok(match name {
            "mid" | "local_mid" => word(&row.mid),
            "trans_id" => last_id(row.last_id),
            "connections" => Setting::List(self.connections_of(user).filter_map(mid).collect()),
            "requests" | "replies" => {
                let each = self.connections_of(user).filter_map(|id| self.row(id).ok());
                let lists = each.map(|row| match name {
                    "requests" => numbers(self.request_ids(row)),
                    _ => numbers(row.replies.iter().map(|(id, _)| id)),
                });
                Setting::List(lists.collect())
            }
            "conn_data" => Setting::List(
                self.connections_of(user)
                    .map(|id| Setting::Word(id.as_u64().to_string()))
                    .collect(),
            ),
            _ => row.config.get(Config::item(name)?),
        })
    }

    /// One item or reading of a connection, by OTP's name (`conn_info/2`).
    pub fn connection_item(&self, connection: ConnectionId, name: &str) -> Result<Setting, Error> {
        let row = self.row(connection)?;
        let handle = |number: u64| Setting::Int(number.cast_signed());
        Ok(match name {
            "local_mid" => word(&self.user(UserId(row.user))?.mid),
            "remote_mid" => match &row.remote {
                Some(mid) => word(mid),
                None => "preliminary_mid".into(),
            },
            "trans_id" => self.user(UserId(row.user))?.next_id.into(),
            "requests" => numbers(self.request_ids(row)),
            "replies" => numbers(row.replies.iter().map(|(id, _)| id)),
            "send_handle" => handle(row.send_handle.0),
            "control_pid" => row
                .control
                .map_or_else(|| "undefined".into(), |control| handle(control.0)),
            "trans_sender" => row.config.sender_wanted().into(),
            "conn_data" => Setting::Word(connection.as_u64().to_string()),
            // A cancel is over before anyone can ask.
            "cancel" => false.into(),
            _ => row.config.get(Config::item(name)?),
        })
    }

    /// Whether the registration procedure of a connection is over (item `registration`).
    pub fn is_registered(&self, connection: ConnectionId) -> Result<bool, Error> {
        Ok(self.row(connection)?.registered)
    }

    /// How many messages came from a connection's peer.
    pub fn messages_from(&self, connection: ConnectionId) -> Result<u32, Error> {
        Ok(self.row(connection)?.counters.in_messages)
    }

    /// Changes an item of a user by its written name and value, as in `update_user_info "reply_timer" "30000"`.
    pub fn update_user_text(&mut self, user: UserId, name: &str, value: &str) -> Result<(), Error> {
        let (item, value) = read(name, value)?;
        self.update_user_info(user, item, &value)
    }

    /// Changes an item of a connection by its written name and value.
    pub fn update_conn_text(
        &mut self,
        now: Tick,
        connection: ConnectionId,
        name: &str,
        value: &str,
    ) -> Result<(), Error> {
        let (item, value) = read(name, value)?;
        self.update_conn_info(now, connection, item, &value)
    }
}

fn read(name: &str, value: &str) -> Result<(Item, Setting), ConfigError> {
    Ok((Config::item(name)?, value.parse()?))
}

/// The id of a user's last request, as OTP shows it.
pub(super) fn last_id(id: Option<u32>) -> Setting {
    id.map_or_else(|| "undefined_serial".into(), Setting::from)
}

fn word(mid: &Mid) -> Setting {
    Setting::Word(mid.to_string())
}

fn numbers(ids: impl Iterator<Item = u32>) -> Setting {
    Setting::List(ids.map(Setting::from).collect())
}
