//! Message identifiers: who sent a message, in all five forms of the standard (RFC 3525 annex A, `MId`).

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

#[cfg(feature = "serde")]
use serde::Serialize;

use super::{TerminationId, Token};

/// The name or address of a message's originator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize), serde(rename_all = "camelCase"))]
pub enum MId<'a> {
    /// `[124.124.124.222]:55555`
    Ip4Address(Ipv4Addr, Option<u16>),
    /// `[2001:db8::1]:2944`
    Ip6Address(Ipv6Addr, Option<u16>),
    /// `<mgc.example.org>:2944`
    DomainName(Token<'a>, Option<u16>),
    /// `gateway1@example.org`: a path name.
    DeviceName(TerminationId<'a>),
    /// `MTP{0a1b2c}`: point code and network indicator.
    MtpAddress(MtpAddress),
}

/// An SS7 address: 2 to 4 octets, point code in bits 2 and up, network indicator in bits 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MtpAddress {
    octets: [u8; 4],
    len: u8,
}

impl MtpAddress {
    /// An address of 2 to 4 octets, or `None`.
    #[must_use]
    pub fn new(octets: &[u8]) -> Option<Self> {
        if !(2..=4).contains(&octets.len()) {
            return None;
        }
        let mut address = Self {
            octets: [0; 4],
            len: octets.len() as u8,
        };
        address.octets[..octets.len()].copy_from_slice(octets);
        Some(address)
    }

    /// The octets in transmission order.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}

/// As the text encoding writes it.
impl fmt::Display for MId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = match self {
            Self::Ip4Address(address, port) => {
                write!(f, "[{address}]")?;
                port
            }
            Self::Ip6Address(address, port) => {
                write!(f, "[{address}]")?;
                port
            }
            Self::DomainName(name, port) => {
                write!(f, "<{name}>")?;
                port
            }
            Self::DeviceName(path) => return write!(f, "{path}"),
            Self::MtpAddress(address) => {
                f.write_str("MTP{")?;
                for octet in address.octets() {
                    write!(f, "{octet:02X}")?;
                }
                return f.write_str("}");
            }
        };
        match port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}
