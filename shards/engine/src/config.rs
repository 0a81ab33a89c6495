//! What an engine is told: shards, listeners, sizes, policies. Plain data with defaults.

use megaphone_core::{Answer, ListenerId, Note, QuestionId, ShardId};
use megaphone_metrics::Page;
use megaphone_pool::{Class, PoolConfig};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Takes notes for the operator.
pub type NoteSink = Arc<dyn Fn(ShardId, &Note) + Send + Sync>;

/// Takes what a shard answers to an operator.
pub type AnswerSink = Arc<dyn Fn(ShardId, QuestionId, Answer) + Send + Sync>;

/// Everything the engine wants to know. The default is one unpinned shard without listeners.
#[derive(Clone)]
pub struct EngineConfig {
    /// How many shards, 1 to 4,096.
    pub shards: u16,
    /// CPUs to pin shards to, round robin; empty: not pinned.
    pub cpus: Vec<usize>,
    /// The listeners; [`ListenerId`] is the index.
    pub listeners: Vec<ListenerSpec>,
    /// Sockets per shard, the size of the direct-descriptor table. `None`: as many as RLIMIT_NOFILE's hard limit
    /// allows, 1,048,576 at most (both are the kernel's bounds per ring).
    pub sockets_max: Option<u32>,
    /// Submission queue entries per shard.
    pub submission_entries: u32,
    /// Completion queue entries per shard. Too few costs time (the kernel keeps the rest back), not completions.
    pub completion_entries: u32,
    /// Each shard's pool; `owner` is set by the engine.
    pub pool: PoolConfig,
    /// Which blocks the kernel receives into.
    pub receive_class: Class,
    /// How many of them the kernel has at any time: a power of two up to 32,768.
    pub receive_buffers: u16,
    /// Which blocks the kernel receives datagrams into: a datagram may be 68 bytes shorter than such a block.
    pub datagram_class: Class,
    /// How many of them the kernel has at any time, if there is a UDP listener: a power of two up to 32,768.
    pub datagram_buffers: u16,
    /// Items per mesh lane that may be unanswered.
    pub mesh_capacity: u32,
    /// When sockets are parked.
    pub parking: Parking,
    /// How long a busy shard waits for a fuller batch of completions; 0: it does not.
    pub gathering: Duration,
    /// Where each shard publishes the engine's figures; may be empty.
    pub pages: Vec<Arc<Page>>,
    /// Takes what an operator should read; called on the shard's thread.
    pub notes: NoteSink,
    /// Takes answers to [`crate::Controls::ask`]; called on the shard's thread, so it must not wait.
    pub answers: AnswerSink,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            shards: 1,
            cpus: Vec::new(),
            listeners: Vec::new(),
            sockets_max: None,
            submission_entries: 1_024,
            completion_entries: 8_192,
            pool: PoolConfig::new(0),
            receive_class: Class::Receive,
            receive_buffers: 1_024,
            datagram_class: Class::Bulk,
            datagram_buffers: 64,
            mesh_capacity: 256,
            parking: Parking::default(),
            gathering: Duration::from_micros(50),
            pages: Vec::new(),
            notes: Arc::new(|_, _| ()),
            answers: Arc::new(|_, _, _| ()),
        }
    }
}

/// When a socket is parked (one poll, little kernel memory, one operation more per arrival) and when it is active (a
/// multishot receive).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parking {
    /// A parked socket that has something to read twice within this time becomes active.
    pub hot: Duration,
    /// An active socket that has had nothing to read for this long is parked.
    pub quiet: Duration,
    /// While a shard has no more sockets than this, one that was read stays active: what parking saves is little then, and
    /// each arrival at a parked socket costs a system call or two more.
    pub spare: usize,
}

impl Default for Parking {
    fn default() -> Self {
        Self {
            hot: Duration::from_millis(500),
            quiet: Duration::from_secs(2),
            spare: 8_192,
        }
    }
}

/// A listener, opened for all shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerSpec {
    /// Where.
    pub address: ListenAddress,
    /// Connections that the kernel completes before they are accepted (listen(2)); clipped by net.core.somaxconn.
    pub backlog: i32,
    /// Options of accepted sockets: set on the listener, inherited.
    pub options: SocketOptions,
    /// Whether the machine wants to know peers' addresses: one more operation per accept.
    pub wants_peer: bool,
    /// Whether other processes may listen at the same TCP address: the kernel then spreads connections over all of them.
    pub shared: bool,
    /// TCP: whether a connection's source address decides which shard gets it (IPv6: the first 64 bits of it), rather than a hash of
    /// both its ends. While another process shares the address, it decides among the shards of one of the two.
    pub by_source: bool,
}

impl ListenerSpec {
    /// A TCP listener with the defaults.
    #[must_use]
    pub fn tcp(address: SocketAddr) -> Self {
        Self {
            address: ListenAddress::Tcp(address),
            backlog: 65_535,
            options: SocketOptions::default(),
            wants_peer: true,
            shared: false,
            by_source: false,
        }
    }

    /// A UDP listener with the defaults: a receive buffer of 4 MiB is asked for, since what it cannot hold is lost.
    #[must_use]
    pub fn udp(address: SocketAddr) -> Self {
        Self {
            address: ListenAddress::Udp(address),
            options: SocketOptions {
                receive_buffer_bytes: Some(4 << 20),
                ..SocketOptions::default()
            },
            ..Self::tcp(address)
        }
    }

    /// A Unix stream listener with the defaults. A stale socket file is replaced.
    #[must_use]
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        let address = ListenAddress::Unix(path.into());
        Self {
            address,
            backlog: 4_096,
            options: SocketOptions::default(),
            wants_peer: false,
            shared: false,
            by_source: false,
        }
    }
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// TCP: each shard has a socket of its own (SO_REUSEPORT), the kernel spreads connections by hash. Port 0: any.
    Tcp(SocketAddr),
    /// UDP: each shard has a socket of its own (SO_REUSEPORT); a peer's datagrams reach one of them as long as there are as
    /// many. Port 0: any.
    Udp(SocketAddr),
    /// Unix: all shards accept from one socket.
    Unix(PathBuf),
}

impl std::fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Udp(address) => write!(f, "udp://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Options of accepted TCP sockets, and the buffers of UDP sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    /// TCP_NODELAY.
    pub nodelay: bool,
    /// SO_KEEPALIVE with this idle time before the first probe.
    pub keepalive: Option<Duration>,
    /// TCP_USER_TIMEOUT: how long sent data may be unacknowledged.
    pub user_timeout: Option<Duration>,
    /// SO_SNDBUF in bytes; `None`: the kernel's tuning.
    pub send_buffer_bytes: Option<usize>,
    /// SO_RCVBUF in bytes; `None`: the kernel's tuning.
    pub receive_buffer_bytes: Option<usize>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            nodelay: true,
            keepalive: None,
            user_timeout: None,
            send_buffer_bytes: None,
            receive_buffer_bytes: None,
        }
    }
}

impl EngineConfig {
    /// The listeners with their ids.
    pub(crate) fn listeners(&self) -> impl Iterator<Item = (ListenerId, &ListenerSpec)> {
        (0..).map(ListenerId).zip(&self.listeners)
    }
}
