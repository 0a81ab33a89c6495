//! What a run of the load generator does: how many connections from where to where, how often, for how long.

use super::payload::{HEAD_BYTES, Shape};
use crate::config::{Address, ConfigError};
use crate::failure::Failure;
use megaphone_core::Target;
use megaphone_frame::Framing;
use megaphone_wheel::Tick;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// Bytes of a packet's body, at most: what a generator of a million connections can check without memory.
const BODY_BYTES_MAX: u64 = 1 << 20;
/// Connections of a run, at most: numbers stay far inside 32 bits, and a million and some are the goal.
const CONNECTIONS_MAX: u32 = 16_000_000;
/// Local ports that the kernel hands out to one address towards one endpoint (`ip_local_port_range`'s default).
const PORTS_BY_DEFAULT: u64 = 28_232;

/// When packets are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Closed loop: the next packet follows when one came back, this many under way per connection.
    Closed {
        /// Packets under way per connection.
        in_flight: u32,
    },
    /// Open loop: every connection's turn comes once in this time, whether or not the last packet is back. Latency
    /// counts from the moment that the schedule intended, so a stalled peer cannot hide its stall.
    Open {
        /// From one packet of a connection to its next.
        every: Duration,
    },
}

/// The whole run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many connections there are, over all shards.
    pub connections: u32,
    /// Where they go and come from.
    pub endpoints: Endpoints,
    /// How packets are framed.
    pub framing: Framing,
    /// Bytes of a packet's body.
    pub body_bytes: u32,
    /// When packets are sent.
    pub pace: Pace,
    /// Time before figures count.
    pub warmup: Duration,
    /// Time during which figures count.
    pub duration: Duration,
    /// How long packets may be late at the end before they are lost.
    pub grace: Duration,
    /// Connections that a shard opens at the same time.
    pub opening_max: u32,
}

impl Plan {
    /// Whether the run is possible.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] with the first thing that is not.
    pub fn check(&self) -> Result<(), Failure> {
        let usage = |text: String| Err(Failure::Usage(text));
        let (body, least) = (u64::from(self.body_bytes), HEAD_BYTES as u64);
        if !(least..=BODY_BYTES_MAX).contains(&body) {
            return usage(format!(
                "--size {body}B: {least}B (connection, sequence and time, which are checked) to 1MiB are possible"
            ));
        }
        if matches!(self.framing, Framing::Link | Framing::Stanza) {
            return usage(format!(
                "--framing {}: numbered packets do not travel in it; choose raw, classic-fixed, classic-var or tpkt",
                self.framing
            ));
        }
        if !Shape::is_possible(self.framing, self.body_bytes) {
            return usage(format!(
                "--size {body}B: {} packets cannot be that long",
                self.framing
            ));
        }
        self.check_connections()
    }

    /// Whether so many connections are possible.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] if not.
    pub fn check_connections(&self) -> Result<(), Failure> {
        let usage = |text: String| Err(Failure::Usage(text));
        if !(1..=CONNECTIONS_MAX).contains(&self.connections) {
            return usage(format!(
                "--connections {}: 1 to {CONNECTIONS_MAX} are possible",
                self.connections
            ));
        }
        self.endpoints.check(self.connections)
    }
}

/// Where connections go and come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The appliance's listeners; at least one.
    pub to: Vec<Address>,
    /// Source addresses; none lets the kernel choose.
    pub from: Vec<IpAddr>,
    /// Source ports; `None` lets the kernel choose.
    pub ports: Option<Ports>,
}

impl Endpoints {
    /// How many connections differ in address or port; `None` if that is not limited.
    fn capacity(&self) -> Option<u64> {
        let tcp = self
            .to
            .iter()
            .filter(|to| matches!(to, Address::Tcp(_)))
            .count();
        if tcp < self.to.len() {
            return None;
        }
        let ports = self.ports.as_ref().map_or(PORTS_BY_DEFAULT, Ports::count);
        Some(ports * self.from.len().max(1) as u64 * tcp as u64)
    }

    /// Whether there is room for so many connections.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] if not.
    pub fn check(&self, connections: u32) -> Result<(), Failure> {
        match self.capacity() {
            Some(most) if most < u64::from(connections) => Err(Failure::Usage(format!(
                "{connections} connections do not fit: these addresses and ports make {most}; \
                 add source addresses, such as --from 127.0.1.1-127.0.1.50"
            ))),
            _ => Ok(()),
        }
    }

    /// Both ends of connection `number`. Numbers spread over the targets first, then over ports, then over addresses.
    #[must_use]
    pub fn of(&self, number: u32) -> Target {
        let number = u64::from(number);
        let turn = |count: usize, among: u64| (among % count.max(1) as u64) as usize;
        let to = match &self.to[turn(self.to.len(), number)] {
            Address::Unix(path) => return Target::Unix(path.clone()),
            Address::Tcp(to) => *to,
        };
        let round = number / self.to.len() as u64;
        let (port, address) = match &self.ports {
            Some(ports) => (ports.nth(round % ports.count()), round / ports.count()),
            None => (0, round),
        };
        let any = if to.is_ipv4() {
            IpAddr::from([0; 4])
        } else {
            IpAddr::from([0; 16])
        };
        let from = self.from.get(turn(self.from.len(), address)).copied();
        let named = from.is_some() || port != 0;
        Target::Tcp {
            to,
            from: named.then(|| SocketAddr::new(from.unwrap_or(any), port)),
        }
    }
}

/// Source ports, first to last: `10000-60000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports(RangeInclusive<u16>);

impl Ports {
    fn count(&self) -> u64 {
        u64::from(*self.0.end()) - u64::from(*self.0.start()) + 1
    }

    fn nth(&self, n: u64) -> u16 {
        (u64::from(*self.0.start()) + n) as u16
    }
}

impl FromStr for Ports {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Ports, ConfigError> {
        let malformed = || ConfigError::malformed(text, "a range of ports", "10000-60000");
        let (first, last) = text.split_once('-').ok_or_else(malformed)?;
        let port = |digits: &str| digits.parse::<u16>().ok().filter(|port| *port != 0);
        let (first, last) = (
            port(first).ok_or_else(malformed)?,
            port(last).ok_or_else(malformed)?,
        );
        if first > last {
            return Err(malformed());
        }
        Ok(Ports(first..=last))
    }
}

/// Source addresses: `127.0.0.2` or, for IPv4, `127.0.1.1-127.0.1.50`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources(pub Vec<IpAddr>);

/// Source addresses of one range, at most.
const SOURCES_MAX: u32 = 65_536;

impl FromStr for Sources {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Sources, ConfigError> {
        let malformed = || {
            ConfigError::malformed(
                text,
                "an IP address or a range of them",
                "127.0.1.1-127.0.1.50",
            )
        };
        let Some((first, last)) = text.split_once('-') else {
            return text
                .parse()
                .map(|ip| Sources(vec![ip]))
                .map_err(|_| malformed());
        };
        let number = |ip: &str| {
            ip.parse::<Ipv4Addr>()
                .map(u32::from)
                .map_err(|_| malformed())
        };
        let (first, last) = (number(first)?, number(last)?);
        match last.checked_sub(first) {
            Some(more) if more < SOURCES_MAX => Ok(Sources(
                (first..=last).map(|ip| IpAddr::V4(ip.into())).collect(),
            )),
            _ => Err(malformed()),
        }
    }
}

/// The turn of every connection on an open loop's schedule.
///
/// Connection `n` of `N` is due at `start + every × (round + n / N)`: the load is even over time, and every
/// shard, which has each `shards`-th connection, has its even share of it.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// The beginning of round 0.
    pub start: Tick,
    /// The length of a round in nanoseconds, at least 1.
    every: u64,
    connections: u64,
}

impl Schedule {
    /// A schedule for `connections` that each have one turn in `every`.
    #[must_use]
    pub fn new(start: Tick, every: Duration, connections: u32) -> Schedule {
        let every = u64::try_from(every.as_nanos()).unwrap_or(u64::MAX).max(1);
        Schedule {
            start,
            every,
            connections: u64::from(connections.max(1)),
        }
    }

    /// When the turn of connection `number` in `round` is.
    #[must_use]
    pub fn turn(&self, number: u32, round: u32) -> Tick {
        let within = u128::from(self.every) * u128::from(number) / u128::from(self.connections);
        let since_start = u128::from(self.every) * u128::from(round) + within;
        let since_start = u64::try_from(since_start).unwrap_or(u64::MAX);
        Tick(self.start.0.saturating_add(since_start))
    }
}

/// One line for the operator.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan {
            connections,
            framing,
            body_bytes,
            duration,
            ..
        } = self;
        write!(
            f,
            "{connections} connections, {framing} packets of {body_bytes} B, "
        )?;
        match self.pace {
            Pace::Closed { in_flight } => write!(f, "closed loop with {in_flight} under way each")?,
            Pace::Open { every } => {
                let rate = f64::from(*connections) / every.as_secs_f64().max(1e-9);
                write!(f, "open loop at {rate:.0} packets/s")?;
            }
        }
        write!(f, ", {duration:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(to: &[&str], from: &str, ports: &str) -> Endpoints {
        Endpoints {
            to: to
                .iter()
                .map(|to| to.parse().expect("an address"))
                .collect(),
            from: from
                .parse::<Sources>()
                .map(|sources| sources.0)
                .unwrap_or_default(),
            ports: ports.parse().ok(),
        }
    }

    fn plan(endpoints: Endpoints, connections: u32, body_bytes: u32) -> Plan {
        Plan {
            connections,
            endpoints,
            framing: Framing::Raw,
            body_bytes,
            pace: Pace::Closed { in_flight: 1 },
            warmup: Duration::ZERO,
            duration: Duration::from_secs(1),
            grace: Duration::from_secs(1),
            opening_max: 1,
        }
    }

    #[test]
    fn no_two_connections_have_the_same_ends() {
        let endpoints = endpoints(
            &["127.0.0.1:1", "127.0.0.1:2"],
            "127.0.1.1-127.0.1.3",
            "10000-10004",
        );
        assert_eq!(endpoints.capacity(), Some(30));
        let mut seen: Vec<String> = (0..30).map(|n| format!("{:?}", endpoints.of(n))).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 30);
        assert!(plan(endpoints.clone(), 30, 64).check().is_ok());
        let error = plan(endpoints, 31, 64).check().expect_err("one too many");
        assert!(
            error
                .to_string()
                .contains("these addresses and ports make 30"),
            "{error}"
        );
    }

    #[test]
    fn without_sources_the_kernel_chooses() {
        let to = "127.0.0.1:1".parse().expect("an endpoint");
        assert_eq!(
            endpoints(&["127.0.0.1:1"], "", "").of(7),
            Target::Tcp { to, from: None }
        );
        let only_ports = endpoints(&["127.0.0.1:1"], "", "100-200").of(7);
        assert_eq!(
            only_ports,
            Target::Tcp {
                to,
                from: "0.0.0.0:107".parse().ok()
            }
        );
        let only_address = endpoints(&["127.0.0.1:1"], "127.0.0.9", "").of(7);
        assert_eq!(
            only_address,
            Target::Tcp {
                to,
                from: "127.0.0.9:0".parse().ok()
            }
        );
        assert_eq!(
            endpoints(&["unix:/x"], "", "").of(7),
            Target::Unix("/x".into())
        );
        assert_eq!(endpoints(&["unix:/x"], "", "").capacity(), None);
    }

    #[test]
    fn sizes_and_counts_have_limits() {
        let to = endpoints(&["unix:/x"], "", "");
        let fits = |connections, body| plan(to.clone(), connections, body).check().is_ok();
        assert_eq!([23, 24, 25].map(|body| fits(1, body)), [false, true, true]);
        assert_eq!(
            [1 << 20, (1 << 20) + 1].map(|body| fits(1, body)),
            [true, false]
        );
        assert_eq!(
            [0, 1, CONNECTIONS_MAX, CONNECTIONS_MAX + 1].map(|n| fits(n, 64)),
            [false, true, true, false]
        );
    }

    #[test]
    fn ranges_are_read_or_refused() {
        assert_eq!(
            "127.0.0.255-127.0.1.1"
                .parse::<Sources>()
                .map(|s| s.0.len()),
            Ok(3)
        );
        assert_eq!("::1".parse::<Sources>().map(|s| s.0.len()), Ok(1));
        for wrong in [
            "",
            "a",
            "127.0.0.2-127.0.0.1",
            "::1-::2",
            "0.0.0.0-255.255.255.255",
            "127.0.0.1-",
        ] {
            assert!(wrong.parse::<Sources>().is_err(), "{wrong}");
        }
        for wrong in ["", "1", "0-5", "5-4", "1-65536", "-"] {
            assert!(wrong.parse::<Ports>().is_err(), "{wrong}");
        }
        assert_eq!(
            "1-65535".parse::<Ports>().map(|ports| ports.count()),
            Ok(65_535)
        );
    }

    #[test]
    fn turns_are_even_over_a_round() {
        let schedule = Schedule::new(Tick(1_000), Duration::from_nanos(100), 4);
        let turns: Vec<u64> = (0..2)
            .flat_map(|round| (0..4).map(move |n| schedule.turn(n, round).0))
            .collect();
        assert_eq!(
            turns,
            [1_000, 1_025, 1_050, 1_075, 1_100, 1_125, 1_150, 1_175]
        );
        let slow = Schedule::new(Tick(0), Duration::MAX, 1);
        assert_eq!(slow.turn(0, u32::MAX), Tick::MAX);
    }
}
