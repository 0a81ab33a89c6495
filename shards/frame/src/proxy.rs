//! PROXY protocol, version 2: who connected to whom, in front of a connection or inside a link's OPEN.
//!
//! The format is that of HAProxy's `proxy-protocol.txt`, section 2.2, byte for byte:
//!
//! ```text
//!  0                         12            13           14       16
//! ┌─────────────────────────┬─────────────┬────────────┬────────┬───────────┬──────┐
//! │ 0D0A0D0A000D0A515549540A│ 2 | command │ family|prot│ length │ addresses │ TLVs │    length counts what
//! └─────────────────────────┴─────────────┴────────────┴────────┴───────────┴──────┘    follows it
//! ```
//!
//! Decoding is bounded ([`PROXY_BYTES_MAX`], [`TLVS_MAX`]), allocates nothing, and checks every TLV before it gives out any.

mod tlv;

#[cfg(test)]
pub(crate) use tlv::crc32c_of as tlv_crc32c;
pub use tlv::{Ssl, Tlv, TlvType, Tlvs, ssl_client};

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use thiserror::Error;

/// Bytes of a whole header, at most: what this crate accepts. HAProxy sends a few hundred with all TLVs.
pub const PROXY_BYTES_MAX: usize = 4096;

/// TLVs in one header, at most.
pub const TLVS_MAX: usize = 64;

/// Bytes before the addresses.
const FIXED_BYTES: usize = 16;

/// The first twelve bytes: nothing that any other protocol starts with.
pub const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Bytes of a Unix socket's path on the wire, padded with zeros.
pub const UNIX_PATH_BYTES: usize = 108;

/// Who connected to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoints<'a> {
    /// The proxy speaks for itself (command LOCAL): health checks. The connection's own endpoints count.
    Local,
    /// A client whose address is not known or not expressible.
    Unspecified,
    /// TCP or UDP.
    Ip {
        /// The client.
        source: SocketAddr,
        /// What it connected to; of the same family.
        destination: SocketAddr,
        /// Whether it is UDP.
        datagram: bool,
    },
    /// A Unix socket.
    Unix {
        /// The client's path, without its padding.
        source: &'a [u8],
        /// The listener's path, without its padding.
        destination: &'a [u8],
        /// Whether it is a datagram socket.
        datagram: bool,
    },
}

/// A decoded header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxy<'a> {
    /// Who connected to whom.
    pub endpoints: Endpoints<'a>,
    /// What else is known.
    pub tlvs: Tlvs<'a>,
}

/// What can be wrong with a header.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyFault {
    /// It does not start with the signature.
    #[error("no PROXY v2 signature")]
    Signature,
    /// Neither version 2, nor a command of it.
    #[error(
        "PROXY version and command {byte:#04x}; version 2 with LOCAL (0x20) or PROXY (0x21) is known"
    )]
    Command {
        /// The 13th byte.
        byte: u8,
    },
    /// A family or transport that is not defined.
    #[error("PROXY family and transport {byte:#04x} is not defined")]
    Family {
        /// The 14th byte.
        byte: u8,
    },
    /// It ends too early.
    #[error("the PROXY header ends inside its {part}")]
    Short {
        /// Where.
        part: &'static str,
    },
    /// It is longer than this crate accepts.
    #[error("a PROXY header of {bytes} bytes; at most {PROXY_BYTES_MAX} are accepted")]
    Long {
        /// How long it is.
        bytes: usize,
    },
    /// More TLVs than this crate accepts.
    #[error("a PROXY header with more than {TLVS_MAX} TLVs")]
    Tlvs,
    /// The checksum TLV is not the header's checksum.
    #[error("the checksum of the PROXY header is wrong")]
    Checksum,
}

/// Reads a header from the front of `bytes`; also says how long it is.
///
/// # Errors
/// [`ProxyFault`]; [`ProxyFault::Short`] also while a correct one has not arrived as a whole.
pub fn decode(bytes: &[u8]) -> Result<(Proxy<'_>, usize), ProxyFault> {
    let seen = bytes.len().min(SIGNATURE.len());
    if bytes[..seen] != SIGNATURE[..seen] {
        return Err(ProxyFault::Signature);
    }
    let Some(&[.., command, family, high, low]) = bytes.first_chunk::<FIXED_BYTES>() else {
        return Err(ProxyFault::Short { part: "fixed part" });
    };
    if !matches!(command, 0x20 | 0x21) {
        return Err(ProxyFault::Command { byte: command });
    }
    let total = FIXED_BYTES + usize::from(u16::from_be_bytes([high, low]));
    if total > PROXY_BYTES_MAX {
        return Err(ProxyFault::Long { bytes: total });
    }
    let header = bytes
        .get(..total)
        .ok_or(ProxyFault::Short { part: "length" })?;
    let rest = &header[FIXED_BYTES..];
    let (endpoints, rest) = decode_endpoints(family, rest)?;
    // LOCAL: the addresses are there to be skipped.
    let endpoints = if command == 0x20 {
        Endpoints::Local
    } else {
        endpoints
    };
    let tlvs = Tlvs::check(rest)?;
    tlvs.check_sum(header)?;
    Ok((Proxy { endpoints, tlvs }, total))
}

fn decode_endpoints(family: u8, rest: &[u8]) -> Result<(Endpoints<'_>, &[u8]), ProxyFault> {
    let short = ProxyFault::Short { part: "addresses" };
    let datagram = match family & 0x0f {
        0 | 1 => false,
        2 => true,
        _ => return Err(ProxyFault::Family { byte: family }),
    };
    Ok(match family >> 4 {
        0 => (Endpoints::Unspecified, rest),
        1 => {
            let (&[a, b, c, d, e, f, g, h, sh, sl, dh, dl], rest) =
                rest.split_first_chunk().ok_or(short)?;
            let source = SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([sh, sl]));
            let destination =
                SocketAddrV4::new(Ipv4Addr::new(e, f, g, h), u16::from_be_bytes([dh, dl]));
            (
                Endpoints::Ip {
                    source: source.into(),
                    destination: destination.into(),
                    datagram,
                },
                rest,
            )
        }
        2 => {
            let (source, rest) = rest.split_first_chunk::<16>().ok_or(short)?;
            let (destination, rest) = rest.split_first_chunk::<16>().ok_or(short)?;
            let (&[sh, sl, dh, dl], rest) = rest.split_first_chunk().ok_or(short)?;
            let at = |address: &[u8; 16], port| {
                SocketAddrV6::new(Ipv6Addr::from(*address), port, 0, 0).into()
            };
            let source = at(source, u16::from_be_bytes([sh, sl]));
            let destination = at(destination, u16::from_be_bytes([dh, dl]));
            (
                Endpoints::Ip {
                    source,
                    destination,
                    datagram,
                },
                rest,
            )
        }
        3 => {
            let (source, rest) = rest.split_first_chunk::<UNIX_PATH_BYTES>().ok_or(short)?;
            let (destination, rest) = rest.split_first_chunk::<UNIX_PATH_BYTES>().ok_or(short)?;
            (
                Endpoints::Unix {
                    source: unpad(source),
                    destination: unpad(destination),
                    datagram,
                },
                rest,
            )
        }
        _ => return Err(ProxyFault::Family { byte: family }),
    })
}

/// A path without the zeros behind it. One that starts with a zero is in Linux's abstract namespace.
fn unpad(path: &[u8]) -> &[u8] {
    let end = path
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last + 1);
    &path[..end]
}

/// Appends a header to `out`. Says how many bytes it is.
///
/// TLVs that would make it longer than [`PROXY_BYTES_MAX`], or more than [`TLVS_MAX`], are left out; a Unix path is cut at
/// [`UNIX_PATH_BYTES`]; endpoints of two families are sent as [`Endpoints::Unspecified`].
pub fn encode<'a>(
    endpoints: &Endpoints<'_>,
    tlvs: impl IntoIterator<Item = Tlv<'a>>,
    out: &mut Vec<u8>,
) -> usize {
    let start = out.len();
    out.extend_from_slice(&SIGNATURE);
    let command = if *endpoints == Endpoints::Local {
        0x20
    } else {
        0x21
    };
    out.extend_from_slice(&[command, 0, 0, 0]);
    out[start + 13] = encode_endpoints(endpoints, out);
    for tlv in tlvs.into_iter().take(TLVS_MAX) {
        if out.len() - start + tlv.wire_bytes() <= PROXY_BYTES_MAX {
            tlv.encode(out);
        }
    }
    let length = (out.len() - start - FIXED_BYTES) as u16;
    out[start + 14..start + 16].copy_from_slice(&length.to_be_bytes());
    out.len() - start
}

/// Appends the addresses; returns the byte of family and transport.
fn encode_endpoints(endpoints: &Endpoints<'_>, out: &mut Vec<u8>) -> u8 {
    let transport = |datagram: bool| if datagram { 2 } else { 1 };
    let ports = |out: &mut Vec<u8>, source: u16, destination: u16| {
        out.extend_from_slice(&source.to_be_bytes());
        out.extend_from_slice(&destination.to_be_bytes());
    };
    match *endpoints {
        Endpoints::Ip {
            source: SocketAddr::V4(source),
            destination: SocketAddr::V4(destination),
            datagram,
        } => {
            out.extend_from_slice(&source.ip().octets());
            out.extend_from_slice(&destination.ip().octets());
            ports(out, source.port(), destination.port());
            0x10 | transport(datagram)
        }
        Endpoints::Ip {
            source: SocketAddr::V6(source),
            destination: SocketAddr::V6(destination),
            datagram,
        } => {
            out.extend_from_slice(&source.ip().octets());
            out.extend_from_slice(&destination.ip().octets());
            ports(out, source.port(), destination.port());
            0x20 | transport(datagram)
        }
        Endpoints::Unix {
            source,
            destination,
            datagram,
        } => {
            for path in [source, destination] {
                let end = out.len() + UNIX_PATH_BYTES;
                out.extend_from_slice(&path[..path.len().min(UNIX_PATH_BYTES)]);
                out.resize(end, 0);
            }
            0x30 | transport(datagram)
        }
        Endpoints::Local | Endpoints::Unspecified | Endpoints::Ip { .. } => 0,
    }
}
