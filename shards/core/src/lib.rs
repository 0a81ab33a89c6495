//! The shard as one state machine: sessions, links, routing, credit, limits, overload and drain. It knows no socket, clock or
//! thread; an engine or a simulator drives it through the border in [`contract`].
//!
//! ```text
//!  contract   Machine, Input, Output: what a driver and a machine say to each other
//!  shard      Shard: the appliance's machine; takes each input to where it belongs
//!  session    clients: the table, the life cycle, what comes from them and what goes to them
//!  link       backends: greeting, packets both ways, acknowledgement and replay, who knows which link is up
//!  h248       gateways: messages to their home shard, the transaction engine there, and back
//!  item       what the mesh carries        credit     how its lanes are shared
//!  limits     every bound by name          config     what a shard is told
//!  command    what an operator may ask of a running shard
//!  overload   levels and shedding          drain      the paced end       deadlines   all timers
//! ```
#![forbid(unsafe_code)]

mod command;
mod config;
mod contract;
mod credit;
mod deadlines;
mod drain;
mod h248;
mod id;
mod item;
mod limits;
mod link;
mod overload;
mod session;
mod shard;

pub use command::{Answer, Command, Ends, QuestionId, Traced, Transport};
pub use config::{
    ClientListener, ConfigFault, Dialect, Diallers, LinkSide, LinkSpec, Route, ShardConfig,
};
pub use contract::{
    Close, ConnectToken, Input, ListenerId, Machine, Note, NoteLevel, Output, Peer, ShardId,
    SocketFault, SocketId, Target,
};
pub use credit::LaneBudget;
pub use h248::{
    Answers, Desk, Endpoint, Form, H248Config, H248Door, H248User, MakeUser, Order, Source,
    SourceCheck, Speech,
};
pub use id::{ConnectionId, LinkId, home_shard};
pub use item::{
    Accepted, Arrival, Body, Departure, Errand, Handed, Introduction, Item, LinkStatus, Packet,
    Payload, Stage, UserItem,
};
pub use limits::{LIMITS, Limit, Limits};
pub use shard::{Shard, ShardGauges};
