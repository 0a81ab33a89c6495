//! Every number that bounds what a peer can make a shard hold or do, each with its name, default, metric and refusal counter.

use std::time::Duration;

/// What an operator has to know about one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The configuration key, and the field of [`Limits`].
    pub key: &'static str,
    /// The default; durations in milliseconds.
    pub default: u32,
    /// The least that it may be set to.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// The metric that says how full it is.
    pub occupancy: &'static str,
    /// The counter that rises when it is met.
    pub refused: &'static str,
}

/// Defines [`Limits`], its defaults and [`LIMITS`] from one list, so that they cannot drift apart.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $default:literal in $least:literal..=$most:expr, $occupancy:literal, $refused:literal;)+) => {
        /// The limits of one shard. Fields that end in `_ms` are milliseconds, in `_bytes_max` bytes.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Limits {
            $($(#[$doc])* pub $name: u32,)+
        }

        impl Default for Limits {
            fn default() -> Limits {
                Limits { $($name: $default,)+ }
            }
        }

        /// All limits, in the order of [`Limits`]' fields.
        pub const LIMITS: &[Limit] = &[$(Limit {
            key: stringify!($name),
            default: $default,
            least: $least,
            most: $most,
            occupancy: $occupancy,
            refused: $refused,
        },)+];

        impl Limits {
            /// Sets a limit by its configuration key; false if there is none of that name.
            pub fn set(&mut self, key: &str, value: u32) -> bool {
                match key {
                    $(stringify!($name) => self.$name = value,)+
                    _ => return false,
                }
                true
            }

            /// The value of a limit by its configuration key.
            #[must_use]
            pub fn get(&self, key: &str) -> Option<u32> {
                match key {
                    $(stringify!($name) => Some(self.$name),)+
                    _ => None,
                }
            }
        }
    };
}

impl Limits {
    /// Whether sources have limits: then all sessions of a source have to be on one shard.
    #[must_use]
    pub fn counts_sources(&self) -> bool {
        self.source_sessions_max != 0 || self.source_opens_per_second != 0
    }
}

/// A day: no duration that a peer can make us wait is longer.
const DAY_MS: u32 = 86_400_000;

limits! {
    /// Sessions on this shard. One more is closed at once.
    sessions_max = 20_000 in 1..=u32::MAX, "megaphone_sessions", "megaphone_connections_refused_total";
    /// Bytes of one frame's body from a client, and from a backend for a client whose framing needs it whole.
    frame_bytes_max = 65_536 in 1..=1 << 30, "megaphone_pool_blocks", "megaphone_frame_faults_total";
    /// Bytes waiting to be sent to one client before an echoing session is no longer read, and before a session of a backend
    /// without credit (the classic dialects) is closed.
    outgoing_bytes_max = 65_536 in 1..=u32::MAX, "megaphone_pool_blocks", "megaphone_connections_closed_total";
    /// Credit in bytes that a backend gets for each connection, a multiple of 1,024: what it may have under way to one client.
    window_bytes_max = 65_536 in 1_024..=65_535 << 10, "megaphone_pool_blocks", "megaphone_link_faults_total";
    /// From the first byte of a frame to the end of its header.
    header_ms = 5_000 in 1..=DAY_MS, "megaphone_sessions", "megaphone_frame_faults_total";
    /// From the end of a frame's header to its last byte, beside what `body_rate_min` allows for its length.
    body_ms = 10_000 in 1..=DAY_MS, "megaphone_sessions", "megaphone_frame_faults_total";
    /// Bytes per second that a body must arrive with at least.
    body_rate_min = 256 in 1..=u32::MAX, "megaphone_sessions", "megaphone_frame_faults_total";
    /// From the backend's answer to OPEN to the end of the header of an XMPP client's stream.
    stream_ms = 30_000 in 1..=DAY_MS, "megaphone_sessions", "megaphone_frame_faults_total";
    /// How long an XMPP client that was told why its stream ends may take to end it too.
    parting_ms = 2_000 in 1..=DAY_MS, "megaphone_sessions", "megaphone_connections_closed_total";
    /// XMPP clients above `sessions_max` that are told so before they are closed; those beyond are closed without a word.
    refusals_told_max = 64 in 1..=65_536, "megaphone_sessions", "megaphone_connections_refused_total";
    /// How long a partial frame may sit in the blocks it arrived in before it is moved to the smallest that hold it.
    settle_ms = 200 in 1..=DAY_MS, "megaphone_pool_blocks", "megaphone_overload_actions_total";
    /// How long a client, or a backend, may take no byte of what is outgoing.
    stall_ms = 30_000 in 1..=DAY_MS, "megaphone_sessions", "megaphone_connections_closed_total";
    /// OPENs per second that a backend is sent on one link, by all shards together; 0: as they come.
    open_rate = 500 in 0..=1_000_000, "megaphone_link_opens_waiting", "megaphone_connections_refused_total";
    /// Clients of this shard that may wait for their OPEN to be sent on one link. One more is refused.
    opens_waiting_max = 20_000 in 1..=u32::MAX, "megaphone_link_opens_waiting", "megaphone_connections_refused_total";
    /// Sessions of one source address (IPv6: of one /64), all of which are on one shard; 0: any number.
    source_sessions_max = 0 in 0..=u32::MAX, "megaphone_sources", "megaphone_connections_refused_total";
    /// New sessions per second of one source address (IPv6: of one /64); 0: any number.
    source_opens_per_second = 0 in 0..=u32::MAX, "megaphone_sources", "megaphone_connections_refused_total";
    /// Source addresses that this shard remembers while one of these limits is on. A client of one more is refused.
    sources_max = 65_536 in 1..=16_777_216, "megaphone_sources", "megaphone_connections_refused_total";
    /// How long a backend may take to answer OPEN.
    open_ms = 10_000 in 1..=DAY_MS, "megaphone_sessions", "megaphone_connections_closed_total";
    /// How long a session may wait for the backend's CLOSE after its own.
    linger_ms = 60_000 in 1..=DAY_MS, "megaphone_sessions", "megaphone_connections_closed_total";
    /// Links at home on this shard, live or lost.
    links_max = 4 in 1..=256, "megaphone_link_up", "megaphone_connections_refused_total";
    /// Sockets that were accepted for a link and have not said HELLO.
    greetings_max = 64 in 1..=65_536, "megaphone_greetings", "megaphone_connections_refused_total";
    /// From the start of a link's socket to the end of its HELLO, or of the answer to ours.
    hello_ms = 5_000 in 1..=DAY_MS, "megaphone_greetings", "megaphone_link_faults_total";
    /// Payload bytes of one packet on a link, both ways at most.
    packet_bytes_max = 65_536 in 1_024..=1 << 24, "megaphone_pool_blocks", "megaphone_link_faults_total";
    /// Bytes waiting on a link before small items too keep their lane credit until they are sent. As many answers to PING, and
    /// acknowledgements, may wait for a backend before it is not read any more.
    link_outgoing_bytes_max = 262_144 in 1..=u32::MAX, "megaphone_link_outgoing_bytes", "megaphone_mesh_credit_starved_total";
    /// Silence on a link before a PING.
    ping_ms = 10_000 in 1..=DAY_MS, "megaphone_link_up", "megaphone_link_losses_total";
    /// Silence on a link before it counts as lost.
    silence_ms = 30_000 in 1..=DAY_MS, "megaphone_link_up", "megaphone_link_losses_total";
    /// Bytes of packets kept for replay on one link before lane credits are withheld.
    replay_bytes_max = 1_048_576 in 1..=u32::MAX, "megaphone_link_unacknowledged_bytes", "megaphone_link_quota_withheld_total";
    /// How long a lost link is kept for its node to come back.
    resume_ms = 10_000 in 1..=DAY_MS, "megaphone_link_up", "megaphone_connections_closed_total";
    /// How long acknowledgements are gathered before they are passed on.
    ack_ms = 5 in 1..=DAY_MS, "megaphone_link_unacknowledged_bytes", "megaphone_link_quota_withheld_total";
    /// Intervals of acknowledgements one shard gathers for one link before it withholds lane credits.
    ack_intervals_max = 256 in 1..=1 << 20, "megaphone_link_unacknowledged_bytes", "megaphone_mesh_credit_starved_total";
    /// RESETs in answer to unknown connections that each shard sends on each link per second.
    resets_per_second = 1_000 in 1..=u32::MAX, "megaphone_link_outgoing_bytes", "megaphone_link_resets_suppressed_total";
    /// The first pause before a link is dialled again; each further one is twice as long.
    redial_ms = 100 in 1..=DAY_MS, "megaphone_link_up", "megaphone_connections_connect_failed_total";
    /// The longest pause before a link is dialled again.
    redial_ms_max = 5_000 in 1..=DAY_MS, "megaphone_link_up", "megaphone_connections_connect_failed_total";
    /// Slots of the session table that one step of a scan looks at (link lost, drain, shedding).
    scan_slots = 1_024 in 1..=u32::MAX, "megaphone_sessions", "megaphone_connections_closed_total";
    /// Sessions that one step of a scan closes.
    scan_closes = 64 in 1..=u32::MAX, "megaphone_sessions", "megaphone_connections_closed_total";
    /// The pause between two steps of a scan.
    scan_ms = 1 in 1..=DAY_MS, "megaphone_sessions", "megaphone_connections_closed_total";
    /// Accepts per second while the shard is at overload level 2.
    slow_accepts_per_second = 1_000 in 1..=u32::MAX, "megaphone_overload_level", "megaphone_overload_actions_total";
    /// H.248 associations at home on this shard, those that fade away included. One more is answered with error 510.
    associations_max = 1_000_000 in 1..=1 << 24, "megaphone_h248_associations", "megaphone_h248_refused_total";
    /// Outstanding requests to one association; one more fails.
    association_requests_max = 1_000 in 1..=1 << 20, "megaphone_h248_requests", "megaphone_h248_refused_total";
    /// Answered requests of one association that are remembered; one more is answered with error 510.
    association_replies_max = 10_000 in 1..=1 << 20, "megaphone_h248_replies", "megaphone_h248_refused_total";
    /// Peers on UDP over IPv6 that a shard knows by address; with all of them in associations, one more is not heard.
    datagram_peers_max = 1_000_000 in 1..=1 << 24, "megaphone_h248_datagram_peers", "megaphone_h248_dropped_total";
    /// How many times the bytes of a datagram may be sent in answer to a peer that has no association.
    datagram_answer_times = 2 in 1..=1_000, "megaphone_h248_associations", "megaphone_h248_dropped_total";
    /// Datagrams of this shard that may wait for credit to their home shards; one more is lost.
    datagrams_waiting_max = 256 in 0..=1 << 20, "megaphone_h248_datagrams_waiting", "megaphone_h248_dropped_total";
    /// Of these, how many may be of one MID.
    datagrams_per_sender_max = 8 in 1..=1 << 20, "megaphone_h248_datagrams_waiting", "megaphone_h248_dropped_total";
    /// How long an association may be silent whose peer never registered (no ServiceChange of ROOT); then it is ended. 0: for ever.
    unregistered_ms = 300_000 in 0..=DAY_MS, "megaphone_h248_unregistered", "megaphone_h248_reaped_total";
    /// Gateways per second that a shard listens to for the first time after they connected over TCP. Others wait, and what they say
    /// waits in the kernel.
    newcomers_per_second = 2_000 in 1..=1_000_000, "megaphone_h248_newcomers", "megaphone_h248_newcomers_held_total";
    /// How long a gateway that connected over TCP may say nothing, from when it is first listened to.
    first_message_ms = 60_000 in 1..=DAY_MS, "megaphone_h248_newcomers", "megaphone_h248_faults_total";
    /// H.248 messages that wait for credit to one shard before messages from there keep theirs; at twice as many, more are lost.
    h248_outbox_max = 256 in 1..=1 << 20, "megaphone_h248_outbox", "megaphone_h248_dropped_total";
    /// Requests that wait here for a controller's answer; one more is answered with error 510.
    controller_requests_max = 100_000 in 1..=u32::MAX, "megaphone_h248_controller_requests", "megaphone_h248_refused_total";
    /// How long the pool must stay above a level's mark before the level is left.
    calm_ms = 1_000 in 1..=DAY_MS, "megaphone_overload_level", "megaphone_overload_actions_total";
}

/// A limit in milliseconds as a duration.
#[must_use]
pub(crate) fn ms(limit: u32) -> Duration {
    Duration::from_millis(u64::from(limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use megaphone_metrics::{Kind, LinkMetric, Metric};

    #[test]
    fn every_limit_has_a_figure_for_its_fullness_and_one_for_its_refusals() {
        let of_shards = Metric::FAMILIES
            .iter()
            .map(|family| (family.name, family.kind));
        let of_links = LinkMetric::FAMILIES
            .iter()
            .map(|family| (family.name, family.kind));
        let figures: Vec<_> = of_shards.chain(of_links).collect();
        for limit in LIMITS {
            assert!(
                figures.contains(&(limit.occupancy, Kind::Gauge)),
                "{}",
                limit.key
            );
            assert!(
                figures.contains(&(limit.refused, Kind::Counter)),
                "{}",
                limit.key
            );
        }
    }

    #[test]
    fn every_limit_can_be_read_and_set_by_its_key() {
        let mut limits = Limits::default();
        for limit in LIMITS {
            assert_eq!(limits.get(limit.key), Some(limit.default), "{}", limit.key);
            assert!(limits.set(limit.key, 7), "{}", limit.key);
            assert_eq!(limits.get(limit.key), Some(7));
        }
        assert!(!limits.set("no_such_limit", 1));
        assert_eq!(limits.get("no_such_limit"), None);
    }
}
