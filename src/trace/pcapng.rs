//! A capture file that tshark and wireshark open as H.248. Messages are written as *exported PDUs* (link type 252): the file says
//! which dissector they are for and which addresses they had, and pretends no packets that nobody saw.
//!
//! ```text
//!  Section Header Block · Interface Description Block · Enhanced Packet Block for each message
//!                                                        └ tags: dissector, addresses, port type, ports · message
//! ```
//! Formats: draft-ietf-opsawg-pcapng; wireshark's `wsutil/exported_pdu_tlvs.h` for the tags' numbers.

use crate::ctl::wire::{Message, Over};
use megaphone_h248::sniff::{Sniffed, sniff};
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
/// LINKTYPE_WIRESHARK_UPPER_PDU.
const LINK_TYPE: u16 = 252;
/// Option `if_tsresol`: timestamps count nanoseconds.
const IF_TSRESOL: u16 = 9;
const NANOSECONDS: u8 = 9;

const TAG_DISSECTOR: u16 = 12;
const TAG_PORT_TYPE: u16 = 24;
/// Wireshark's `port_type`: 2 is TCP, 3 is UDP.
const PORT_TYPE_TCP: u32 = 2;
const PORT_TYPE_UDP: u32 = 3;

/// Tags of one end: IPv4 address, IPv6 address, port.
struct EndTags(u16, u16, u16);
const SOURCE: EndTags = EndTags(20, 22, 25);
const DESTINATION: EndTags = EndTags(21, 23, 26);

/// A capture being written.
pub struct Capture<W: Write> {
    out: W,
}

impl<W: Write> Capture<W> {
    /// Writes the head of the file.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn start(mut out: W) -> io::Result<Capture<W>> {
        let mut section = Vec::new();
        section.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        section.extend([1, 0, 0, 0]); // Version 1.0.
        section.extend((-1_i64).to_le_bytes()); // The section's length is not known.
        block(&mut out, SECTION_HEADER, &section)?;
        let mut interface = Vec::new();
        interface.extend(u32::from(LINK_TYPE).to_le_bytes());
        interface.extend([0; 4]); // Packets are whole.
        interface.extend(IF_TSRESOL.to_le_bytes());
        interface.extend([1, 0, NANOSECONDS, 0, 0, 0]);
        interface.extend([0; 4]); // No more options.
        block(&mut out, INTERFACE_DESCRIPTION, &interface)?;
        out.flush()?;
        Ok(Capture { out })
    }

    /// Writes a message, all the way to the file: who traces ends by interrupting.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub fn add(&mut self, message: &Message) -> io::Result<()> {
        let mut data = tags(message);
        data.extend(&message.base64);
        let length = u32::try_from(data.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut packet = vec![0; 4]; // The one interface.
        packet.extend(((message.unix_ns >> 32) as u32).to_le_bytes());
        packet.extend((message.unix_ns as u32).to_le_bytes());
        packet.extend(length.to_le_bytes());
        packet.extend(length.to_le_bytes());
        packet.extend(data);
        block(&mut self.out, ENHANCED_PACKET, &packet)?;
        self.out.flush()
    }
}

/// A block: type, length, body padded to four bytes, length again.
fn block(out: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let padded = body.len().next_multiple_of(4);
    let length = u32::try_from(padded + 12).map_err(|_| io::ErrorKind::InvalidInput)?;
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(body)?;
    out.write_all(&[0; 3][..padded - body.len()])?;
    out.write_all(&length.to_le_bytes())
}

/// What wireshark should know about a message: its dissector and, where they are known, its addresses.
fn tags(message: &Message) -> Vec<u8> {
    let mut tags = Vec::new();
    let dissector: &[u8] = match sniff(&message.base64) {
        Sniffed::Ber { .. } => b"h248",
        _ => b"megaco",
    };
    tag(&mut tags, TAG_DISSECTOR, dissector);
    let (source, destination) = match message.received {
        true => (message.theirs, message.ours),
        false => (message.ours, message.theirs),
    };
    if let Some(source) = source {
        end(&mut tags, &SOURCE, source);
    }
    if let Some(destination) = destination {
        end(&mut tags, &DESTINATION, destination);
    }
    if source.or(destination).is_some() {
        let port_type = match message.over {
            Over::Tcp => PORT_TYPE_TCP,
            Over::Udp => PORT_TYPE_UDP,
        };
        tag(&mut tags, TAG_PORT_TYPE, &port_type.to_be_bytes());
    }
    tag(&mut tags, 0, &[]);
    tags
}

fn end(tags: &mut Vec<u8>, numbers: &EndTags, address: SocketAddr) {
    match address.ip() {
        IpAddr::V4(ip) => tag(tags, numbers.0, &ip.octets()),
        IpAddr::V6(ip) => tag(tags, numbers.1, &ip.octets()),
    }
    tag(tags, numbers.2, &u32::from(address.port()).to_be_bytes());
}

/// A tag: number and length in big-endian, value padded to four bytes.
fn tag(tags: &mut Vec<u8>, number: u16, value: &[u8]) {
    let padded = value.len().next_multiple_of(4);
    tags.extend(number.to_be_bytes());
    tags.extend((padded as u16).to_be_bytes());
    tags.extend(value);
    tags.resize(tags.len() + padded - value.len(), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_and_padded() {
        let message = Message {
            unix_ns: 0x0102_0304_0506_0708,
            received: true,
            over: Over::Udp,
            theirs: Some("192.0.2.1:2944".parse().expect("an address")),
            ours: Some("[2001:db8::1]:2945".parse().expect("an address")),
            base64: b"!/1 mg K{1}".to_vec(),
        };
        let mut file = Vec::new();
        let mut capture = Capture::start(&mut file).expect("memory takes it");
        capture.add(&message).expect("memory takes it");
        let mut rest = file.as_slice();
        let mut kinds = Vec::new();
        while let [a, b, c, d, e, f, g, h, ..] = *rest {
            let length = u32::from_le_bytes([e, f, g, h]) as usize;
            assert_eq!(length % 4, 0);
            assert_eq!(
                rest[length - 4..length],
                rest[4..8],
                "the length is said twice"
            );
            kinds.push(u32::from_le_bytes([a, b, c, d]));
            rest = &rest[length..];
        }
        assert!(rest.is_empty());
        assert_eq!(
            kinds,
            [SECTION_HEADER, INTERFACE_DESCRIPTION, ENHANCED_PACKET]
        );
    }
}
