//! The shard as one state machine: sessions, links, routing, limits, drain.
#![forbid(unsafe_code)]

mod contract;

pub use contract::{
    Close, ConnectToken, Input, ListenerId, Machine, Note, NoteLevel, Output, Peer, ShardId, SocketFault, SocketId, Target,
};
