//! `--listen h248+tcp://…` and `h248+udp://…`: where gateways come in, whose they are, and how they write.

use super::{ConfigError, Query};
use megaphone_core::{ClientListener, H248Door, Speech};
use megaphone_frame::Framing;
use std::net::{IpAddr, SocketAddr};

/// The user that exists without being asked for.
pub const DEFAULT_USER: &str = "default";

/// The port of text messages (RFC 3525 annex D).
const TEXT_PORT: u16 = 2944;
/// The port of binary messages.
const BINARY_PORT: u16 = 2945;

/// The keys of an H.248 listener beside those of every listener, and their meanings.
pub const KEYS: &[(&str, &str)] = &[
    ("user", "the user whose gateways come in here: `default`"),
    (
        "encoding",
        "`text`, `ber` or `auto`: what the first bytes of each message say",
    ),
    (
        "otp-values",
        "`yes`: in BER, values of properties as Erlang/OTP writes them, not wrapped as RFC 3525 A.2 has it",
    ),
];

/// By what a listener's messages come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TPKT over TCP.
    Tcp,
    /// Datagrams.
    Udp,
}

/// An address behind `h248+tcp://` or `h248+udp://`, if `text` has such a scheme.
pub(super) fn scheme(text: &str) -> Option<(Transport, &str)> {
    let tcp = text
        .strip_prefix("h248+tcp://")
        .map(|at| (Transport::Tcp, at));
    tcp.or_else(|| {
        text.strip_prefix("h248+udp://")
            .map(|at| (Transport::Udp, at))
    })
}

/// The endpoint and what is done with its messages.
pub(super) fn listener(
    transport: Transport,
    at: &str,
    query: &mut Query<'_>,
) -> Result<(SocketAddr, ClientListener), ConfigError> {
    let otp_values = match query.take("otp-values") {
        None | Some("no") => false,
        Some("yes") => true,
        Some(text) => return Err(ConfigError::malformed(text, "yes or no", "otp-values=yes")),
    };
    let speech = match (query.take("encoding"), otp_values) {
        (None | Some("auto"), false) => Speech::Auto,
        (None | Some("auto"), true) => Speech::OtpAuto,
        (Some("text"), false) => Speech::Text,
        (Some("ber"), false) => Speech::Ber,
        (Some("ber"), true) => Speech::OtpBer,
        (Some(other), _) => {
            return Err(ConfigError::malformed(
                other,
                "an encoding: text, ber or auto; with otp-values=yes it may be BER",
                "encoding=auto",
            ));
        }
    };
    let user = query.take("user").unwrap_or(DEFAULT_USER).to_owned();
    let port = match speech {
        Speech::Ber | Speech::OtpBer => BINARY_PORT,
        Speech::Auto | Speech::OtpAuto | Speech::Text => TEXT_PORT,
    };
    let at = endpoint(at, port)?;
    let door = H248Door {
        user,
        speech,
        at: Some(at),
    };
    let framing = match transport {
        Transport::Tcp => Framing::Tpkt,
        Transport::Udp => Framing::Raw,
    };
    Ok((at, door.listener(framing)))
}

/// An address with a port, or without one.
fn endpoint(at: &str, port: u16) -> Result<SocketAddr, ConfigError> {
    let bare = at.trim_start_matches('[').trim_end_matches(']');
    let alone = || {
        let ip = bare.parse::<IpAddr>().ok()?;
        Some(SocketAddr::new(ip, port))
    };
    at.parse().ok().or_else(alone).ok_or_else(|| {
        ConfigError::malformed(
            at,
            "a numeric IP address, with a port or without",
            "h248+tcp://127.0.0.1:2944",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_follows_from_the_encoding() {
        for (text, at) in [
            ("127.0.0.1", "127.0.0.1:2944"),
            ("127.0.0.1?encoding=text", "127.0.0.1:2944"),
            ("[::1]?encoding=ber", "[::1]:2945"),
            ("::?encoding=auto", "[::]:2944"),
            ("127.0.0.1:7?encoding=ber", "127.0.0.1:7"),
        ] {
            let (address, mut query) = Query::split(text).expect("right");
            let (found, _) = listener(Transport::Tcp, address, &mut query).expect("right");
            assert_eq!(found.to_string(), at, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("gateway.example", "a numeric IP address"),
            ("127.0.0.1?encoding=morse", "morse"),
            ("127.0.0.1?otp-values=perhaps", "perhaps"),
            ("127.0.0.1?otp-values=yes&encoding=text", "it may be BER"),
        ] {
            let (address, mut query) = Query::split(text).expect("right");
            let error = listener(Transport::Tcp, address, &mut query).expect_err("wrong");
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
