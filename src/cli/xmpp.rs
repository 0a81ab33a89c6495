//! `bench xmpp`.

use super::RunArgs;
use crate::bench::plan::{Pace, Plan};
use crate::bench::run::Run;
use crate::bench::work::Work;
use crate::bench::xmpp::UsersPlan;
use crate::bench::xmpp::login::Manner;
use crate::bench::xmpp::sasl::Mechanism;
use crate::config::{Address, Span};
use crate::failure::Failure;
use clap::Args;
use megaphone_frame::Framing;
use std::time::Duration;

/// `bench xmpp`.
#[derive(Args, Debug)]
pub struct XmppArgs {
    /// Where to connect: tcp://ADDR:PORT or unix:PATH; several are taken in turn.
    #[arg(long, value_name = "ADDR", default_value = "tcp://127.0.0.1:5222")]
    to: Vec<Address>,
    #[command(flatten)]
    common: RunArgs,
    /// Users.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    users: u32,
    /// The domain that they log in to.
    #[arg(long, default_value = "localhost")]
    domain: String,
    /// How they authenticate: plain, anonymous or scram-sha-1.
    #[arg(long, value_name = "MECHANISM", default_value = "anonymous")]
    sasl: Mechanism,
    /// What users are called, before their number.
    #[arg(long, value_name = "NAME", default_value = "user")]
    prefix: String,
    /// The number of the first user.
    #[arg(long, value_name = "N", default_value_t = 0)]
    first: u32,
    /// The password of all users.
    #[arg(
        long,
        value_name = "WORD",
        default_value = "",
        hide_default_value = true
    )]
    password: String,
    /// Users ask for their roster when they log in.
    #[arg(long)]
    roster: bool,
    /// Users ping the server when they log in.
    #[arg(long)]
    ping: bool,
    /// Logins per second, over all shards.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// How long users only stay, once all are there.
    #[arg(long, value_name = "TIME", default_value = "0s")]
    hold: Span,
    /// Messages per second between random pairs, over all users.
    #[arg(long, value_name = "N", default_value_t = 100)]
    chat_rate: u32,
    /// How long they write.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    duration: Span,
}

/// Messages of a run, at most: each takes a bit of memory.
const MESSAGES_MAX: u64 = 1 << 32;

impl XmppArgs {
    /// What to run, and whether its result is printed as JSON.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] for more than can be done.
    pub fn run(self) -> Result<(Run, bool), Failure> {
        let duration = self.duration.0;
        let messages = u128::from(self.chat_rate) * duration.as_nanos() / 1_000_000_000;
        if messages > u128::from(MESSAGES_MAX) {
            return Err(Failure::Usage(format!(
                "--chat-rate for --duration makes {messages} messages; {MESSAGES_MAX} are possible"
            )));
        }
        let plan = Plan {
            connections: self.users,
            endpoints: self.common.endpoints(self.to),
            framing: Framing::Stanza,
            body_bytes: 0,
            pace: Pace::Open {
                every: Duration::MAX,
            },
            warmup: self.hold.0,
            duration,
            grace: self.common.generator.grace.0,
            opening_max: self.common.generator.opening,
        };
        plan.check_connections()?;
        let work = Work::Xmpp(UsersPlan {
            plan,
            manner: Manner {
                domain: self.domain,
                mechanism: self.sasl,
                password: self.password,
                roster: self.roster,
                ping: self.ping,
            },
            prefix: self.prefix,
            first: u64::from(self.first),
            login_rate: self.rate,
            chat_rate: self.chat_rate,
        });
        Ok(self.common.generator.run(work))
    }
}
