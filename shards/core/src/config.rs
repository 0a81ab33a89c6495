//! What a shard is told when it is made. All shards of a process get the same configuration but for their number.

use crate::contract::{ShardId, Target};
use crate::credit::LaneBudget;
use crate::h248::{H248Config, H248Door};
use crate::limits::{LIMITS, Limits};
use megaphone_frame::Framing;
use thiserror::Error;

/// The configuration of one shard.
#[derive(Clone, Debug)]
pub struct ShardConfig {
    /// Which one this is.
    pub shard: ShardId,
    /// How many there are.
    pub shards: u16,
    /// Where clients come in, by [`crate::ListenerId`]. The listeners of links follow: link `i` listens as
    /// listener `listeners.len() + i`.
    pub listeners: Vec<ClientListener>,
    /// The links to backends.
    pub links: Vec<LinkSpec>,
    /// Bounds of everything.
    pub limits: Limits,
    /// How the lanes of the mesh are divided; [`ShardConfig::lane_capacity`] is what the mesh must be made with.
    pub lanes: LaneBudget,
    /// A number that differs from one start of the process to the next: the start's wall-clock time will do.
    pub epoch: u64,
    /// The name we say in HELLO.
    pub node: String,
    /// H.248's users.
    pub h248: H248Config,
}

/// Where clients come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientListener {
    /// How their streams are cut into frames; not [`Framing::Link`].
    pub framing: Framing,
    /// Where the frames go.
    pub route: Route,
    /// Bytes of one frame's body, at most; [`Limits::frame_bytes_max`] if `None`.
    pub frame_bytes_max: Option<u32>,
    /// The domain in whose name XMPP clients are told of errors; none is said if it is empty.
    pub domain: String,
}

/// Where a client's frames go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Back to the client.
    Echo,
    /// Nowhere.
    Discard,
    /// To a backend on a link of this name.
    Link(String),
    /// Each frame, or datagram, is a message for an H.248 user.
    H248(H248Door),
}

/// A link to backends. Several may have the same name: sessions are spread over all that are up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSpec {
    /// The name that routes use.
    pub name: String,
    /// Who connects to whom.
    pub side: LinkSide,
    /// What is spoken.
    pub dialect: Dialect,
    /// What the backend must say in HELLO, and what we say; empty for none.
    pub token: Vec<u8>,
}

/// Who opens a link's socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkSide {
    /// Backends connect to us.
    Listen,
    /// We connect to the backend, and again whenever it is lost.
    Connect(Target, Diallers),
}

/// Which shards dial a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Diallers {
    /// The one that [`crate::home_shard`] names for the link and the target.
    #[default]
    One,
    /// Each, a link of its own: so its clients' packets need not change shards.
    All,
}

/// What is spoken on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The link protocol, version 1.
    V1,
    /// Packets of the original Megaphone, December 2011.
    ClassicFixed,
    /// Packets of the original Megaphone, March 2012.
    ClassicVar,
}

impl Dialect {
    /// How the link's stream is cut into packets.
    #[must_use]
    pub const fn framing(self) -> Framing {
        match self {
            Dialect::V1 => Framing::Link,
            Dialect::ClassicFixed => Framing::ClassicFixed,
            Dialect::ClassicVar => Framing::ClassicVar,
        }
    }
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigFault {
    /// A shard number out of range.
    #[error(
        "shard {shard} of {shards}: numbers go from 0 to shards - 1, and at most 4096 shards are possible"
    )]
    Shard {
        /// The number.
        shard: u16,
        /// How many there are.
        shards: u16,
    },
    /// A listener's route names no link.
    #[error(
        "a listener's route is link:{name}, but no link has that name; add --link listen:ADDR?name={name}"
    )]
    UnknownLink {
        /// The name.
        name: String,
    },
    /// A client listener with the framing of links.
    #[error("clients cannot speak the framing of links; use --link for a backend")]
    LinkFraming,
    /// A listener's user is not there.
    #[error("a listener's user is {name}, but no user has that name")]
    UnknownUser {
        /// The name.
        name: String,
    },
    /// A user cannot be started.
    #[error("user {name} cannot be started: {fault}")]
    User {
        /// Its name.
        name: String,
        /// Why.
        fault: String,
    },
    /// A limit out of range.
    #[error("{key} is {value}; it must be {least} to {most}")]
    Limit {
        /// Its configuration key.
        key: &'static str,
        /// The value.
        value: u32,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A name or token too long for HELLO.
    #[error("{what} is {bytes} bytes long; at most {most} are possible")]
    TooLong {
        /// What.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
}

/// The longest node name in HELLO.
pub(crate) const NODE_BYTES_MAX: usize = 255;
/// The longest token in HELLO.
pub(crate) const TOKEN_BYTES_MAX: usize = 1_024;

impl ShardConfig {
    /// A configuration without listeners and links, everything else at its default.
    #[must_use]
    pub fn new(shard: ShardId, shards: u16) -> ShardConfig {
        ShardConfig {
            shard,
            shards,
            listeners: Vec::new(),
            links: Vec::new(),
            limits: Limits::default(),
            lanes: LaneBudget::for_shards(shards),
            epoch: 1,
            node: String::from("megaphone"),
            h248: H248Config::default(),
        }
    }

    /// The capacity that each lane of the mesh must have.
    #[must_use]
    pub fn lane_capacity(&self) -> u32 {
        self.lanes
            .capacity(self.limits.links_max, self.h248.is_on())
    }

    /// Whether the configuration can be served.
    ///
    /// # Errors
    ///
    /// The first [`ConfigFault`] found.
    pub fn check(&self) -> Result<(), ConfigFault> {
        let (shard, shards) = (self.shard.0, self.shards);
        if shard >= shards || shards > ShardId::MAX + 1 {
            return Err(ConfigFault::Shard { shard, shards });
        }
        for listener in &self.listeners {
            self.check_listener(listener)?;
        }
        for (what, bytes, most) in self
            .links
            .iter()
            .map(|link| ("a link's token", link.token.len(), TOKEN_BYTES_MAX))
            .chain([("the node's name", self.node.len(), NODE_BYTES_MAX)])
        {
            if bytes > most {
                return Err(ConfigFault::TooLong { what, bytes, most });
            }
        }
        self.check_limits()
    }

    fn check_listener(&self, listener: &ClientListener) -> Result<(), ConfigFault> {
        if listener.framing == Framing::Link {
            return Err(ConfigFault::LinkFraming);
        }
        match &listener.route {
            Route::Link(name) if !self.links.iter().any(|link| link.name == *name) => {
                Err(ConfigFault::UnknownLink { name: name.clone() })
            }
            Route::H248(door) if self.h248.index(&door.user).is_none() => {
                Err(ConfigFault::UnknownUser {
                    name: door.user.clone(),
                })
            }
            _ => Ok(()),
        }
    }

    fn check_limits(&self) -> Result<(), ConfigFault> {
        let limits = &self.limits;
        let of_shards = LIMITS.iter().map(|limit| {
            let value = limits.get(limit.key).unwrap_or(limit.default);
            (limit.key, value, limit.least, limit.most)
        });
        let rest = [
            // A PING must have the time to be answered.
            (
                "silence_ms",
                limits.silence_ms,
                limits.ping_ms.saturating_add(1),
                u32::MAX,
            ),
            (
                "redial_ms_max",
                limits.redial_ms_max,
                limits.redial_ms,
                u32::MAX,
            ),
            ("lanes.control", self.lanes.control, 1, 1 << 12),
            ("lanes.inbound", self.lanes.inbound, 1, 1 << 12),
            ("lanes.per_link", self.lanes.per_link, 1, 1 << 12),
            ("lanes.opens", self.lanes.opens, 1, 1 << 12),
            ("lanes.h248", self.lanes.h248, 1, 1 << 12),
        ];
        for (key, value, least, most) in of_shards.chain(rest) {
            if !(least..=most).contains(&value) {
                return Err(ConfigFault::Limit {
                    key,
                    value,
                    least,
                    most,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_route(route: Route) -> ShardConfig {
        let mut config = ShardConfig::new(ShardId(0), 1);
        config.listeners.push(ClientListener {
            framing: Framing::Raw,
            route,
            frame_bytes_max: None,
            domain: String::new(),
        });
        config
    }

    #[test]
    fn a_route_must_name_a_link() {
        let mut config = with_route(Route::Link("chat".into()));
        assert_eq!(
            config.check(),
            Err(ConfigFault::UnknownLink {
                name: "chat".into()
            })
        );
        config.links.push(LinkSpec {
            name: "chat".into(),
            side: LinkSide::Listen,
            dialect: Dialect::V1,
            token: vec![0; TOKEN_BYTES_MAX],
        });
        assert_eq!(config.check(), Ok(()));
        config.links[0].token.push(0);
        assert!(matches!(config.check(), Err(ConfigFault::TooLong { .. })));
    }

    #[test]
    fn every_limit_has_a_floor_and_a_ceiling() {
        for limit in LIMITS {
            let with = |value: u32| {
                let mut config = with_route(Route::Echo);
                // What must not be above another is far below it.
                let limits = &mut config.limits;
                (limits.ping_ms, limits.silence_ms) = (1, 86_400_000);
                (limits.redial_ms, limits.redial_ms_max) = (1, 86_400_000);
                config.limits.set(limit.key, value);
                config.check()
            };
            let out_of_range = |fault: Result<(), ConfigFault>| matches!(fault, Err(ConfigFault::Limit { key, .. }) if key == limit.key);
            assert_eq!(with(limit.default), Ok(()), "{}", limit.key);
            if let Some(below) = limit.least.checked_sub(1) {
                assert!(out_of_range(with(below)), "{}", limit.key);
            }
            if let Some(above) = limit.most.checked_add(1) {
                assert!(out_of_range(with(above)), "{}", limit.key);
            }
        }
    }

    #[test]
    fn a_ping_has_time_to_be_answered_and_pauses_grow() {
        let mut config = with_route(Route::Echo);
        for (ping, silence, fine) in [(10, 9, false), (10, 10, false), (10, 11, true)] {
            (config.limits.ping_ms, config.limits.silence_ms) = (ping, silence);
            assert_eq!(config.check().is_ok(), fine, "{ping}, {silence}");
        }
        for (first, last, fine) in [(10, 9, false), (10, 10, true), (10, 11, true)] {
            (config.limits.redial_ms, config.limits.redial_ms_max) = (first, last);
            assert_eq!(config.check().is_ok(), fine, "{first}, {last}");
        }
    }

    #[test]
    fn shard_numbers_are_below_the_count() {
        assert!(ShardConfig::new(ShardId(1), 1).check().is_err());
        assert!(ShardConfig::new(ShardId(4_095), 4_096).check().is_ok());
        assert!(ShardConfig::new(ShardId(0), 4_097).check().is_err());
    }

    #[test]
    fn a_lane_among_54_shards_holds_128_items_and_one_among_few_more() {
        let capacity = |shards| ShardConfig::new(ShardId(0), shards).lane_capacity();
        assert_eq!([54, 38, 2].map(capacity), [128, 232, 440]);
    }
}
