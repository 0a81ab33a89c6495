//! H.248 on a shard: from sockets and datagrams to the home shard of each association, through the transaction engine there, and
//! back to wherever the peer is.
//!
//! ```text
//!  TPKT or datagram ── cut, sender read ── home shard by hash(user, sender)
//!        shard 3                              │ Item::ToHome, the message lent
//!                                             ▼
//!                              shard 7: Engine ── user: built-in or a program's own
//!                                             │
//!   socket of shard 3 ◄── Item::ToGateway ────┤ for a socket
//!   peer ◄── shard 7's own UDP socket ────────┘ for a datagram's sender
//! ```
//!
//! An association lives at home, not on its socket: a gateway that comes again, by another socket, port or transport, finds its
//! replies and is sent what waits for it. [`SourceCheck`] says which places of a known peer are believed.
//!
//! | module | what |
//! | --- | --- |
//! | [`gateway`] | the side of the sockets: cuts messages, finds their home, sends what comes back |
//! | [`newcomers`] | gateways that have connected and have said nothing yet: read a few at a time, and not for ever |
//! | [`home`] | the side of the associations: the transaction engine, and what it wants sent |
//! | [`line`] | datagrams that wait for credit to their homes |
//! | [`silence`] | associations whose peers never registered and fell silent |
//! | [`book`], [`peers`] | what is known of associations and of peers without a socket |
//! | [`channel`] | where messages come from and go to, in 64 bits |
//! | [`builtin`] | the user that is there without being asked for |
//! | [`desk`] | what a user in the program wants done |
//! | [`dial`] | users that are gateways: the ways to their controllers |
//! | [`controller`] | users whose requests are answered by programs on links |
//! | [`figures`] | what is counted |
//! | [`whereabouts`] | where sockets lead, for traces |
//! | [`asked`] | what an operator asks and changes |
//! | [`config`] | what a shard is told |

mod asked;
mod book;
mod builtin;
mod channel;
mod config;
mod controller;
mod desk;
pub(crate) mod dial;
mod figures;
mod gateway;
mod home;
mod line;
mod newcomers;
mod peers;
mod silence;
mod whereabouts;

pub use channel::{Endpoint, Source};
pub use config::{Answers, Form, H248Config, H248Door, H248User, MakeUser, SourceCheck, Speech};
pub use desk::{Desk, Order};

use crate::config::{ConfigFault, ShardConfig};
use crate::contract::{ShardId, SocketId};
use crate::item::Departure;
use book::{Book, Doorkeeper, Entered, SharedBook};
use builtin::{BuiltIn, Leavers};
use controller::Controllers;
use foldhash::quality::FixedState;
use line::Lines;
use megaphone_megaco::config::{Config, Item, SendMod};
use megaphone_megaco::engine::Options;
use megaphone_megaco::registration::GatewayOptions;
use megaphone_megaco::{ConnectionId, Engine, Mid, MidBytes, ReceiveHandle, UserId};
use megaphone_pool::Writer;
use megaphone_wheel::Tick;
use newcomers::Newcomers;
use peers::Peers;
use silence::Silence;
use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::net::SocketAddr;
use whereabouts::Whereabouts;

/// What waits here for credit to one shard's sockets.
#[derive(Debug, Default)]
struct Outbox {
    waiting: VecDeque<Departure>,
    /// Items of that shard whose answer is kept back until less waits.
    withheld: u32,
}

/// H.248 on one shard.
pub(crate) struct H248 {
    engine: Engine,
    users: Vec<UserId>,
    book: SharedBook,
    leavers: Leavers,
    controllers: Controllers,
    /// By shard.
    outboxes: Vec<Outbox>,
    /// Sessions of this shard that wait for credit, by the home shard they want, first come, first served.
    waiting: Vec<VecDeque<SocketId>>,
    /// Datagrams that do.
    lines: Lines<gateway::Datagram>,
    /// Gateways that connected and are not read yet.
    newcomers: Newcomers,
    /// The session whose turn it is to use the credit that came back.
    turn: Option<SocketId>,
    /// The block that messages to other shards are written into; none between turns.
    writer: Option<Writer>,
    /// What is to be done to sockets of this shard when the engine is at rest.
    errands: Vec<Departure>,
    /// What users in the program have ordered.
    desk: Desk,
    /// Users that are gateways, by index: their associations are all at home on one shard.
    gateways: Vec<Option<GatewayOptions>>,
    /// Whether the gateways at home here have begun to register.
    started: bool,
    /// By user: whether BER's values are as OTP writes them at every listener.
    otp_values: Vec<bool>,
    addresses: Vec<(Mid, SocketAddr)>,
    dials: Vec<dial::Dial>,
    dials_made: u64,
    silence: Silence,
    whereabouts: Whereabouts,
    /// Associations whose messages an operator wants to see.
    watches: Vec<asked::Watch>,
    /// Whether the engine was told something since it was last asked.
    stirred: bool,
    hasher: FixedState,
    seed: u64,
    shards: u16,
}

impl H248 {
    /// The part of `config` that is about H.248, ready to run.
    pub(crate) fn new(config: &ShardConfig) -> Result<Option<Box<H248>>, ConfigFault> {
        let h248 = &config.h248;
        if !h248.is_on() {
            return Ok(None);
        }
        let (limits, shards) = (&config.limits, usize::from(config.shards));
        let mut engine = Engine::new(Options {
            seed: h248.seed ^ u64::from(config.shard.0) << 48,
            connections_max: limits.associations_max as usize,
            requests_per_connection_max: limits.association_requests_max as usize,
            replies_per_connection_max: limits.association_replies_max as usize,
            ..h248.options.clone()
        });
        let peers = Peers::new(limits.datagram_peers_max, h248.seed);
        let book = SharedBook::new(Book::new(h248.source_check, peers).into());
        let (leavers, desk) = (Leavers::default(), Desk::default());
        engine.set_guard(Some(Box::new(Doorkeeper(book.clone()))));
        let controllers = Controllers::new(limits.controller_requests_max, shards);
        let mut users = Vec::new();
        for (index, user) in (0..).zip(&h248.users) {
            let module = Entered {
                book: book.clone(),
                user: match &user.answers {
                    Answers::BuiltIn => Box::new(BuiltIn::new(leavers.clone())),
                    Answers::Module(make) => make.make(config.shard, desk.clone()),
                    Answers::Controllers(_) => Box::new(controllers.relay(index)),
                },
            };
            let wrong = |fault: megaphone_megaco::Error| ConfigFault::User {
                name: user.name.clone(),
                fault: fault.to_string(),
            };
            // Each user has callbacks of its own: they are called what the user is called.
            let module = engine.add_module(&user.name, Box::new(module));
            let items = Config {
                user_mod: module.map_err(wrong)?,
                ..user.items.clone()
            };
            let id = engine.start_user_with(&user.mid, items).map_err(wrong)?;
            for peer in &user.connections {
                let set = engine.set_overrides(id, &peer.remote, peer.items.clone());
                set.map_err(wrong)?;
            }
            users.push(id);
        }
        Ok(Some(Box::new(H248 {
            engine,
            users,
            book,
            leavers,
            controllers,
            outboxes: (0..shards).map(|_| Outbox::default()).collect(),
            waiting: vec![VecDeque::new(); shards],
            lines: Lines::new(
                shards,
                limits.datagrams_waiting_max,
                limits.datagrams_per_sender_max,
                h248.seed,
            ),
            newcomers: Newcomers::default(),
            turn: None,
            writer: None,
            errands: Vec::new(),
            desk,
            gateways: h248.users.iter().map(|it| it.gateway.clone()).collect(),
            started: false,
            otp_values: h248.users.iter().map(|it| it.items.otp_values).collect(),
            addresses: h248.addresses.clone(),
            dials: Vec::new(),
            dials_made: 0,
            silence: Silence::default(),
            whereabouts: Whereabouts::default(),
            watches: Vec::new(),
            stirred: false,
            hasher: FixedState::with_seed(h248.seed),
            seed: h248.seed,
            shards: config.shards,
        })))
    }

    /// The home shard of a user's association with the peer of these canonical bytes: the same on every shard.
    fn home_of(&self, user: u16, mid: &MidBytes) -> ShardId {
        let is_gateway = self.is_gateway(user);
        let mid = if is_gateway { &[] } else { mid.as_slice() };
        let hash = self.hasher.hash_one((user, mid));
        ShardId((hash % u64::from(self.shards)) as u16)
    }

    /// Changes an item of a user by its written name and value.
    fn update_user(&mut self, user: UserId, item: &str, value: &str) -> Result<(), String> {
        settable(item)?;
        let done = self.engine.update_user_text(user, item, value);
        done.map_err(|fault| fault.to_string())
    }

    /// Changes an item of an association by its written name and value.
    fn update_association(
        &mut self,
        now: Tick,
        association: ConnectionId,
        item: &str,
        value: &str,
    ) -> Result<(), String> {
        settable(item)?;
        let done = self.engine.update_conn_text(now, association, item, value);
        done.map_err(|fault| fault.to_string())
    }

    fn is_gateway(&self, user: u16) -> bool {
        matches!(self.gateways.get(usize::from(user)), Some(Some(_)))
    }

    /// Lets the gateways at home here look for their controllers.
    fn start_gateways(&mut self, now: Tick, me: ShardId) {
        self.started = true;
        for (index, user) in (0..).zip(self.users.clone()) {
            let options = self.gateways.get(usize::from(index)).cloned().flatten();
            if let Some(options) = options
                && self.home_of(index, &MidBytes::new()) == me
            {
                // It was started when this was made.
                let _ = self.engine.register(now, user, options);
            }
        }
    }

    /// What a listener hands in with a message.
    fn receive_handle(&self, user: u16, form: Form, send_mod: SendMod) -> Option<ReceiveHandle> {
        let otp_values = form == Form::OtpBer || *self.otp_values.get(usize::from(user))?;
        Some(ReceiveHandle {
            user: *self.users.get(usize::from(user))?,
            encoding_mod: form.encoding(),
            otp_values,
            send_mod,
            protocol_version: None,
        })
    }
}

/// Whether an item may be changed while the shards run: who answers decides which links and callbacks there are at all.
fn settable(item: &str) -> Result<(), String> {
    if item == Item::UserMod.name() {
        return Err("user_mod is settled when the appliance starts: change the document".into());
    }
    Ok(())
}
