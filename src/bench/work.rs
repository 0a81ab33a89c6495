//! What the generator's shards are to do: the part of a run that differs from bench to bench.

use super::board::Board;
use super::h248;
use super::load::Load;
use super::plan::Plan;
use super::xmpp::{self, UsersPlan};
use crate::failure::Failure;
use megaphone_engine::{Birth, EngineConfig, EngineError, ListenerSpec, Running};
use megaphone_pool::{Class, PoolConfig};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Sockets of a shard beside its connections.
const SPARE_SOCKETS: u32 = 64;

/// The machines of a run.
#[derive(Clone, Debug)]
pub enum Work {
    /// Packets that come back.
    Packets(Plan),
    /// H.248 gateways, or a controller.
    H248(h248::plan::Plan),
    /// Users of a chat server.
    Xmpp(UsersPlan),
}

impl Work {
    /// Whether the run is possible.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] with the first thing that is not.
    pub fn check(&self) -> Result<(), Failure> {
        match self {
            Work::Packets(plan) => plan.check(),
            Work::H248(plan) => plan.check(),
            Work::Xmpp(plan) => plan.plan.check_connections(),
        }
    }

    /// Connections, or gateways, over all shards.
    #[must_use]
    pub fn connections(&self) -> u32 {
        match self {
            Work::Packets(plan) => plan.connections,
            Work::H248(plan) => plan.gateways,
            Work::Xmpp(plan) => plan.plan.connections,
        }
    }

    /// Whether the run goes on without connections that neither came nor failed for too long.
    #[must_use]
    pub fn does_without_the_late(&self) -> bool {
        matches!(self, Work::Xmpp(_))
    }

    /// Sockets over all shards; the limit on descriptors says how many a shard may have.
    #[must_use]
    pub fn sockets(&self) -> u32 {
        match self {
            Work::Packets(plan) => plan.connections,
            Work::H248(plan) if plan.place.is_udp() => u32::from(plan.sockets),
            Work::H248(plan) => plan.gateways,
            Work::Xmpp(plan) => plan.plan.connections,
        }
    }

    /// Time before figures count, during which they do, and for stragglers.
    #[must_use]
    pub fn times(&self) -> (Duration, Duration, Duration) {
        match self {
            Work::Packets(plan) => (plan.warmup, plan.duration, plan.grace),
            Work::H248(plan) => (plan.warmup, plan.duration, plan.grace),
            Work::Xmpp(UsersPlan { plan, .. }) => (plan.warmup, plan.duration, plan.grace),
        }
    }

    /// How long all are silent once they are there.
    #[must_use]
    pub fn hold(&self) -> Duration {
        match self {
            Work::H248(plan) => plan.hold,
            Work::Packets(_) | Work::Xmpp(_) => Duration::ZERO,
        }
    }

    /// Starts the shards.
    ///
    /// # Errors
    ///
    /// The engine's.
    pub fn start(
        &self,
        board: &Arc<Board>,
        shards: u16,
        cpus: &[usize],
    ) -> Result<Running<()>, EngineError> {
        let share = self.sockets().div_ceil(u32::from(shards).max(1));
        let config = EngineConfig {
            shards,
            cpus: cpus.to_vec(),
            sockets_max: Some(share + SPARE_SOCKETS),
            ..EngineConfig::default()
        };
        let board = Arc::clone(board);
        match self {
            Work::Packets(plan) => {
                let plan = Arc::new(plan.clone());
                let make = move |birth: Birth| {
                    let (plan, board) = (Arc::clone(&plan), Arc::clone(&board));
                    let (shard, shards) = (u32::from(birth.shard.0), u32::from(birth.shards));
                    Load::new(plan, board, birth.pool, shard, shards)
                };
                megaphone_engine::run(config, make, drop)
            }
            Work::Xmpp(plan) => {
                let script = Arc::new(plan.script(u32::from(shards)));
                let plan = Arc::new(plan.plan.clone());
                let make = move |birth: Birth| {
                    let (script, plan) = (Arc::clone(&script), Arc::clone(&plan));
                    let place = (u32::from(birth.shard.0), u32::from(birth.shards));
                    xmpp::load::Load::new(script, plan, Arc::clone(&board), birth.pool, place)
                };
                megaphone_engine::run(config, make, drop)
            }
            Work::H248(plan) => {
                let config = EngineConfig {
                    listeners: listeners(plan),
                    // Bursts of datagrams: large blocks to receive into, small ones to send from.
                    pool: PoolConfig::new(0)
                        .with(Class::Parking, 256, 32_768)
                        .with(Class::Receive, 2_048, 16_384)
                        .with(Class::Bulk, 16_384, 512),
                    datagram_buffers: 256,
                    // Controllers and the rare gateway that is called more often than planned find room.
                    sockets_max: config.sockets_max.map(|sockets| sockets.max(1_024)),
                    ..config
                };
                let plan = Arc::new(plan.clone());
                let make = move |birth: Birth| {
                    let (plan, board) = (Arc::clone(&plan), Arc::clone(&board));
                    let (shard, shards) = (u32::from(birth.shard.0), u32::from(birth.shards));
                    h248::station::Station::new(plan, board, birth.pool, shard, shards)
                };
                megaphone_engine::run(config, make, drop)
            }
        }
    }
}

/// Where a controller listens, or the ports from which gateways send datagrams.
fn listeners(plan: &h248::plan::Plan) -> Vec<ListenerSpec> {
    use h248::plan::{Place, Role};
    match (plan.role, plan.place) {
        (Role::Controller, Place::Tcp(at)) => vec![ListenerSpec {
            wants_peer: false,
            ..ListenerSpec::tcp(at)
        }],
        (Role::Controller, Place::Udp(at)) => vec![ListenerSpec::udp(at)],
        (Role::Gateway, Place::Tcp(_)) => Vec::new(),
        (Role::Gateway, Place::Udp(_)) => {
            let sockets = 0..plan.sockets;
            sockets
                .map(|it| ListenerSpec::udp(plan.source(it)))
                .collect()
        }
    }
}

/// One line for the operator.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::Packets(plan) => plan.fmt(f),
            Work::H248(plan) => plan.fmt(f),
            Work::Xmpp(plan) => plan.fmt(f),
        }
    }
}
