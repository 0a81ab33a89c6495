//! The error descriptors the engine answers with, and the errors its functions return.

use crate::config::ConfigError;
use crate::handle::{ConnectionId, UserId};
use crate::mid::Mid;
use megaphone_h248::EncodeError;
use megaphone_h248::model::{ErrorDescriptor, Quoted};
use thiserror::Error;

/// Why a call into the engine was refused. Nothing was changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A user of this MID runs already: `user_already_exists`.
    #[error("user {0} already exists")]
    UserAlreadyExists(Mid),
    /// There is no such user.
    #[error("{0:?} does not exist")]
    NoSuchUser(UserId),
    /// It still has connections: `active_connections`.
    #[error("user {0} has active connections")]
    ActiveConnections(Mid),
    /// There is no such connection: `no_such_connection`.
    #[error("{0:?} does not exist")]
    NoSuchConnection(ConnectionId),
    /// The connection exists: `already_connected`.
    #[error("{0:?} is connected already")]
    AlreadyConnected(ConnectionId),
    /// The user's `handle_connect` refused it.
    #[error("connection refused by user")]
    ConnectionRefused,
    /// A configuration value is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The actions have no form in the connection's encoding.
    #[error("the transaction cannot be encoded: {0}")]
    Encode(#[from] EncodeError),
    /// A call or cast without actions.
    #[error("there is no action to send")]
    NoActions,
    /// All ids between `min_trans_id` and `max_trans_id` are in use.
    #[error("no transaction id is free")]
    NoTransactionId,
    /// Actions encoded for one codec were given to a connection of another.
    #[error("the actions were encoded for another codec")]
    WrongEncoding,
    /// A transport came that the gateway's search no longer wants: it can be closed.
    #[error("a transport to {0} is no longer wanted")]
    NoLongerWanted(Mid),
    /// The user answered what is no longer open.
    #[error("transaction {0} is no longer open")]
    Stale(u32),
    /// A named limit was reached.
    #[error("limit {0} is reached")]
    Limit(&'static str),
    /// There is no callback module of this name.
    #[error("no callback module is called {0:?}")]
    NoModuleOfName(String),
    /// There is a callback module of this name already.
    #[error("a callback module is called {0:?} already")]
    ModuleAlreadyExists(String),
}

pub(crate) fn descriptor(code: u16, text: &str) -> ErrorDescriptor<'static> {
    ErrorDescriptor {
        code,
        text: Quoted::try_from(text.to_owned()).ok(),
    }
}

pub(crate) fn refused_by_user() -> ErrorDescriptor<'static> {
    descriptor(402, "Connection refused by user")
}

pub(crate) fn authentication() -> ErrorDescriptor<'static> {
    descriptor(402, "Authentication is not supported")
}

pub(crate) fn not_negotiated(got: u8, negotiated: u8) -> ErrorDescriptor<'static> {
    descriptor(
        406,
        &format!("Not negotiated version: {got} [negotiated {negotiated}]"),
    )
}

pub(crate) fn pending_limit() -> ErrorDescriptor<'static> {
    descriptor(506, "Pending limit exceeded")
}

pub(crate) fn no_answer() -> ErrorDescriptor<'static> {
    descriptor(500, "The user did not answer in time")
}

pub(crate) fn encode_reply() -> ErrorDescriptor<'static> {
    descriptor(500, "encode transaction reply")
}

pub(crate) fn not_implemented() -> ErrorDescriptor<'static> {
    descriptor(501, "Transaction requests not handled by user")
}

pub(crate) fn unsupported(version: u8) -> ErrorDescriptor<'static> {
    descriptor(406, &format!("Unsupported version: {version}"))
}

pub(crate) fn not_registered() -> ErrorDescriptor<'static> {
    descriptor(505, "Command received before a ServiceChange reply")
}

pub(crate) fn busy() -> ErrorDescriptor<'static> {
    descriptor(510, "Too many transactions")
}

pub(crate) fn too_large() -> ErrorDescriptor<'static> {
    descriptor(533, "Response exceeds maximum transport PDU size")
}

pub(crate) fn segments_missing(missing: &[u16]) -> ErrorDescriptor<'static> {
    let list: Vec<String> = missing.iter().map(u16::to_string).collect();
    descriptor(459, &list.join(","))
}
