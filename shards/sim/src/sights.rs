//! What was really seen: a simulation that never meets a fault proves nothing about it.

macro_rules! sights {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// Something that should happen in some seeds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Sight {
            $($(#[$doc])* $name,)+
        }

        impl Sight {
            /// All of them.
            pub const ALL: &'static [Sight] = &[$(Sight::$name,)+];
        }
    };
}

sights! {
    /// A client was accepted.
    ClientAccepted,
    /// A backend greeted.
    LinkUp,
    /// A conversation that nobody disturbed was checked to its last byte.
    Undisturbed,
    /// A client was bound to a link on another shard, and opened.
    OpenedAcrossShards,
    /// A client was bound to a link on its own shard, and opened.
    OpenedAtHome,
    /// A send was taken in part.
    ShortSend,
    /// A receive found no buffer.
    NoBuffers,
    /// An accept failed.
    AcceptFailed,
    /// A connection attempt failed.
    ConnectFailed,
    /// A client's socket broke.
    ClientReset,
    /// A client ended its side and waited for the rest.
    HalfClose,
    /// A client stopped reading.
    ClientStalled,
    /// A backend stopped reading.
    BackendStalled,
    /// A link's socket broke.
    LinkBroken,
    /// A link came back and went on.
    LinkResumed,
    /// A resume sent packets again.
    Replayed,
    /// A backend came back without its memory.
    BackendRestarted,
    /// A link's socket was handed to its home shard.
    HandedOver,
    /// A client was told that there is no backend.
    NoBackend,
    /// A backend rejected a client.
    Rejected,
    /// A backend reset a connection.
    BackendReset,
    /// The shard reset a connection.
    ShardReset,
    /// A backend sent more than its credit.
    Overrun,
    /// A backend named a connection that is not there.
    UnknownConnection,
    /// A backend sent bytes that are no packet.
    LinkGarbage,
    /// An XMPP client was told why its stream ends, and the appliance's side of it ended.
    Parted,
    /// A client sent bytes that are no frame.
    ClientGarbage,
    /// A session waited for lane credit.
    QuotaSpent,
    /// A session waited for the backend's credit.
    CreditSpent,
    /// A message went in several packets.
    MoreFlag,
    /// The pool ran dry.
    PoolDry,
    /// The overload level rose.
    Overload,
    /// The clock jumped.
    ClockJump,
    /// A backend asked to be drained.
    BackendDrains,
    /// A PING was answered.
    Ponged,
    /// A second link of the same name replaced the first.
    Replaced,
    /// A client was closed because it was late.
    ClientLate,
    /// A classic link carried packets.
    ClassicLink,
    /// A link that we dialled came up.
    Dialled,
    /// The backend acknowledged with more than one range.
    AckRanges,
    /// Bytes came for a socket after the machine had said to stop.
    LateBytes,
}

/// How often each sight was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sights {
    counts: Vec<u64>,
}

impl Default for Sights {
    fn default() -> Sights {
        Sights {
            counts: vec![0; Sight::ALL.len()],
        }
    }
}

impl Sights {
    pub(crate) fn see(&mut self, sight: Sight) {
        self.counts[sight as usize] += 1;
    }

    /// How often it was seen.
    #[must_use]
    pub fn count(&self, sight: Sight) -> u64 {
        self.counts[sight as usize]
    }

    /// Adds what another simulation saw.
    pub fn add(&mut self, other: &Sights) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }

    /// What was never seen.
    #[must_use]
    pub fn unseen(&self) -> Vec<Sight> {
        Sight::ALL
            .iter()
            .copied()
            .filter(|&sight| self.count(sight) == 0)
            .collect()
    }
}
