//! What a run of `bench h248` does.

use crate::bench::plan::{Endpoints, Pace, Ports};
use crate::config::{Address, ConfigError};
use crate::failure::Failure;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// Gateways of a run, at most.
const GATEWAYS_MAX: u32 = 16_000_000;

/// Which side is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Media gateways: they connect, register, and notify or answer.
    #[value(name = "mg")]
    Gateway,
    /// A media gateway controller: it listens, lets gateways register, and commands them.
    #[value(name = "mgc")]
    Controller,
}

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Encoding {
    /// Text with long tokens.
    Pretty,
    /// Text with short tokens.
    Compact,
    /// Binary.
    Ber,
}

/// What is sent once gateways are registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Send {
    /// The role's requests: Notify, or Add, Modify, Subtract and AuditValue in turn.
    Requests,
    /// Nothing: requests of the other side are answered and counted.
    Nothing,
}

/// Where the other side is, or where to listen for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Streams cut by TPKT.
    Tcp(SocketAddr),
    /// Datagrams.
    Udp(SocketAddr),
}

impl Place {
    /// The address.
    #[must_use]
    pub fn address(self) -> SocketAddr {
        match self {
            Place::Tcp(address) | Place::Udp(address) => address,
        }
    }

    /// Whether messages travel as datagrams.
    #[must_use]
    pub fn is_udp(self) -> bool {
        matches!(self, Place::Udp(_))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Tcp(address) => write!(f, "tcp://{address}"),
            Place::Udp(address) => write!(f, "udp://{address}"),
        }
    }
}

impl FromStr for Place {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Place, ConfigError> {
        let malformed = || {
            ConfigError::malformed(
                text,
                "a numeric address with its transport, tcp:// or udp://",
                "udp://127.0.0.1:2944",
            )
        };
        let (scheme, address) = text.split_once("://").ok_or_else(malformed)?;
        let address = address.parse().map_err(|_| malformed())?;
        match scheme {
            "tcp" | "h248+tcp" => Ok(Place::Tcp(address)),
            "udp" | "h248+udp" => Ok(Place::Udp(address)),
            _ => Err(malformed()),
        }
    }
}

/// The whole run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who we are.
    pub role: Role,
    /// Where the other side is (gateways), or comes in (controller).
    pub place: Place,
    /// How many gateways there are, over all shards.
    pub gateways: u32,
    /// Gateways are called this and their number; the controller is called this.
    pub name: String,
    /// How messages are written.
    pub encoding: Encoding,
    /// Protocol version, 1 to 3.
    pub version: u8,
    /// What is sent.
    pub send: Send,
    /// When it is sent.
    pub pace: Pace,
    /// Requests per gateway, after which it sends no more.
    pub requests: Option<u32>,
    /// Whether answers ask for an acknowledgement.
    pub wants_ack: bool,
    /// UDP: the first time before a request is sent again; it doubles up to 4 s.
    pub resend: Duration,
    /// TCP: how long an answer may take.
    pub answer: Duration,
    /// UDP: from how many local ports gateways send.
    pub sockets: u16,
    /// Addresses that gateways come from; none lets the kernel choose.
    pub from: Vec<IpAddr>,
    /// TCP: ports that gateways come from; `None` lets the kernel choose.
    pub ports: Option<Ports>,
    /// Time between registering and sending.
    pub hold: Duration,
    /// Time before figures count.
    pub warmup: Duration,
    /// Time during which figures count.
    pub duration: Duration,
    /// How long answers may be late at the end before they are missed.
    pub grace: Duration,
    /// Gateways of a shard that register at the same time.
    pub opening_max: u32,
}

impl Plan {
    /// Where gateways connect, and from where.
    #[must_use]
    pub fn endpoints(&self) -> Endpoints {
        Endpoints {
            to: vec![Address::Tcp(self.place.address())],
            from: self.from.clone(),
            ports: self.ports.clone(),
        }
    }

    /// The address of the datagram socket `number`; the kernel chooses its port.
    #[must_use]
    pub fn source(&self, number: u16) -> SocketAddr {
        let any = || match self.place.address() {
            SocketAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
        };
        let turn = usize::from(number) % self.from.len().max(1);
        SocketAddr::new(self.from.get(turn).copied().unwrap_or_else(any), 0)
    }

    /// Whether the run is possible.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] with the first thing that is not.
    pub fn check(&self) -> Result<(), Failure> {
        let usage = |text: String| Err(Failure::Usage(text));
        if !(1..=GATEWAYS_MAX).contains(&self.gateways) {
            return usage(format!(
                "--gateways {}: 1 to {GATEWAYS_MAX} are possible",
                self.gateways
            ));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        if self.name.is_empty() || self.name.len() > 40 || !self.name.bytes().all(plain) {
            return usage(format!(
                "--name {}: up to 40 letters, digits, dots and dashes are possible",
                self.name
            ));
        }
        if self.role == Role::Gateway && !self.place.is_udp() {
            self.endpoints().check(self.gateways)?;
        }
        super::wire::Wire::new(self.encoding, self.version, self.role).map(drop)
    }
}

/// One line for the operator.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan {
            gateways,
            place,
            encoding,
            version,
            ..
        } = self;
        let relation = match self.role {
            Role::Gateway => "gateways of",
            Role::Controller => "gateways expected at",
        };
        let encoding = format!("{encoding:?}").to_lowercase();
        write!(
            f,
            "{gateways} {relation} {place}, {encoding}, version {version}, "
        )?;
        match (self.send, self.pace) {
            (Send::Nothing, _) => write!(f, "answering"),
            (_, Pace::Closed { in_flight }) => {
                write!(f, "closed loop with {in_flight} under way each")
            }
            (_, Pace::Open { every }) => {
                let rate = f64::from(*gateways) / every.as_secs_f64().max(1e-9);
                write!(f, "{rate:.0} requests per second")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn places_are_written_as_they_are_read() {
        for text in ["tcp://127.0.0.1:2944", "udp://[::1]:2945"] {
            let place: Place = text.parse().unwrap();
            assert_eq!(place.to_string(), text);
            let full = format!("h248+{text}");
            assert_eq!(full.parse::<Place>().unwrap(), place);
        }
        for text in [
            "127.0.0.1:2944",
            "sctp://127.0.0.1:2944",
            "udp://localhost:1",
            "tcp://",
        ] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }
}
