//! The options of `bench h248`.

use super::plan::{Encoding, Place, Plan, Role, Send};
use crate::bench::plan::{Pace, Ports, Sources};
use crate::bench::run::Run;
use crate::bench::work::Work;
use crate::cli::{GeneratorArgs, round};
use crate::config::Span;
use crate::failure::Failure;
use clap::Args;
use std::time::Duration;

/// Gateways send datagrams from so many ports if nobody says otherwise.
const SOCKETS_BY_DEFAULT: u32 = 500;

/// `bench h248`.
#[derive(Args, Debug)]
pub struct H248Args {
    /// Which side to play: gateways (mg) or their controller (mgc).
    #[arg(long, value_enum, default_value = "mg")]
    role: Role,
    /// Where the controller is, or, as mgc, where to listen: tcp://ADDR:PORT or udp://ADDR:PORT.
    #[arg(long, value_name = "ADDR", default_value = "tcp://127.0.0.1:2944")]
    to: Place,
    /// Gateways; as mgc, so many are waited for.
    #[arg(long, value_name = "N", default_value_t = 100)]
    gateways: u32,
    /// What gateways are called, with their number behind it; as mgc, what the controller is called.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How messages are written.
    #[arg(long, value_enum, default_value = "compact")]
    encoding: Encoding,
    /// Protocol version.
    #[arg(long, value_name = "1-3", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    version: u8,
    /// What to send once gateways are registered: requests (Notify; as mgc Add, Modify, Subtract and AuditValue in turn), or
    /// nothing, to answer and count those of the other side.
    #[arg(long, value_enum, default_value = "requests")]
    send: Send,
    /// Requests under way per gateway in a closed loop.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
    window: u32,
    /// Requests per second over all gateways, sent on schedule whether or not answers come (open loop); without it
    /// the next request follows an answer (closed loop).
    #[arg(long, value_name = "N", conflicts_with = "window", value_parser = clap::value_parser!(u64).range(1..))]
    rate: Option<u64>,
    /// Requests per gateway: the run ends when all are answered, or with its time.
    #[arg(long, value_name = "N")]
    requests: Option<u32>,
    /// Let answers ask for an acknowledgement.
    #[arg(long)]
    ack_required: bool,
    /// UDP: the first time before a request is sent again; it doubles up to 4 s.
    #[arg(long, value_name = "TIME", default_value = "500ms")]
    resend: Span,
    /// TCP: how long an answer may take.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    answer: Span,
    /// UDP: from how many local ports gateways send, 500 at most if nothing is said. Requests that a controller sends to a port
    /// of several gateways are answered by the first of them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    sockets: Option<u16>,
    /// Addresses that gateways come from, ADDR or FIRST-LAST; several are taken in turn, by gateways over TCP, by ports over UDP.
    #[arg(long, value_name = "ADDRS")]
    from: Vec<Sources>,
    /// TCP: ports that gateways come from, FIRST-LAST; without it the kernel chooses.
    #[arg(long, value_name = "PORTS")]
    ports: Option<Ports>,
    /// How long to be silent between registering and sending.
    #[arg(long, value_name = "TIME", default_value = "0s")]
    hold: Span,
    /// How long to send before figures count.
    #[arg(long, value_name = "TIME", default_value = "1s")]
    warmup: Span,
    /// How long figures count.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    duration: Span,
    #[command(flatten)]
    generator: GeneratorArgs,
}

impl H248Args {
    /// What to run, and whether its result is printed as JSON.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] if the options contradict each other.
    pub fn run(self) -> Result<(Run, bool), Failure> {
        let shards = match self.generator.shards() {
            // A controller's answer comes to a port, and only one shard's socket can have that.
            None if self.to.is_udp() => Some(1),
            Some(more @ 2..) if self.to.is_udp() => {
                return Err(Failure::Usage(format!(
                    "--shards {more}: over UDP one is possible"
                )));
            }
            given => given,
        };
        let name = self.name.unwrap_or_else(|| match self.role {
            Role::Gateway => "mg".into(),
            Role::Controller => "mgc".into(),
        });
        let sockets = self.sockets.map_or(SOCKETS_BY_DEFAULT, u32::from);
        let plan = Plan {
            role: self.role,
            place: self.to,
            gateways: self.gateways,
            name,
            encoding: self.encoding,
            version: self.version,
            send: self.send,
            pace: match self.rate {
                None => Pace::Closed {
                    in_flight: self.window,
                },
                Some(rate) => Pace::Open {
                    every: round(self.gateways, rate),
                },
            },
            requests: self.requests,
            wants_ack: self.ack_required,
            resend: self.resend.0,
            answer: self.answer.0,
            sockets: sockets.min(self.gateways.max(1)) as u16,
            from: self.from.into_iter().flat_map(|of| of.0).collect(),
            ports: self.ports,
            hold: self.hold.0,
            // With a number of requests each of them counts.
            warmup: self.requests.map_or(self.warmup.0, |_| Duration::ZERO),
            duration: self.duration.0,
            grace: self.generator.grace.0,
            opening_max: self.generator.opening,
        };
        plan.check()?;
        let (run, json) = self.generator.run(Work::H248(plan));
        Ok((Run { shards, ..run }, json))
    }
}
