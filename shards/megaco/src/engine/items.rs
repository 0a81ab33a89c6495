//! Changing a live connection: its items, its codec and version, where it sends and what it lives with.

use super::Engine;
use crate::config::{Config, Item, Setting};
use crate::fault::Error;
use crate::handle::{ConnectionId, ControlHandle, ReceiveHandle, SendHandle, UserId};
use megaphone_wheel::Tick;
use std::sync::Arc;

impl Engine {
    /// Changes an item of a live connection (`update_conn_info/3`). What the sender has stored under old settings leaves first.
    pub fn update_conn_info(
        &mut self,
        now: Tick,
        connection: ConnectionId,
        item: Item,
        value: &Setting,
    ) -> Result<(), Error> {
        let place = self.place(connection)?;
        let mut config = (*self.row(connection)?.config).clone();
        config.set(item, value)?;
        config.user_mod = self.find_module(config.user_mod.name())?;
        self.install(now, place, config);
        Ok(())
    }

    /// Changes where a connection sends and what it lives with.
    pub fn update_handles(
        &mut self,
        connection: ConnectionId,
        send_handle: SendHandle,
        control: Option<ControlHandle>,
    ) -> Result<(), Error> {
        let place = self.place(connection)?;
        self.move_handles(place, send_handle, control);
        Ok(())
    }

    pub(super) fn move_handles(
        &mut self,
        place: u32,
        send_handle: SendHandle,
        control: Option<ControlHandle>,
    ) {
        self.unlink_control(place);
        if let Some(row) = self.connections.get_mut(place) {
            row.send_handle = send_handle;
            row.control = control;
        }
        self.link_control(place);
    }

    /// Changes codec, transport and version together (item `receive_handle`). The handle must be of the connection's user.
    pub fn update_receive_handle(
        &mut self,
        now: Tick,
        connection: ConnectionId,
        receive: &ReceiveHandle,
    ) -> Result<(), Error> {
        let place = self.place(connection)?;
        let row = self.row(connection)?;
        if row.user != receive.user.0 {
            return Err(Error::NoSuchUser(receive.user));
        }
        let mut config = (*row.config).clone();
        config.encoding_mod = receive.encoding_mod;
        config.otp_values = receive.otp_values;
        config.send_mod = receive.send_mod;
        config.protocol_version = receive.protocol_version.unwrap_or(config.protocol_version);
        config.check()?;
        self.install(now, place, config);
        Ok(())
    }

    pub(super) fn install(&mut self, now: Tick, place: u32, config: Config) {
        self.flush(now, place);
        let Some(user) = self.connections.get(place).map(|row| row.user) else {
            return;
        };
        let config = match self.user_mut(UserId(user)) {
            Ok(user) => user.shared(config),
            Err(_) => Arc::new(config),
        };
        if let Some(row) = self.connections.get_mut(place) {
            row.config = config;
        }
    }
}
