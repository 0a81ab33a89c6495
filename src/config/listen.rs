//! `--listen`: where clients come in, how their streams are cut into frames, and where the frames go.

use super::h248::{self, Transport};
use super::{Address, ConfigError, Query, Size, Span};
use megaphone_core::{ClientListener, Route, Speech};
use megaphone_engine::{ListenerSpec, SocketOptions};
use megaphone_frame::Framing;
use std::fmt;
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// The keys of a listener and their meanings.
pub const KEYS: &[(&str, &str)] = &[
    (
        "framing",
        "`raw`, `classic-fixed`, `classic-var`, `tpkt` or `stanza`",
    ),
    ("route", "`echo`, `discard` or `link:NAME`"),
    ("frame-max", "bytes of one frame's body, at most: `64KiB`"),
    (
        "domain",
        "the domain in whose name XMPP clients are told of errors: `example.org`",
    ),
    ("backlog", "connections that may wait to be accepted"),
    (
        "share",
        "`yes` if other processes may listen there too: the kernel spreads the clients over all",
    ),
    (
        "keepalive",
        "silence before the kernel probes the client: `5m`",
    ),
    (
        "user-timeout",
        "how long sent bytes may stay unacknowledged: `30s`",
    ),
    (
        "send-buffer",
        "bytes of the kernel's send buffer, instead of its own tuning",
    ),
    (
        "receive-buffer",
        "bytes of the kernel's receive buffer, instead of its own tuning",
    ),
];

/// A listener for clients: `tcp://127.0.0.1:7000?framing=raw&route=echo`, or for gateways: `h248+tcp://127.0.0.1:2944`.
///
/// [`KEYS`] has the keys, [`h248::KEYS`] those of gateways' listeners in place of framing and route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Where.
    pub address: Address,
    /// By what: UDP for H.248 only.
    pub transport: Transport,
    /// What the machine does with the clients.
    pub client: ClientListener,
    /// What the engine does for them.
    pub socket: Socket,
}

/// Choices about the kernel's side of a listener; `None` leaves them to the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Socket {
    backlog: Option<i32>,
    share: bool,
    keepalive: Option<Span>,
    user_timeout: Option<Span>,
    send_buffer: Option<Size>,
    receive_buffer: Option<Size>,
}

/// `listen(2)` takes an int; the kernel clips it by `net.core.somaxconn` anyway.
const BACKLOG_MAX: i32 = 1 << 20;
/// A socket buffer beyond this is a mistake: a million of them would be a petabyte.
const BUFFER_BYTES_MAX: u64 = 1 << 30;

impl FromStr for Listen {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Listen, ConfigError> {
        let (address, mut query) = Query::split(text)?;
        if let Some((transport, at)) = h248::scheme(address) {
            let (at, client) = h248::listener(transport, at, &mut query)?;
            let socket = Socket::take(&mut query)?;
            query.finish()?;
            return Ok(Listen {
                address: Address::Tcp(at),
                transport,
                client,
                socket,
            });
        }
        if !address.starts_with("tcp://") && !address.starts_with("unix:") {
            return Err(ConfigError::malformed(
                address,
                "an address with its scheme, tcp://, unix:, h248+tcp:// or h248+udp://",
                EXAMPLE,
            ));
        }
        let address = address.parse()?;
        let framing = framing(query.require("framing", "framing=raw")?)?;
        let route = route(query.require("route", "route=echo")?)?;
        let frame_bytes_max = match query.take("frame-max") {
            None => None,
            Some(text) => Some(bytes_max(text)?),
        };
        let domain = match query.take("domain") {
            None => String::new(),
            Some(text) => domain(text, framing)?,
        };
        let socket = Socket::take(&mut query)?;
        query.finish()?;
        Ok(Listen {
            address,
            transport: Transport::Tcp,
            client: ClientListener {
                framing,
                route,
                frame_bytes_max,
                domain,
            },
            socket,
        })
    }
}

const EXAMPLE: &str = "tcp://127.0.0.1:7000?framing=raw&route=echo";

fn framing(text: &str) -> Result<Framing, ConfigError> {
    let malformed = || {
        ConfigError::malformed(
            text,
            "a framing of clients: raw, classic-fixed, classic-var, tpkt or stanza",
            "framing=raw",
        )
    };
    text.parse()
        .ok()
        .filter(|framing| *framing != Framing::Link)
        .ok_or_else(malformed)
}

fn route(text: &str) -> Result<Route, ConfigError> {
    match (text, text.strip_prefix("link:")) {
        ("echo", _) => Ok(Route::Echo),
        ("discard", _) => Ok(Route::Discard),
        (_, Some(name)) if !name.is_empty() => Ok(Route::Link(name.into())),
        _ => Err(ConfigError::malformed(
            text,
            "a route: echo, discard or link:NAME",
            "route=link:chat",
        )),
    }
}

/// The longest domain of an XMPP address, in bytes (RFC 7622 3.2).
const DOMAIN_BYTES_MAX: usize = 1_023;

fn domain(text: &str, framing: Framing) -> Result<String, ConfigError> {
    let fits = framing == Framing::Stanza && (1..=DOMAIN_BYTES_MAX).contains(&text.len());
    if fits {
        Ok(text.to_owned())
    } else {
        Err(ConfigError::malformed(
            text,
            "a domain, of a listener with framing=stanza",
            "framing=stanza&domain=example.org",
        ))
    }
}

fn bytes_max(text: &str) -> Result<u32, ConfigError> {
    let most = u64::from(megaphone_frame::Limits::FRAME_BYTES_CEILING);
    let size: Size = text.parse()?;
    u32::try_from(size.0)
        .ok()
        .filter(|_| (1..=most).contains(&size.0))
        .ok_or_else(|| ConfigError::Range {
            given: text.into(),
            least: Size(1).to_string(),
            most: Size(most).to_string(),
        })
}

impl Socket {
    fn take(query: &mut Query<'_>) -> Result<Socket, ConfigError> {
        let backlog = match query.take("backlog") {
            None => None,
            Some(text) => Some(backlog(text)?),
        };
        let share = match query.take("share") {
            None | Some("no") => false,
            Some("yes") => true,
            Some(text) => return Err(ConfigError::malformed(text, "yes or no", "share=yes")),
        };
        let mut span = |key| query.take(key).map(str::parse::<Span>).transpose();
        let (keepalive, user_timeout) = (span("keepalive")?, span("user-timeout")?);
        let mut buffer = |key| query.take(key).map(buffer_bytes).transpose();
        let (send_buffer, receive_buffer) = (buffer("send-buffer")?, buffer("receive-buffer")?);
        Ok(Socket {
            backlog,
            share,
            keepalive,
            user_timeout,
            send_buffer,
            receive_buffer,
        })
    }

    /// Puts these choices into a listener's.
    fn apply(self, spec: &mut ListenerSpec) {
        let bytes = |size: Size| usize::try_from(size.0).unwrap_or(usize::MAX);
        spec.backlog = self.backlog.unwrap_or(spec.backlog);
        spec.shared = self.share;
        spec.options = SocketOptions {
            keepalive: self.keepalive.map(|span| span.0).or(spec.options.keepalive),
            user_timeout: self
                .user_timeout
                .map(|span| span.0)
                .or(spec.options.user_timeout),
            send_buffer_bytes: self
                .send_buffer
                .map(bytes)
                .or(spec.options.send_buffer_bytes),
            receive_buffer_bytes: self
                .receive_buffer
                .map(bytes)
                .or(spec.options.receive_buffer_bytes),
            ..spec.options
        };
    }
}

fn backlog(text: &str) -> Result<i32, ConfigError> {
    let number: i32 = text
        .parse()
        .map_err(|_| ConfigError::malformed(text, "a number of connections", "backlog=4096"))?;
    match number {
        1..=BACKLOG_MAX => Ok(number),
        _ => Err(ConfigError::Range {
            given: text.into(),
            least: "1".into(),
            most: BACKLOG_MAX.to_string(),
        }),
    }
}

fn buffer_bytes(text: &str) -> Result<Size, ConfigError> {
    let size: Size = text.parse()?;
    match size.0 {
        1..=BUFFER_BYTES_MAX => Ok(size),
        _ => Err(ConfigError::Range {
            given: text.into(),
            least: "1B".into(),
            most: Size(BUFFER_BYTES_MAX).to_string(),
        }),
    }
}

impl Listen {
    /// The engine's half. Peers' addresses are asked for only where somebody is told them or compares them.
    #[must_use]
    pub fn spec(&self) -> ListenerSpec {
        let mut spec = match (self.transport, &self.address) {
            (Transport::Udp, Address::Tcp(at)) => ListenerSpec::udp(*at),
            _ => spec(&self.address),
        };
        spec.wants_peer = matches!(self.client.route, Route::Link(_) | Route::H248(_));
        self.socket.apply(&mut spec);
        spec
    }
}

/// A listener with the engine's defaults.
pub(super) fn spec(address: &Address) -> ListenerSpec {
    match address {
        Address::Tcp(at) => ListenerSpec::tcp(*at),
        Address::Unix(path) => ListenerSpec::unix(path),
    }
}

/// For the operator: what comes in here and where it goes.
impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Route::H248(door) = &self.client.route {
            let by = match self.transport {
                Transport::Tcp => "h248+tcp",
                Transport::Udp => "h248+udp",
            };
            let written = match door.speech {
                Speech::Auto => "text or BER",
                Speech::Text => "text",
                Speech::Ber => "BER",
                Speech::OtpAuto => "text or OTP's BER",
                Speech::OtpBer => "OTP's BER",
            };
            let at = self.address.to_string();
            let at = at.trim_start_matches("tcp://");
            return write!(
                f,
                "{by}://{at}, gateways in {written}, to user {}",
                door.user
            );
        }
        write!(f, "{}, {} frames, ", self.address, self.client.framing)?;
        match &self.client.route {
            Route::Echo => f.write_str("sent back"),
            Route::Discard => f.write_str("dropped"),
            Route::Link(name) => write!(f, "to link {name}"),
            // Said above.
            Route::H248(_) => Ok(()),
        }
    }
}
