//! A message identifier in canonical, owned and comparable form: what connections are keyed by. Writing it is the codec's affair.

use megaphone_h248::model::{MId, MessageBody, MtpAddress, TerminationId, Token};
use megaphone_h248::{Arena, Limits};
use smallvec::SmallVec;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A MID: one kind byte and its content, names in lower case (they compare without regard to case, RFC 3525 B.2).
///
/// Two pointers wide: a million connections keep one each.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mid(Box<[u8]>);

/// The bytes that MIDs are compared by, without an allocation.
pub type MidBytes = SmallVec<[u8; 72]>;

const IP4: u8 = 4;
const IP6: u8 = 6;
const DOMAIN: u8 = b'd';
const DEVICE: u8 = b'n';
const MTP: u8 = b'm';

impl Mid {
    /// From a decoded or hand-made identifier.
    pub fn new(mid: &MId<'_>) -> Self {
        Self(canonical(mid).as_slice().into())
    }

    /// From its written form, as [`Mid`]'s `Display` writes it and text messages do; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // It must be all there is: what a message could have behind it is not part of a name.
        if text.is_empty() || text.contains(char::is_whitespace) {
            return None;
        }
        let message = format!("!/1 {text} ER=500{{}}");
        let (arena, limits) = (Arena::new(), Limits::default());
        let decoded = megaphone_h248::text::decode(message.as_bytes(), &arena, &limits).ok()?;
        matches!(&decoded.message.body, MessageBody::Error(error) if error.code == 500)
            .then(|| Self::new(&decoded.message.mid))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As the codec takes it.
    pub fn as_model(&self) -> MId<'_> {
        let none = || MId::DomainName(token(b"invalid"), None);
        let Some((kind, rest)) = self.0.split_first() else {
            return none();
        };
        match *kind {
            IP4 => match split_port::<4>(rest) {
                Some((octets, port)) => MId::Ip4Address(Ipv4Addr::from(octets), port),
                None => none(),
            },
            IP6 => match split_port::<16>(rest) {
                Some((octets, port)) => MId::Ip6Address(Ipv6Addr::from(octets), port),
                None => none(),
            },
            MTP => MtpAddress::new(rest).map_or_else(none, MId::MtpAddress),
            DEVICE => TerminationId::new(rest).map_or_else(|_| none(), MId::DeviceName),
            _ => match rest {
                [name @ .., 0, 0, 0] => MId::DomainName(token(name), None),
                [name @ .., 1, high, low] => {
                    MId::DomainName(token(name), Some(u16::from_be_bytes([*high, *low])))
                }
                _ => none(),
            },
        }
    }
}

fn token(name: &[u8]) -> Token<'_> {
    Token::new(name)
        .unwrap_or_else(|_| Token::new(&b"invalid"[..]).expect("a plain word is a token"))
}

/// The bytes a MID is compared by: equal for all ways to write one. A host that spreads associations hashes these.
pub fn canonical(mid: &MId<'_>) -> MidBytes {
    let mut bytes = MidBytes::new();
    match mid {
        MId::Ip4Address(address, port) => {
            bytes.push(IP4);
            bytes.extend_from_slice(&address.octets());
            put_port(&mut bytes, *port);
        }
        MId::Ip6Address(address, port) => {
            bytes.push(IP6);
            bytes.extend_from_slice(&address.octets());
            put_port(&mut bytes, *port);
        }
        MId::DomainName(name, port) => {
            put_name(&mut bytes, DOMAIN, name.as_bytes());
            put_port(&mut bytes, *port);
        }
        MId::DeviceName(path) => {
            put_name(&mut bytes, DEVICE, path.as_bytes());
        }
        MId::MtpAddress(address) => {
            bytes.push(MTP);
            bytes.extend_from_slice(address.octets());
        }
    }
    bytes
}

fn put_name(bytes: &mut MidBytes, kind: u8, name: &[u8]) {
    bytes.push(kind);
    bytes.extend_from_slice(name);
    bytes.make_ascii_lowercase();
}

fn put_port(bytes: &mut MidBytes, port: Option<u16>) {
    bytes.push(port.is_some().into());
    bytes.extend_from_slice(&port.unwrap_or(0).to_be_bytes());
}

fn split_port<const N: usize>(rest: &[u8]) -> Option<([u8; N], Option<u16>)> {
    let (octets, port) = rest.split_first_chunk::<N>()?;
    let port = match port {
        [1, high, low] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    };
    Some((*octets, port))
}

/// As text messages write it: `[10.0.0.1]:2944`, `<gw.example>`, `gw1@example`, `MTP{0a1b2c}`.
impl fmt::Display for Mid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = |f: &mut fmt::Formatter<'_>, port: Option<u16>| match port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        };
        match self.as_model() {
            MId::Ip4Address(address, number) => {
                write!(f, "[{address}]").and_then(|()| port(f, number))
            }
            MId::Ip6Address(address, number) => {
                write!(f, "[{address}]").and_then(|()| port(f, number))
            }
            MId::DomainName(name, number) => write!(f, "<{name}>").and_then(|()| port(f, number)),
            MId::DeviceName(path) => write!(f, "{path}"),
            MId::MtpAddress(address) => {
                f.write_str("MTP{")?;
                address
                    .octets()
                    .iter()
                    .try_for_each(|octet| write!(f, "{octet:02x}"))?;
                f.write_str("}")
            }
        }
    }
}

impl fmt::Debug for Mid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mid_is_read_as_it_is_written() {
        for text in [
            "<mgc>",
            "<mgc.example>:2944",
            "[10.0.0.1]",
            "[10.0.0.1]:2944",
            "[2001:db8::1]:55555",
            "gw1@example.net",
            "gw1/line/3",
            "MTP{0a1b2c}",
        ] {
            let mid = Mid::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(mid.to_string(), text);
            assert_eq!(Mid::new(&mid.as_model()), mid);
        }
        assert_eq!(Mid::parse(" <MGC> "), Mid::parse("<mgc>"));
        assert_eq!(Mid::parse("[0:0:0:0:0:0:0:1]"), Mid::parse("[::1]"));
    }

    #[test]
    fn what_is_not_a_mid_is_none() {
        for text in [
            "",
            "<mgc",
            "mgc>",
            "[10.0.0.1",
            "[10.0.0.300]",
            "<mgc>:70000",
            "<a> <b>",
            "<a>ER=1{}",
            "MTP{0}",
            "T=1{}",
        ] {
            assert_eq!(Mid::parse(text), None, "{text}");
        }
    }
}
