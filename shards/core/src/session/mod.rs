//! Client sessions: their table, their life cycle, and the records of those that are busy.

pub(crate) mod active;
mod client;
pub(crate) mod deliver;
mod events;
pub(crate) mod forward;
mod hold;
mod open;
mod quota;
pub(crate) mod sources;
pub(crate) mod state;
mod stream;
pub(crate) mod table;

#[cfg(test)]
mod tests;
