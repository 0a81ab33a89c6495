//! `bench xmpp`: users of a chat server, who log in at a rate, stay, and write to each other. Every message is checked by its
//! receiver: from the right sender, to the right user, once, as it was written.

pub mod chat;
pub mod load;
pub mod login;
pub mod outcome;
pub mod read;
pub mod sasl;
pub mod users;

use super::plan::Plan;
use chat::Traffic;
use login::Manner;
use sasl::Mechanism;
use std::fmt;
use std::time::SystemTime;
use users::{Bits, Users};

/// What the users of a run have in common.
#[derive(Debug)]
pub struct Script {
    /// How they log in.
    pub manner: Manner,
    /// Logins per second over all shards.
    pub login_rate: u32,
    /// What they write to each other.
    pub traffic: Traffic,
    /// Who they are.
    pub users: Users,
    /// Which messages have arrived.
    pub arrived: Bits,
    /// Makes nonces differ from run to run.
    pub seed: u64,
}

/// A run of `bench xmpp`.
#[derive(Clone, Debug)]
pub struct UsersPlan {
    /// Connections, ends and times; its warm-up is the time for which users only stay.
    pub plan: Plan,
    /// How users log in.
    pub manner: Manner,
    /// What users are called, but for their number.
    pub prefix: String,
    /// The number of the first user.
    pub first: u64,
    /// Logins per second.
    pub login_rate: u32,
    /// Messages per second over all users.
    pub chat_rate: u32,
}

impl UsersPlan {
    /// What all shards share.
    #[must_use]
    pub fn script(&self, shards: u32) -> Script {
        let count = self.plan.connections;
        let traffic = Traffic {
            users: count,
            rate: self.chat_rate,
            duration: self.plan.duration,
            shards,
        };
        let anonymous = self.manner.mechanism == Mechanism::Anonymous;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Script {
            users: Users::new(&self.prefix, self.first, count, anonymous),
            arrived: Bits::new(traffic.messages()),
            manner: self.manner.clone(),
            login_rate: self.login_rate,
            traffic,
            seed: now.map_or(0, |now| now.as_nanos() as u64),
        }
    }
}

/// One line for the operator.
impl fmt::Display for UsersPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UsersPlan {
            plan,
            manner,
            login_rate,
            chat_rate,
            ..
        } = self;
        write!(
            f,
            "{} users of {} by {}, {login_rate} logins/s; {:?} of silence, then {chat_rate} messages/s for {:?}",
            plan.connections,
            manner.domain,
            manner.mechanism.name(),
            plan.warmup,
            plan.duration
        )
    }
}
