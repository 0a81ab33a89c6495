//! The name, help text and labels of every figure; nothing else in the project spells one.
//!
//! A new figure is one line: `counter "things_total" "Things done." { Things }`, or one more variant with
//! another label value in an existing family. The rules, which the tests hold: base units in the name
//! (`_seconds`, `_bytes`), counters end in `_total`, label values are a closed set, and the sum over any
//! label means something. Cells of a family in seconds count **nanoseconds**; the exposition divides.

#[cfg(test)]
mod tests;

/// What every name starts with.
pub const PREFIX: &str = "megaphone_";

/// Whether a figure only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from 0 when the process starts.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// All series of one name.
#[derive(Debug)]
pub struct Family<M: 'static> {
    /// Counter or gauge.
    pub kind: Kind,
    /// The whole name, prefix included.
    pub name: &'static str,
    /// One sentence for the operator.
    pub help: &'static str,
    /// One entry per combination of label values.
    pub series: &'static [Series<M>],
}

/// One time series of a family, per shard.
#[derive(Debug)]
pub struct Series<M: 'static> {
    /// The cell it is counted in.
    pub metric: M,
    /// Label names and values beside `shard` (and `link`).
    pub labels: &'static [(&'static str, &'static str)],
}

/// A distribution, summed over the shards.
#[derive(Debug)]
pub struct HistogramFamily {
    /// The cells it is counted in.
    pub histogram: Histogram,
    /// The whole name, prefix included.
    pub name: &'static str,
    /// One sentence for the operator.
    pub help: &'static str,
    /// The exposed bucket bounds are the powers of two with these exponents, first and last.
    pub exponents: (u32, u32),
}

macro_rules! kind {
    (counter) => {
        Kind::Counter
    };
    (gauge) => {
        Kind::Gauge
    };
}

macro_rules! figures {
    ($(#[$doc:meta])* $metric:ident; $(
        $kind:ident $name:literal $help:literal { $(
            $variant:ident $({ $($label:ident: $value:literal),+ })?
        ),+ $(,)? }
    )*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum $metric {$($(
            #[doc = concat!("`megaphone_", $name, "`", $($(" ", stringify!($label), "=", $value,)+)? ": ", $help)]
            $variant,
        )+)*}

        impl $metric {
            /// How many series there are.
            pub const COUNT: usize = [$($($metric::$variant,)+)*].len();

            /// Every family, in the order of exposition.
            pub const FAMILIES: &'static [Family<$metric>] = &[$(Family {
                kind: kind!($kind),
                name: concat!("megaphone_", $name),
                help: $help,
                series: &[$(Series {
                    metric: $metric::$variant,
                    labels: &[$($((stringify!($label), $value)),+)?],
                }),+],
            }),*];
        }
    };
}

macro_rules! histograms {
    ($($variant:ident $name:literal $help:literal $first:literal..=$last:literal)*) => {
        /// A distribution that a shard keeps.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Histogram {$(
            #[doc = concat!("`megaphone_", $name, "`: ", $help)]
            $variant,
        )*}

        impl Histogram {
            /// How many histograms there are.
            pub const COUNT: usize = [$(Histogram::$variant),*].len();

            /// Every histogram, in the order of exposition.
            pub const FAMILIES: &'static [HistogramFamily] = &[$(HistogramFamily {
                histogram: Histogram::$variant,
                name: concat!("megaphone_", $name),
                help: $help,
                exponents: ($first, $last),
            }),*];
        }
    };
}

figures! {
    /// A figure that a shard counts.
    Metric;

    // The shard's thread.
    counter "reactor_loops_total" "Turns of the shard's main loop." { ReactorLoops }
    counter "reactor_busy_seconds_total" "Time the shard's main loop spent working." { ReactorBusy }
    counter "reactor_idle_seconds_total" "Time the shard's main loop spent waiting for an event." { ReactorIdle }

    // Its ring.
    counter "uring_enter_total" "System calls into the ring." { UringEnter }
    counter "uring_sqes_total" "Operations submitted to the ring." { UringSqes }
    counter "uring_cqes_total" "Completions taken from the ring." { UringCqes }
    counter "uring_cq_overflow_total" "Times the kernel had to keep completions back because the queue was full." { UringCqOverflow }
    counter "uring_sq_full_total" "Times the submission queue was full and had to be submitted early." { UringSqFull }
    counter "uring_enobufs_total" "Receives that ended because the buffer ring was empty." { UringEnobufs }
    counter "uring_rearm_total" "Multishot operations that ended and were armed again." {
        UringRearmAccept { op: "accept" },
        UringRearmPoll { op: "poll" },
        UringRearmReceive { op: "receive" },
    }
    counter "uring_cancel_total" "Cancellations, by what they found." {
        UringCancelDone { result: "done" },
        UringCancelLate { result: "late" },
    }
    counter "uring_stale_cqe_total" "Completions of an earlier use of their slot." { UringStaleCqe }

    // Its blocks.
    gauge "pool_blocks" "Blocks of the pool by where they are; the sum is constant." {
        PoolBlocksFree { state: "free" },
        PoolBlocksKernel { state: "kernel" },
        PoolBlocksLeased { state: "leased" },
    }
    counter "pool_exhausted_total" "Requests for a block that found none free." { PoolExhausted }
    counter "pool_strays_total" "Blocks whose loan was dropped on another shard and that came home by the stray list." { PoolStrays }

    // Its sockets.
    gauge "connections" "Sockets by state." {
        ConnectionsParked { state: "parked" },
        ConnectionsActive { state: "active" },
        ConnectionsStarved { state: "starved" },
        ConnectionsClosing { state: "closing" },
    }
    counter "connections_accepted_total" "Sockets accepted." { ConnectionsAccepted }
    counter "connections_connected_total" "Connections that this side opened." { ConnectionsConnected }
    counter "connections_connect_failed_total" "Attempts to open a connection that failed." { ConnectionsConnectFailed }
    counter "connections_accept_faults_total" "Accepts that failed." {
        AcceptFaultDescriptors { kind: "descriptors" },
        AcceptFaultMemory { kind: "memory" },
        AcceptFaultOther { kind: "other" },
    }
    counter "connections_closed_total" "Sockets closed, by why." {
        ClosedByPeer { reason: "peer" },
        ClosedByBackend { reason: "backend" },
        ClosedRejected { reason: "rejected" },
        ClosedReset { reason: "reset" },
        ClosedFrameFault { reason: "frame_fault" },
        ClosedDeadline { reason: "deadline" },
        ClosedSlowReader { reason: "slow_reader" },
        ClosedLinkLost { reason: "link_lost" },
        ClosedDrained { reason: "drained" },
        ClosedShed { reason: "shed" },
        ClosedOther { reason: "other" },
    }
    counter "connections_refused_total" "Sockets accepted and closed at once, by why." {
        RefusedLimit { reason: "limit" },
        RefusedNoLink { reason: "no_link" },
        RefusedOverload { reason: "overload" },
        RefusedDraining { reason: "draining" },
        RefusedQueue { reason: "opens_waiting" },
        RefusedSource { reason: "source" },
    }
    counter "socket_bytes_total" "Bytes received from and sent to sockets." {
        SocketBytesIn { dir: "in" },
        SocketBytesOut { dir: "out" },
    }
    counter "socket_short_sends_total" "Sends that the kernel took only in part." { SocketShortSends }

    // Datagrams.
    counter "datagrams_total" "Datagrams received and sent." {
        DatagramsIn { dir: "in" },
        DatagramsOut { dir: "out" },
    }
    gauge "datagrams_waiting" "Datagrams that the kernel has not taken yet." { DatagramsWaiting }
    counter "datagrams_lost_total" "Datagrams lost on this host, by why." {
        DatagramsLostTruncated { reason: "truncated" },
        DatagramsLostSocketBuffer { reason: "socket_buffer" },
        DatagramsLostQueueFull { reason: "queue_full" },
        DatagramsLostTooLong { reason: "too_long" },
        DatagramsLostUnreachable { reason: "unreachable" },
        DatagramsLostMemory { reason: "memory" },
        DatagramsLostOther { reason: "other" },
    }

    // Frames.
    counter "frames_total" "Frames cut out of byte streams, and put into them." {
        FramesIn { dir: "in" },
        FramesOut { dir: "out" },
    }
    counter "frame_bytes_total" "Bytes of the frames' bodies." {
        FrameBytesIn { dir: "in" },
        FrameBytesOut { dir: "out" },
    }
    counter "frame_body_bytes_total" "Body bytes by how they travelled through the shard." {
        FrameBodyCopied { path: "copied" },
        FrameBodyForwarded { path: "forwarded" },
    }
    counter "frame_faults_total" "Byte streams that broke their framing's rules." {
        FrameFaultMalformed { kind: "malformed" },
        FrameFaultTooLong { kind: "too_long" },
        FrameFaultTooShort { kind: "too_short" },
        FrameFaultEnded { kind: "ended_inside" },
        FrameFaultHeaderDeadline { kind: "header_deadline" },
        FrameFaultBodyDeadline { kind: "body_deadline" },
    }
    counter "keepalives_absorbed_total" "White space between stanzas that went no further than here." { KeepalivesAbsorbed }
    counter "stream_errors_total" "Stream errors told to XMPP clients in the appliance's own name." { StreamErrors }

    // Sessions.
    gauge "sessions" "Client sessions, by whether they hold a buffer or wait for something." {
        SessionsIdle { state: "idle" },
        SessionsBusy { state: "busy" },
    }
    gauge "sources" "Source addresses that are counted, for the limits of each." { Sources }
    gauge "greetings" "Sockets of links that have not been greeted." { Greetings }

    // The mesh.
    counter "mesh_items_total" "Items that came from and went to other shards." {
        MeshItemsIn { dir: "in" },
        MeshItemsOut { dir: "out" },
    }
    gauge "mesh_loans" "Leases of this shard's blocks that other shards hold." { MeshLoans }
    counter "mesh_credit_starved_total" "Times a session had to wait because a lane had no credit." { MeshCreditStarved }
    counter "mesh_doorbells_total" "Times a sleeping shard was woken." { MeshDoorbells }

    // H.248.
    gauge "h248_associations" "H.248 associations at home." { H248Associations }
    gauge "h248_unregistered" "Those of them whose peer has never registered." { H248AssociationsUnregistered }
    gauge "h248_newcomers" "Gateways that have connected over TCP and have said nothing yet." { H248Newcomers }
    counter "h248_reaped_total" "Associations that were ended because their peer never registered and fell silent." { H248Reaped }
    gauge "h248_datagrams_waiting" "Datagrams that wait for credit to their home shards." { H248DatagramsWaiting }
    gauge "h248_requests" "Requests that wait for their peers' replies." { H248Requests }
    gauge "h248_replies" "Requests of peers that are remembered, answered or not." { H248Replies }
    gauge "h248_datagram_peers" "Peers on UDP over IPv6 that are known by address." { H248Peers }
    gauge "h248_controller_requests" "Requests that no controller has answered yet." { H248ControllerRequests }
    gauge "h248_controller_frames" "Frames that wait for credit to controllers' links." { H248ControllerFrames }
    counter "h248_takeovers_total" "Associations that another controller took over." { H248Takeovers }
    counter "h248_stale_answers_total" "Controllers' answers to requests that were open no more." { H248StaleAnswers }
    gauge "h248_outbox" "Messages that wait for credit to the shards of their sockets." { H248Outbox }
    counter "h248_messages_total" "Messages that were understood, and messages sent." {
        H248MessagesIn { dir: "in" },
        H248MessagesOut { dir: "out" },
    }
    counter "h248_bytes_total" "Bytes of those messages, without framing." {
        H248BytesIn { dir: "in" },
        H248BytesOut { dir: "out" },
    }
    counter "h248_transactions_total" "Requests by who sent them, each counted once." {
        H248TransactionsIn { dir: "in" },
        H248TransactionsOut { dir: "out" },
    }
    counter "h248_duplicates_total" "Requests that came again, by whether their reply was still there." {
        H248Duplicates { kind: "answered" },
        H248LateDuplicates { kind: "late" },
    }
    counter "h248_timer_recoveries_total" "Expiries of request, reply and segment timers: things sent again, or given up." { H248TimerRecoveries }
    counter "h248_faults_total" "What peers did wrong, by kind." {
        H248SyntaxErrors { kind: "syntax" },
        H248FaultyReplies { kind: "faulty_reply" },
        H248ReversedAcks { kind: "reversed_ack" },
        H248AckViolations { kind: "early_ack" },
        H248Unexpected { kind: "unexpected" },
        H248Unregistered { kind: "unregistered" },
        H248Forged { kind: "forged" },
        H248Silent { kind: "silent" },
    }
    counter "h248_errors_total" "Error descriptors received and messages that could not be used." { H248Errors }
    counter "h248_refused_total" "Requests, replies, acknowledgements and connections refused because a limit was reached." { H248Refused }
    counter "h248_dropped_total" "Messages lost here, by why; their senders send them again." {
        H248DroppedCredit { reason: "credit" },
        H248DroppedGone { reason: "socket_gone" },
        H248DroppedSlow { reason: "slow_reader" },
        H248DroppedPool { reason: "pool" },
        H248DroppedPeers { reason: "peers" },
        H248DroppedNews { reason: "controller_slow" },
        H248DroppedAmplified { reason: "amplification" },
        H248DroppedDrain { reason: "draining" },
        H248DroppedHeld { reason: "held" },
    }
    counter "h248_too_long_total" "Messages that no TPKT or datagram can carry: their sender is told." { H248TooLong }
    counter "h248_hops_total" "Messages that came in on another shard than their association's home." { H248Hops }
    counter "h248_registrations_delayed_total" "Registrations that waited for admission, announced by a Pending each." { H248RegistrationsDelayed }
    counter "h248_newcomers_held_total" "Gateways that were not read at once when they connected, because many did." { H248NewcomersHeld }
    counter "h248_moves_total" "Times an association followed its peer to another socket, port, transport or address." { H248Moves }

    // Overload.
    gauge "overload_level" "0 normal to 4 refuse everything new." { OverloadLevel }
    counter "overload_actions_total" "Load held back or shed, by how." {
        OverloadHoldBack { action: "hold_back" },
        OverloadHoldClients { action: "hold_clients" },
        OverloadSlowAccept { action: "slow_accept" },
        OverloadStopAccept { action: "stop_accept" },
        OverloadShedSession { action: "shed_session" },
        OverloadDemoteFrame { action: "demote_frame" },
    }
    counter "bugs_total" "Broken assumptions that cost one session; always worth a report." { Bugs }
    counter "notes_suppressed_total" "Log lines left out because there were too many." { NotesSuppressed }
}

figures! {
    /// A figure that a shard counts for each configured link.
    LinkMetric;

    gauge "link_up" "Live connections of this link." { Up }
    gauge "link_sessions" "Client sessions bound to this link." { Sessions }
    gauge "link_opens_waiting" "Clients that wait for their OPEN to be sent to the backend." { OpensWaiting }
    gauge "link_outgoing_bytes" "Bytes that wait to be sent to the backend." { OutgoingBytes }
    gauge "link_unacknowledged_bytes" "Bytes kept for replay." { UnacknowledgedBytes }
    counter "link_connects_total" "Times a backend was greeted on this link." { Connects }
    counter "link_losses_total" "Times a live connection of this link was lost." { Losses }
    counter "link_stalls_total" "Times a connection of this link was given up because its backend took nothing of what waited for it." { Stalls }
    counter "link_packets_total" "Packets received from and sent to the backend." {
        PacketsIn { dir: "in" },
        PacketsOut { dir: "out" },
    }
    counter "link_bytes_total" "Payload bytes received from and sent to the backend." {
        BytesIn { dir: "in" },
        BytesOut { dir: "out" },
    }
    counter "link_opens_total" "Sessions offered to the backend, by its answer." {
        OpensAccepted { answer: "accepted" },
        OpensRejected { answer: "rejected" },
    }
    counter "link_replayed_total" "Packets sent again after the link was lost." { Replayed }
    counter "link_unknown_connections_total" "Packets for a connection that is not there, by why." {
        UnknownConnection { kind: "unknown" },
        StaleConnection { kind: "stale" },
    }
    counter "link_resets_suppressed_total" "Packets for unknown connections that got no RESET, because there were too many." { ResetsSuppressed }
    counter "link_quota_withheld_total" "Times a lane's credit was kept back because the replay buffer was full." { QuotaWithheld }
    counter "link_faults_total" "Links closed because the peer broke the protocol." { Faults }
    counter "link_credit_starved_total" "Times a session waited for the backend's credit." { CreditStarved }
}

histograms! {
    FrameLatency "frame_latency_seconds" "From the moment frames are ready for a client, which for an echo is their arrival, until the kernel has all of them." 10..=36
    MeshWait "mesh_wait_seconds" "How long sessions waited, unread, until a lane of the mesh or their link took their next packet." 10..=36
    H248Answer "h248_answer_seconds" "From an H.248 peer's request until its user has answered it." 10..=37
    H248Transaction "h248_transaction_seconds" "From the first sending of a request to an H.248 peer until its reply." 10..=37
    ReactorStall "reactor_stall_seconds" "Turns of the main loop that took longer than the stall threshold." 16..=36
}
