//! The type-length-value part of a PROXY v2 header: what the proxy knows besides addresses.

use super::{ProxyFault, TLVS_MAX};

/// Bytes of a TLV before its value.
const HEAD_BYTES: usize = 3;

/// Bytes of the SSL TLV's value before its own TLVs.
const SSL_HEAD_BYTES: usize = 5;

/// What a TLV is about (`proxy-protocol.txt` section 2.2.1 and following).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlvType {
    /// 01: the protocol above, as in RFC 7301.
    Alpn,
    /// 02: the host name that the client asked for (SNI).
    Authority,
    /// 03: CRC-32C of the whole header, with this value as zeros.
    Crc32c,
    /// 04: padding.
    Noop,
    /// 05: up to 128 bytes that name the connection.
    UniqueId,
    /// 20: TLS; the value is read with [`Tlv::ssl`].
    Ssl,
    /// 21, inside SSL: "TLSv1.3".
    SslVersion,
    /// 22, inside SSL: the client certificate's common name.
    SslCommonName,
    /// 23, inside SSL: the cipher.
    SslCipher,
    /// 24, inside SSL: the algorithm that signed the certificate.
    SslSignatureAlgorithm,
    /// 25, inside SSL: the algorithm of the certificate's key.
    SslKeyAlgorithm,
    /// 30: the network namespace.
    Netns,
    /// Any other.
    Other(u8),
}

impl TlvType {
    /// The type with this code.
    pub fn from_code(code: u8) -> Self {
        match code {
            0x01 => Self::Alpn,
            0x02 => Self::Authority,
            0x03 => Self::Crc32c,
            0x04 => Self::Noop,
            0x05 => Self::UniqueId,
            0x20 => Self::Ssl,
            0x21 => Self::SslVersion,
            0x22 => Self::SslCommonName,
            0x23 => Self::SslCipher,
            0x24 => Self::SslSignatureAlgorithm,
            0x25 => Self::SslKeyAlgorithm,
            0x30 => Self::Netns,
            other => Self::Other(other),
        }
    }

    /// The code on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::Alpn => 0x01,
            Self::Authority => 0x02,
            Self::Crc32c => 0x03,
            Self::Noop => 0x04,
            Self::UniqueId => 0x05,
            Self::Ssl => 0x20,
            Self::SslVersion => 0x21,
            Self::SslCommonName => 0x22,
            Self::SslCipher => 0x23,
            Self::SslSignatureAlgorithm => 0x24,
            Self::SslKeyAlgorithm => 0x25,
            Self::Netns => 0x30,
            Self::Other(code) => code,
        }
    }
}

/// One type, length and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// What it is about.
    pub kind: TlvType,
    /// The value.
    pub value: &'a [u8],
}

/// The value of [`TlvType::Ssl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ssl<'a> {
    /// Bits of [`ssl_client`].
    pub client: u8,
    /// 0 if the client showed a certificate and it was verified.
    pub verify: u32,
    /// Version, cipher, names.
    pub tlvs: Tlvs<'a>,
}

/// Bits of [`Ssl::client`].
pub mod ssl_client {
    /// The client connected over TLS.
    pub const SSL: u8 = 0x01;
    /// It showed a certificate on this connection.
    pub const CERT_CONN: u8 = 0x02;
    /// It showed a certificate at least once in this TLS session.
    pub const CERT_SESS: u8 = 0x04;
}

impl<'a> Tlv<'a> {
    /// The TLS part, if this is one; its inner TLVs are checked here.
    ///
    /// # Errors
    /// [`ProxyFault`] if it is cut off or has too many TLVs.
    pub fn ssl(&self) -> Result<Option<Ssl<'a>>, ProxyFault> {
        if self.kind != TlvType::Ssl {
            return Ok(None);
        }
        let (&[client, a, b, c, d], rest) = self
            .value
            .split_first_chunk::<SSL_HEAD_BYTES>()
            .ok_or(ProxyFault::Short { part: "SSL value" })?;
        Ok(Some(Ssl {
            client,
            verify: u32::from_be_bytes([a, b, c, d]),
            tlvs: Tlvs::check(rest)?,
        }))
    }

    pub(super) fn wire_bytes(&self) -> usize {
        HEAD_BYTES + self.value.len()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let length = self.value.len() as u16;
        out.push(self.kind.code());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&self.value[..usize::from(length)]);
    }
}

/// TLVs that were found to be complete.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Tlvs<'a> {
    rest: &'a [u8],
}

impl<'a> Tlvs<'a> {
    /// The value of the first of this type.
    pub fn value_of(mut self, kind: TlvType) -> Option<&'a [u8]> {
        self.find(|tlv| tlv.kind == kind).map(|tlv| tlv.value)
    }

    /// All of `bytes` as TLVs.
    pub(super) fn check(bytes: &'a [u8]) -> Result<Self, ProxyFault> {
        let mut rest = bytes;
        for _ in 0..TLVS_MAX {
            if rest.is_empty() {
                return Ok(Self { rest: bytes });
            }
            (_, rest) = split(rest).ok_or(ProxyFault::Short { part: "TLVs" })?;
        }
        if rest.is_empty() {
            Ok(Self { rest: bytes })
        } else {
            Err(ProxyFault::Tlvs)
        }
    }

    /// Compares the checksum TLV, if there is one, with the checksum of `header`, of which these TLVs are the end.
    pub(super) fn check_sum(self, header: &[u8]) -> Result<(), ProxyFault> {
        let mut rest = self.rest;
        while let Some((tlv, behind)) = split(rest) {
            if tlv.kind == TlvType::Crc32c {
                let said = tlv
                    .value
                    .try_into()
                    .map(u32::from_be_bytes)
                    .map_err(|_| ProxyFault::Checksum)?;
                let at = header.len() - behind.len() - tlv.value.len();
                let bytes = header.iter().enumerate();
                let sum = crc32c(
                    bytes.map(|(i, &byte)| if (at..at + 4).contains(&i) { 0 } else { byte }),
                );
                return if said == sum {
                    Ok(())
                } else {
                    Err(ProxyFault::Checksum)
                };
            }
            rest = behind;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Tlvs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        let (tlv, rest) = split(self.rest)?;
        self.rest = rest;
        Some(tlv)
    }
}

/// The first TLV and what is behind it.
fn split(bytes: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (&[kind, high, low], rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
    Some((
        Tlv {
            kind: TlvType::from_code(kind),
            value,
        },
        rest,
    ))
}

/// CRC-32C (Castagnoli), bit by bit: headers are short, few carry one, and a table would be larger than all the rest.
pub(super) fn crc32c(bytes: impl Iterator<Item = u8>) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[cfg(test)]
pub(crate) fn crc32c_of(bytes: &[u8]) -> u32 {
    crc32c(bytes.iter().copied())
}
