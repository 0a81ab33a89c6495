//! The command line: what can be asked for, and how it is spelled. It turns words into plans and does nothing.

use crate::bench::codec::CodecArgs;
use crate::bench::h248::args::H248Args;
use crate::bench::plan::{Endpoints, Pace, Plan, Ports, Sources};
use crate::bench::run::Run;
use crate::bench::work::Work;
use crate::config::{Address, ConfigError, CpuSet, Link, Listen, Size, Span};
use crate::ctl::CtlArgs;
use crate::decode::DecodeArgs;
use crate::failure::Failure;
use crate::trace::TraceArgs;
use clap::{Args, Parser, Subcommand};
use megaphone_core::LIMITS;
use megaphone_frame::Framing;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

#[cfg(test)]
mod tests;
mod xmpp;

pub use xmpp::XmppArgs;

/// Holds a million client sockets in one process: a concentrator for chat, a front for H.248.
#[derive(Debug, Parser)]
#[command(name = "megaphone", version, max_term_width = 100)]
pub struct Cli {
    /// What to do; `serve` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve clients; without options a safe default on loopback.
    Serve(Box<ServeArgs>),
    /// Measure a server, or this program, from outside.
    #[command(subcommand)]
    Bench(Box<Bench>),
    /// Ask a running appliance, or change it.
    Ctl(CtlArgs),
    /// Show the messages of one H.248 association of a running appliance as a ladder.
    Trace(TraceArgs),
    /// Decode H.248 messages and show them in any encoding.
    Decode(Box<DecodeArgs>),
    /// Print what this machine is, as results should carry it.
    Card {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// `serve`, with the defaults of its options.
impl Default for Command {
    fn default() -> Command {
        let parsed = Cli::try_parse_from(["megaphone", "serve"]);
        parsed
            .ok()
            .and_then(|cli| cli.command)
            .expect("every option of serve has a default")
    }
}

/// What to serve, and how.
#[derive(Args, Debug, Default)]
pub struct ServeArgs {
    /// Threads with a ring each, or auto: one per processor, more if the limit on descriptors asks for it.
    #[arg(
        long,
        value_name = "N|auto",
        default_value = "auto",
        env = "MEGAPHONE_SHARDS"
    )]
    pub shards: Shards,
    /// Processors to pin shards to, such as 2-5,8; all that are allowed if none are named.
    #[arg(long, value_name = "CPUS", env = "MEGAPHONE_CPUSET")]
    pub cpuset: Option<CpuSet>,
    /// Connections to be ready for: with --shards auto, so many shards that their tables hold them.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub connections: u32,
    /// A TOML document with listeners, links, limits and H.248 users; options given here add to it.
    #[arg(long, value_name = "FILE", env = "MEGAPHONE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where clients come in: tcp://ADDR:PORT?framing=F&route=R or unix:PATH?...; F is raw, classic-fixed, classic-var or
    /// tpkt; R is echo, discard or link:NAME. Where H.248 gateways come in: h248+tcp://ADDR:PORT or h248+udp://ADDR:PORT.
    #[arg(long, value_name = "SPEC")]
    pub listen: Vec<Listen>,
    /// Where backends come in, listen:ADDR?name=NAME, or are called, connect:ADDR?name=NAME.
    #[arg(long, value_name = "SPEC")]
    pub link: Vec<Link>,
    /// Where /metrics, /healthz and /readyz are answered, or off.
    #[arg(
        long,
        value_name = "ADDR:PORT|off",
        default_value = "127.0.0.1:9464",
        env = "MEGAPHONE_METRICS"
    )]
    pub metrics: Metrics,
    /// A Unix socket at which `megaphone ctl` and `megaphone trace` are answered; only its owner may use it.
    #[arg(long, value_name = "PATH", env = "MEGAPHONE_CTL")]
    pub ctl: Option<PathBuf>,
    /// How long clients may take to leave after SIGTERM.
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub drain: Span,
    /// A limit of each shard, KEY=NUMBER; repeatable. An unknown key prints those that exist.
    #[arg(long, value_name = "KEY=N")]
    pub limit: Vec<LimitArg>,
    /// The name that backends are told; this machine's if none is given.
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
}

/// Where the reading side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metrics {
    /// Nowhere.
    Off,
    /// There.
    At(SocketAddr),
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::At(SocketAddr::from(([127, 0, 0, 1], 9464)))
    }
}

impl FromStr for Metrics {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Metrics, ConfigError> {
        if text == "off" {
            return Ok(Metrics::Off);
        }
        let malformed = |_| {
            ConfigError::malformed(
                text,
                "a numeric IP address with a port, or off",
                "127.0.0.1:9464",
            )
        };
        text.parse().map(Metrics::At).map_err(malformed)
    }
}

/// A limit by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitArg {
    /// The key, which exists.
    pub key: String,
    /// Its value; units are in the key.
    pub value: u32,
}

impl FromStr for LimitArg {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<LimitArg, ConfigError> {
        let malformed =
            || ConfigError::malformed(text, "a limit's key and a number", "frame_bytes_max=65536");
        let (key, value) = text.split_once('=').ok_or_else(malformed)?;
        if !LIMITS.iter().any(|limit| limit.key == key) {
            let known: Vec<&str> = LIMITS.iter().map(|limit| limit.key).collect();
            return Err(ConfigError::UnknownKey {
                key: key.into(),
                known: known.join(", "),
            });
        }
        Ok(LimitArg {
            key: key.into(),
            value: value.parse().map_err(|_| malformed())?,
        })
    }
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Send packets and check and time what comes back.
    Echo(EchoArgs),
    /// Hold many connections, touch each now and then, and check that its own bytes come back.
    Idle(IdleArgs),
    /// Let users of a chat server log in, stay, and write to each other, and check every message.
    Xmpp(XmppArgs),
    /// Encode and decode a corpus of H.248 messages; no network is used.
    Codec(CodecArgs),
    /// Simulate H.248 media gateways, or their controller.
    H248(H248Args),
}

/// What every bench needs.
#[derive(Args, Debug)]
pub struct LoadArgs {
    /// Where to connect: tcp://ADDR:PORT or unix:PATH; several are taken in turn.
    #[arg(long, value_name = "ADDR", default_value = "tcp://127.0.0.1:7000")]
    to: Vec<Address>,
    /// How packets are framed: raw, classic-fixed, classic-var or tpkt.
    #[arg(long, default_value = "raw")]
    framing: Framing,
    #[command(flatten)]
    common: RunArgs,
}

/// What every run of connections needs.
#[derive(Args, Debug)]
struct RunArgs {
    /// Source addresses, ADDR or FIRST-LAST; several are taken in turn.
    #[arg(long, value_name = "ADDRS")]
    from: Vec<Sources>,
    /// Source ports, FIRST-LAST; without it the kernel chooses.
    #[arg(long, value_name = "PORTS")]
    ports: Option<Ports>,
    #[command(flatten)]
    generator: GeneratorArgs,
}

/// What every load generator needs.
#[derive(Args, Debug)]
pub struct GeneratorArgs {
    /// How long answers may be late at the end before they are missed.
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub(crate) grace: Span,
    /// Connections that each shard opens, or gateways that it registers, at the same time.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) opening: u32,
    /// How long none of them may succeed before the run is given up.
    #[arg(long, value_name = "TIME", default_value = "15s")]
    patience: Span,
    /// Shards (threads with a ring each) of the generator, or auto: what the limit on descriptors asks for.
    #[arg(long, value_name = "N|auto", default_value = "auto")]
    shards: Shards,
    /// Processors to pin shards to, such as 2-5,8.
    #[arg(long, value_name = "CPUS")]
    cpuset: Option<CpuSet>,
    /// The process of the other side, whose processor time per packet or transaction is measured.
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Print the result as one JSON object.
    #[arg(long)]
    json: bool,
    /// Write percentiles for plotting (.hgrm).
    #[arg(long, value_name = "FILE")]
    hgrm: Option<PathBuf>,
    /// Write a histogram for each second (.hlog).
    #[arg(long, value_name = "FILE")]
    hlog: Option<PathBuf>,
}

/// `bench echo`.
#[derive(Args, Debug)]
pub struct EchoArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// Connections.
    #[arg(long, value_name = "N", default_value_t = 100)]
    connections: u32,
    /// Bytes of a packet's body.
    #[arg(long, value_name = "SIZE", default_value = "64B")]
    size: Size,
    /// Packets per second over all connections, sent on schedule whether or not answers come (open loop); without
    /// it the next packet follows an answer (closed loop).
    #[arg(long, value_name = "N", conflicts_with = "in_flight", value_parser = clap::value_parser!(u64).range(1..))]
    rate: Option<u64>,
    /// Packets under way per connection in a closed loop.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
    in_flight: u32,
    /// How long to send before figures count.
    #[arg(long, value_name = "TIME", default_value = "1s")]
    warmup: Span,
    /// How long figures count.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    duration: Span,
}

/// `bench idle`.
#[derive(Args, Debug)]
pub struct IdleArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// Connections.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    connections: u32,
    /// Bytes of a packet's body.
    #[arg(long, value_name = "SIZE", default_value = "32B")]
    size: Size,
    /// Each connection is touched once in this time.
    #[arg(long, value_name = "TIME", default_value = "1m")]
    every: Span,
    /// How long to hold them once all are there.
    #[arg(long, value_name = "TIME", default_value = "1m")]
    duration: Span,
}

/// A number of shards, or the program's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shards {
    /// As many as fit.
    #[default]
    Auto,
    /// So many.
    Count(u16),
}

/// Connection ids have 12 bits for the shard.
const SHARDS_MAX: u16 = megaphone_core::ShardId::MAX + 1;

impl FromStr for Shards {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Shards, ConfigError> {
        if text == "auto" {
            return Ok(Shards::Auto);
        }
        let number: u32 = text.parse().map_err(|_| {
            ConfigError::malformed(text, "a number of shards or auto", "--shards 2")
        })?;
        match u16::try_from(number) {
            Ok(count @ 1..=SHARDS_MAX) => Ok(Shards::Count(count)),
            _ => Err(ConfigError::Range {
                given: text.into(),
                least: "1".into(),
                most: SHARDS_MAX.to_string(),
            }),
        }
    }
}

impl Shards {
    /// The number, if one was given.
    #[must_use]
    pub const fn count(self) -> Option<u16> {
        match self {
            Shards::Auto => None,
            Shards::Count(count) => Some(count),
        }
    }
}

impl Bench {
    /// What to run, and whether its result is printed as JSON.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] if the options contradict each other.
    pub fn run(self) -> Result<(Run, bool), Failure> {
        match self {
            Bench::Echo(args) => {
                let pace = match args.rate {
                    None => Pace::Closed {
                        in_flight: args.in_flight,
                    },
                    Some(rate) => Pace::Open {
                        every: round(args.connections, rate),
                    },
                };
                args.load.run(
                    args.connections,
                    args.size,
                    pace,
                    args.warmup,
                    args.duration,
                )
            }
            Bench::Idle(args) => {
                let pace = Pace::Open {
                    every: args.every.0,
                };
                args.load.run(
                    args.connections,
                    args.size,
                    pace,
                    Span(Duration::ZERO),
                    args.duration,
                )
            }
            Bench::H248(args) => args.run(),
            Bench::Xmpp(args) => args.run(),
            Bench::Codec(_) => Err(Failure::Usage("bench codec needs no load generator".into())),
        }
    }
}

/// The time in which each connection has one turn.
pub(crate) fn round(connections: u32, rate: u64) -> Duration {
    let nanos = u128::from(connections) * 1_000_000_000 / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

impl LoadArgs {
    fn run(
        self,
        connections: u32,
        size: Size,
        pace: Pace,
        warmup: Span,
        duration: Span,
    ) -> Result<(Run, bool), Failure> {
        let plan = Plan {
            connections,
            endpoints: self.common.endpoints(self.to),
            framing: self.framing,
            body_bytes: u32::try_from(size.0).unwrap_or(u32::MAX),
            pace,
            warmup: warmup.0,
            duration: duration.0,
            grace: self.common.generator.grace.0,
            opening_max: self.common.generator.opening,
        };
        plan.check()?;
        Ok(self.common.generator.run(Work::Packets(plan)))
    }
}

impl RunArgs {
    fn endpoints(&self, to: Vec<Address>) -> Endpoints {
        let sources = self.from.iter().flat_map(|sources| sources.0.iter());
        Endpoints {
            to,
            from: sources.copied().collect(),
            ports: self.ports.clone(),
        }
    }
}

impl GeneratorArgs {
    /// How many shards are asked for; `None` is auto.
    pub(crate) fn shards(&self) -> Option<u16> {
        self.shards.count()
    }

    /// A run that does this, and whether its result is printed as JSON.
    pub(crate) fn run(self, work: Work) -> (Run, bool) {
        let cpus = self.cpuset.iter().flat_map(CpuSet::iter);
        let run = Run {
            work,
            shards: self.shards.count(),
            cpus: cpus.map(|cpu| cpu as usize).collect(),
            patience: self.patience.0,
            server: self.server_pid,
            hgrm: self.hgrm,
            hlog: self.hlog,
        };
        (run, self.json)
    }
}
