//! Statistics and introspection: what the engine counts and what `system_info` shows.

use super::Engine;
use crate::counters::{Counters, Histogram, Totals};
use crate::fault::Error;
use crate::handle::ConnectionId;

/// How many rows of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Users.
    pub users: usize,
    /// Connections, fading ones included.
    pub connections: usize,
    /// `n_active_requests`.
    pub requests: usize,
    /// `n_active_replies`.
    pub replies: usize,
    /// Calls that wait for results.
    pub calls: usize,
    /// Messages whose later requests wait for an earlier one.
    pub batches: usize,
    /// Running timers.
    pub timers: usize,
}

impl Numbers {
    /// Everything by name; those OTP has by OTP's.
    pub fn named(&self) -> [(&'static str, u64); 7] {
        [
            ("users", self.users as u64),
            ("connections", self.connections as u64),
            ("n_active_requests", self.requests as u64),
            ("n_active_replies", self.replies as u64),
            ("calls", self.calls as u64),
            ("batches", self.batches as u64),
            ("timers", self.timers as u64),
        ]
    }
}

impl Engine {
    /// How many rows of each kind there are (`system_info/1`).
    pub fn numbers(&self) -> Numbers {
        Numbers {
            users: self.users.iter().flatten().count(),
            connections: self.connections.len(),
            requests: self.requests.len(),
            replies: self.replies.len(),
            calls: self.calls.len(),
            batches: self.batches.len(),
            timers: self.wheel.len(),
        }
    }

    /// All counters, in total (`get_stats/0`).
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// A connection's counters (`get_stats/1`).
    pub fn connection_counters(&self, connection: ConnectionId) -> Result<Counters, Error> {
        Ok(self.row(connection)?.counters)
    }

    /// Sets a connection's counters to zero and returns what they were (`reset_stats/1`).
    pub fn reset_connection_counters(
        &mut self,
        connection: ConnectionId,
    ) -> Result<Counters, Error> {
        let place = self.place(connection)?;
        let row = self
            .connections
            .get_mut(place)
            .ok_or(Error::NoSuchConnection(connection))?;
        Ok(std::mem::take(&mut row.counters))
    }

    /// Sets the totals to zero and returns what they were (`reset_stats/0`).
    pub fn reset_totals(&mut self) -> Totals {
        std::mem::take(&mut self.totals)
    }

    /// Times from sending a request to its final reply.
    pub fn originate_times(&self) -> &Histogram {
        &self.originate_times
    }

    /// Times from receiving a request to sending its reply.
    pub fn answer_times(&self) -> &Histogram {
        &self.answer_times
    }
}
