//! What a seed draws before anything happens.

use megaphone_core::{
    ClientListener, Dialect, Diallers, LaneBudget, Limits, LinkSide, LinkSpec, Route, ShardConfig,
    ShardId, Target,
};
use megaphone_frame::Framing;
use megaphone_pool::{Class, PoolConfig};
use megaphone_wheel::Rng;

/// One thing that a step can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
    /// The kernel completes something on some socket.
    Kernel,
    /// A shard takes items and returns from the mesh.
    Mesh,
    /// A few milliseconds pass.
    Clock,
    /// A client connects.
    Connect,
    /// A client writes.
    ClientWrites,
    /// A client ends its side.
    ClientEnds,
    /// A client's socket breaks.
    ClientBreaks,
    /// A client stops reading, or goes on.
    ClientStalls,
    /// A client writes what is no frame.
    ClientGarbage,
    /// A backend connects if it has no link.
    BackendConnects,
    /// A backend reads and answers what has come.
    BackendReads,
    /// A backend writes to some client.
    BackendWrites,
    /// A backend ends a connection.
    BackendCloses,
    /// A backend resets a connection.
    BackendResets,
    /// A backend acknowledges.
    BackendAcks,
    /// A link's socket breaks; the backend remembers.
    LinkBreaks,
    /// A backend forgets everything.
    BackendRestarts,
    /// A backend stops reading, or goes on.
    BackendStalls,
    /// A backend breaks the protocol on one connection.
    BackendErrs,
    /// A backend writes what is no packet.
    LinkGarbage,
    /// A backend asks for no more sessions.
    BackendDrains,
    /// Accepting fails.
    AcceptFails,
    /// A pool runs dry, or is refilled.
    PoolDry,
    /// The clock jumps by half a minute.
    ClockJumps,
}

impl Action {
    /// All actions with their weights.
    pub const ALL: [(Action, u32); 24] = [
        (Action::Kernel, 300),
        (Action::Mesh, 160),
        (Action::Clock, 90),
        (Action::Connect, 40),
        (Action::ClientWrites, 90),
        (Action::ClientEnds, 12),
        (Action::ClientBreaks, 6),
        (Action::ClientStalls, 10),
        (Action::ClientGarbage, 2),
        (Action::BackendConnects, 30),
        (Action::BackendReads, 150),
        (Action::BackendWrites, 90),
        (Action::BackendCloses, 10),
        (Action::BackendResets, 3),
        (Action::BackendAcks, 30),
        (Action::LinkBreaks, 3),
        (Action::BackendRestarts, 1),
        (Action::BackendStalls, 6),
        (Action::BackendErrs, 3),
        (Action::LinkGarbage, 1),
        (Action::BackendDrains, 1),
        (Action::AcceptFails, 2),
        (Action::PoolDry, 2),
        (Action::ClockJumps, 1),
    ];

    /// Whether the world stands still without it.
    fn is_vital(self) -> bool {
        matches!(
            self,
            Action::Kernel
                | Action::Mesh
                | Action::Clock
                | Action::Connect
                | Action::ClientWrites
                | Action::BackendConnects
                | Action::BackendReads
        )
    }
}

/// What one simulation is like.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The configuration of all shards; each gets its own number.
    pub config: ShardConfig,
    /// The shape of each pool.
    pub pool: PoolConfig,
    /// Actions and their weights.
    pub actions: Vec<(Action, u32)>,
    /// Clients alive at once.
    pub clients_max: usize,
    /// Bytes that one receive, or one send, moves at most.
    pub chunk_max: usize,
    /// Bytes of one message.
    pub message_max: usize,
    /// For each link specification, how many backends there are.
    pub backends: usize,
    /// Whether backends acknowledge, by chance.
    pub numbered: (u64, u64),
    /// Credit that backends give, in bytes.
    pub credit: u32,
}

impl Plan {
    /// A calm world of `shards`, with a listener for each framing and route and one link of each dialect: for scenarios.
    #[must_use]
    pub fn calm(shards: u16) -> Plan {
        let mut config = ShardConfig::new(ShardId(0), shards);
        config.listeners = listeners();
        // Everybody is offered at once, unless a scenario is about that.
        config.limits.open_rate = 0;
        config.links = links();
        Plan {
            config,
            pool: PoolConfig::new(0)
                .with(Class::Receive, 2_048, 512)
                .with(Class::Parking, 256, 2_048)
                .with(Class::Bulk, 16_384, 64),
            actions: Vec::new(),
            clients_max: 1_000,
            chunk_max: 2_048,
            message_max: 4_096,
            backends: 0,
            numbered: (1, 1),
            credit: 65_536,
        }
    }

    /// What `rng` draws: swarm testing, with numbers from one upwards.
    #[must_use]
    pub fn drawn(rng: &mut Rng) -> Plan {
        let shards = rng.range(1, 8) as u16;
        let mut plan = Plan::calm(shards);
        let sizes = [1, 2, 8, 64];
        let draw = |rng: &mut Rng| *rng.pick(&sizes).unwrap_or(&1);
        plan.config.lanes = LaneBudget {
            control: draw(rng),
            inbound: draw(rng),
            per_link: draw(rng),
            opens: draw(rng),
            h248: 8,
        };
        draw_limits(rng, &mut plan.config.limits);
        plan.chunk_max = *rng.pick(&[1, 7, 100, 2_048]).unwrap_or(&100);
        plan.message_max = *rng.pick(&[1, 40, 700, 6_000]).unwrap_or(&40);
        plan.clients_max = *rng.pick(&[1, 2, 8, 24]).unwrap_or(&8);
        plan.backends = rng.range(1, 2) as usize;
        plan.numbered = (rng.below(3), 2);
        plan.credit = *rng.pick(&[1, 100, 4_096, 65_536]).unwrap_or(&4_096);
        if rng.chance(1, 6) {
            plan.pool = plan
                .pool
                .with(Class::Parking, 256, 24)
                .with(Class::Receive, 2_048, 24)
                .with(Class::Bulk, 16_384, 8);
        }
        plan.actions = Action::ALL
            .into_iter()
            .filter(|(action, _)| action.is_vital() || !rng.chance(1, 3))
            .collect();
        plan
    }
}

/// Limits from 1, 2, small, or the default, where such a number makes sense.
fn draw_limits(rng: &mut Rng, limits: &mut Limits) {
    limits.window_bytes_max = *rng.pick(&[1_024, 2_048, 8_192, 65_536]).unwrap_or(&65_536);
    limits.frame_bytes_max = limits.window_bytes_max;
    limits.outgoing_bytes_max = *rng.pick(&[1, 100, 4_096, 65_536]).unwrap_or(&65_536);
    limits.packet_bytes_max = *rng.pick(&[1_024, 4_096, 65_536]).unwrap_or(&65_536);
    limits.replay_bytes_max = *rng.pick(&[1, 2_000, 1 << 20]).unwrap_or(&2_000);
    limits.link_outgoing_bytes_max = *rng.pick(&[1, 4_096, 262_144]).unwrap_or(&4_096);
    limits.ack_intervals_max = *rng.pick(&[1, 2, 256]).unwrap_or(&256);
    limits.links_max = *rng.pick(&[1, 2, 4]).unwrap_or(&4);
    limits.scan_slots = *rng.pick(&[1, 2, 1_024]).unwrap_or(&1_024);
    limits.scan_closes = *rng.pick(&[1, 2, 64]).unwrap_or(&64);
    limits.sessions_max = *rng.pick(&[1, 2, 20_000, 20_000]).unwrap_or(&20_000);
    limits.open_rate = *rng.pick(&[0, 0, 100, 5_000]).unwrap_or(&0);
    limits.opens_waiting_max = *rng.pick(&[1, 2, 20_000, 20_000]).unwrap_or(&20_000);
    limits.resets_per_second = *rng.pick(&[1, 2, 1_000]).unwrap_or(&1_000);
}

/// Every framing to the link, and some of them to echo and discard.
fn listeners() -> Vec<ClientListener> {
    let to = |framing, route: &Route| ClientListener {
        framing,
        route: route.clone(),
        frame_bytes_max: None,
        domain: String::new(),
    };
    let chat = Route::Link(String::from("chat"));
    vec![
        to(Framing::Raw, &chat),
        to(Framing::ClassicFixed, &chat),
        to(Framing::ClassicVar, &chat),
        to(Framing::Tpkt, &chat),
        to(Framing::Raw, &Route::Echo),
        to(Framing::ClassicFixed, &Route::Echo),
        to(Framing::Tpkt, &Route::Echo),
        to(Framing::Raw, &Route::Discard),
        to(Framing::Raw, &Route::Link(String::from("old"))),
        to(Framing::ClassicVar, &Route::Link(String::from("old"))),
        to(Framing::Raw, &Route::Link(String::from("far"))),
        ClientListener {
            domain: String::from("chat.example"),
            ..to(Framing::Stanza, &chat)
        },
    ]
}

/// A link of ours for each dialect, and one that we dial.
fn links() -> Vec<LinkSpec> {
    let link = |name: &str, side, dialect, token: &[u8]| LinkSpec {
        name: name.to_owned(),
        side,
        dialect,
        token: token.to_vec(),
    };
    let target = Target::Tcp {
        to: ([192, 0, 2, 9], 6280).into(),
        from: None,
    };
    vec![
        link("chat", LinkSide::Listen, Dialect::V1, b"secret"),
        link("old", LinkSide::Listen, Dialect::ClassicFixed, b""),
        link(
            "far",
            LinkSide::Connect(target, Diallers::One),
            Dialect::V1,
            b"",
        ),
    ]
}
