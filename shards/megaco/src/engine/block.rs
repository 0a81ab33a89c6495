//! Blocking: a user that is overrun stops hearing one peer for a while (`block/1`, `unblock/1` of OTP's transports).

use super::Engine;
use super::receive::Source;
use crate::fault::Error;
use crate::handle::ConnectionId;
use megaphone_wheel::Tick;

impl Engine {
    /// Stops taking a connection's messages. Those that still come are kept, as many as [`HELD_MESSAGES_MAX`], and dropped beyond:
    /// their senders send again. Whoever reads a socket that only this connection uses stops reading it besides.
    ///
    /// [`HELD_MESSAGES_MAX`]: crate::connection::HELD_MESSAGES_MAX
    pub fn block(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let place = self.place(connection)?;
        if let Some(row) = self.connections.get_mut(place) {
            row.rare.get_or_insert_default().blocked = true;
        }
        Ok(())
    }

    /// Takes a connection's messages again, those that were kept first.
    pub fn unblock(&mut self, now: Tick, connection: ConnectionId) -> Result<(), Error> {
        let place = self.place(connection)?;
        if let Some(rare) = self.rare_mut(place) {
            rare.blocked = false;
        }
        for message in self.take_held(place) {
            self.receive(now, &message.receive, Source::of(&message), &message.bytes);
        }
        Ok(())
    }

    /// Whether a connection is blocked.
    pub fn is_blocked(&self, connection: ConnectionId) -> Result<bool, Error> {
        let row = self.row(connection)?;
        Ok(row.rare.as_ref().is_some_and(|rare| rare.blocked))
    }
}
