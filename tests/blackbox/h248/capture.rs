//! Capture files as a sniffer would have written them, of what a relay or a cable has carried.

use super::pipe::Segments;
use super::relay::Carried;
use std::collections::BTreeMap;

/// Link type of packets that begin with an IPv4 header.
const LINKTYPE_RAW: u32 = 101;
/// The gateways' first port.
const GATEWAY_PORT: u16 = 40_000;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ACK: u8 = 0x10;

/// A capture being written.
struct File(Vec<u8>);

impl File {
    fn new() -> File {
        let words = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, LINKTYPE_RAW];
        File(words.map(u32::to_le_bytes).concat())
    }

    /// One packet with this header of its transport and this body.
    fn packet(&mut self, protocol: u8, header: &[u8], body: &[u8]) {
        let total = 20 + header.len() + body.len();
        let total = u16::try_from(total).expect("fits a packet");
        for word in [0, 0, u32::from(total), u32::from(total)] {
            self.0.extend(word.to_le_bytes());
        }
        self.0.extend([0x45, 0]);
        self.0.extend(total.to_be_bytes());
        self.0
            .extend([0, 0, 0, 0, 64, protocol, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        self.0.extend(header);
        self.0.extend(body);
    }
}

/// Each message in a datagram of its own, to and from `port`.
pub(crate) fn datagrams(messages: &Carried, port: u16) -> Vec<u8> {
    let mut file = File::new();
    for (forth, message) in messages {
        let (from, to) = match forth {
            true => (GATEWAY_PORT, port),
            false => (port, GATEWAY_PORT),
        };
        let length = u16::try_from(message.len() + 8).expect("fits a datagram");
        file.packet(
            UDP,
            &[from, to, length, 0].map(u16::to_be_bytes).concat(),
            message,
        );
    }
    file.0
}

/// The segments of each connection from after its handshake, to and from `port`.
pub(crate) fn streams(segments: &Segments, port: u16) -> Vec<u8> {
    let mut file = File::new();
    // Bytes that went each way.
    let mut sent: BTreeMap<u16, [u32; 2]> = BTreeMap::new();
    for (number, forth, bytes) in segments {
        let ports = [GATEWAY_PORT + number, port];
        let way = usize::from(!forth);
        let sent = sent.entry(*number).or_insert([1, 1]);
        let (sequence, seen) = (sent[way], sent[1 - way]);
        let mut header = [ports[way], ports[1 - way]].map(u16::to_be_bytes).concat();
        header.extend([sequence, seen].map(u32::to_be_bytes).concat());
        header.extend([0x50, ACK, 0xff, 0xff, 0, 0, 0, 0]);
        file.packet(TCP, &header, bytes);
        sent[way] += u32::try_from(bytes.len()).expect("a segment");
    }
    file.0
}
