//! Where a connection's row is: by its id, by its peer's MID, by what it lives with.

use super::Engine;
use crate::connection::Connection;
use crate::fault::Error;
use crate::handle::{ConnectionId, UserId};
use std::hash::BuildHasher;

impl Engine {
    pub(super) fn id_at(&self, place: u32) -> ConnectionId {
        let generation = self.connections.get(place).map_or(0, |row| row.generation);
        ConnectionId { place, generation }
    }

    /// The place of a live connection.
    pub(super) fn place(&self, connection: ConnectionId) -> Result<u32, Error> {
        self.row(connection).map(|_| connection.place)
    }

    pub(super) fn row(&self, connection: ConnectionId) -> Result<&Connection, Error> {
        let row = self.connections.get(connection.place);
        row.filter(|row| row.generation == connection.generation && row.state.is_live())
            .ok_or(Error::NoSuchConnection(connection))
    }

    /// The connection of a user to a MID, live or fading.
    pub(super) fn find(&self, user: UserId, mid: &[u8]) -> Option<u32> {
        let mut place = self.by_peer.get(&self.peer_key(user.0, mid));
        while let Some(at) = place {
            let row = self.connections.get(at)?;
            if row.user == user.0
                && row
                    .remote
                    .as_ref()
                    .is_some_and(|remote| remote.as_bytes() == mid)
            {
                return Some(at);
            }
            place = row.same_hash;
        }
        None
    }

    fn peer_key(&self, user: u32, mid: &[u8]) -> u64 {
        self.hasher.hash_one((user, mid))
    }

    fn key_at(&self, place: u32) -> Option<u64> {
        let row = self.connections.get(place)?;
        Some(self.peer_key(row.user, row.remote.as_ref()?.as_bytes()))
    }

    pub(super) fn link_peer(&mut self, place: u32) {
        let Some(key) = self.key_at(place) else {
            return;
        };
        let next = self.by_peer.insert(key, place);
        if let Some(row) = self.connections.get_mut(place) {
            row.same_hash = next;
        }
    }

    pub(super) fn unlink_peer(&mut self, place: u32) {
        let Some(key) = self.key_at(place) else {
            return;
        };
        let next = self.connections.get(place).and_then(|row| row.same_hash);
        if self.by_peer.get(&key) == Some(place) {
            match next {
                Some(next) => self.by_peer.insert(key, next),
                None => self.by_peer.remove(&key),
            };
            return;
        }
        let mut at = self.by_peer.get(&key);
        while let Some(row) = at.and_then(|at| self.connections.get_mut(at)) {
            if row.same_hash == Some(place) {
                row.same_hash = next;
                return;
            }
            at = row.same_hash;
        }
    }

    pub(super) fn link_control(&mut self, place: u32) {
        let Some(control) = self.connections.get(place).and_then(|row| row.control) else {
            return;
        };
        let next = self.by_control.insert(control.0, place);
        if let Some(row) = self.connections.get_mut(place) {
            row.same_control = (None, next);
        }
        if let Some(row) = next.and_then(|next| self.connections.get_mut(next)) {
            row.same_control.0 = Some(place);
        }
    }

    pub(super) fn unlink_control(&mut self, place: u32) {
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        let Some(control) = row.control else { return };
        let (previous, next) = std::mem::take(&mut row.same_control);
        if let Some(row) = next.and_then(|next| self.connections.get_mut(next)) {
            row.same_control.0 = previous;
        }
        match previous.and_then(|previous| self.connections.get_mut(previous)) {
            Some(row) => row.same_control.1 = next,
            None => {
                match next {
                    Some(next) => self.by_control.insert(control.0, next),
                    None => self.by_control.remove(&control.0),
                };
            }
        }
    }
}
