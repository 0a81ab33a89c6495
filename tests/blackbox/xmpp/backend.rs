//! A chat server's end of a link by hand. What it knows of the link protocol it knows from `docs/link-protocol.md`; of XMPP it knows
//! nothing: it hears what the appliance has cut, and says what a test gives it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use crate::appliance::PATIENCE;

const HELLO: u8 = 0x01;
const HELLO_OK: u8 = 0x02;
pub(super) const OPEN: u8 = 0x10;
const OPEN_OK: u8 = 0x11;
const REJECT: u8 = 0x12;
pub(super) const DATA: u8 = 0x20;
pub(super) const CLOSE: u8 = 0x30;
const RESET: u8 = 0x31;
const CREDIT: u8 = 0x40;
const PING: u8 = 0x50;
const PONG: u8 = 0x51;
const MORE_FOLLOWS: u8 = 1;
const BACKEND: u8 = 1;

pub(super) struct Frame {
    pub(super) kind: u8,
    flags: u8,
    pub(super) connection: u64,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The client's address that OPEN tells (a PROXY v2 header for TCP over IPv4).
    pub(super) fn client(&self) -> SocketAddr {
        let header: &[u8; 28] = self.payload[..28].try_into().expect("sliced to 28");
        assert_eq!(&header[..14], b"\r\n\r\n\0\r\nQUIT\n\x21\x11");
        let ip: [u8; 4] = header[16..20].try_into().expect("sliced to 4");
        let port = u16::from_be_bytes([header[24], header[25]]);
        (Ipv4Addr::from(ip), port).into()
    }

    /// The reason that CLOSE tells.
    pub(super) fn reason(&self) -> u16 {
        assert_eq!(self.kind, CLOSE);
        u16::from_be_bytes([self.payload[0], self.payload[1]])
    }
}

pub(super) struct Backend {
    stream: TcpStream,
}

impl Backend {
    /// Connects to a link listener of the appliance and waits until the link stands. It does not acknowledge.
    pub(super) fn linked(to: SocketAddr) -> Backend {
        let stream = TcpStream::connect(to).expect("the appliance listens for links");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        stream.set_nodelay(true).expect("a socket can be hurried");
        let mut backend = Backend { stream };
        let mut hello = b"MEGA\x01".to_vec();
        hello.extend([BACKEND, 0, 0]);
        hello.extend(65_536_u32.to_be_bytes());
        hello.extend([0; 16]);
        hello.extend(b"\x04hand\0\0");
        backend.send(HELLO, 0, 0, &hello);
        assert_eq!(backend.frame().kind, HELLO_OK);
        backend
    }

    fn send(&mut self, kind: u8, flags: u8, connection: u64, payload: &[u8]) {
        let mut frame = u32::try_from(12 + payload.len())
            .expect("a test's payload is short")
            .to_be_bytes()
            .to_vec();
        frame.extend([kind, flags, 0, 0]);
        frame.extend(connection.to_be_bytes());
        frame.extend(payload);
        self.stream
            .write_all(&frame)
            .expect("the appliance reads its link");
    }

    fn frame(&mut self) -> Frame {
        let mut header = [0; 16];
        self.stream
            .read_exact(&mut header)
            .expect("the appliance writes");
        let (length, rest) = header.split_first_chunk::<4>().expect("16 bytes");
        let mut payload = vec![0; u32::from_be_bytes(*length) as usize - 12];
        self.stream
            .read_exact(&mut payload)
            .expect("a frame is written whole");
        Frame {
            kind: rest[0],
            flags: rest[1],
            connection: u64::from_be_bytes(rest[4..].try_into().expect("8 bytes")),
            payload,
        }
    }

    /// The next frame that is about a connection, other than credit.
    pub(super) fn next(&mut self) -> Frame {
        loop {
            let frame = self.frame();
            match frame.kind {
                PING => self.send(PONG, 0, 0, &frame.payload),
                CREDIT => {}
                _ => return frame,
            }
        }
    }

    /// Waits for the next client.
    pub(super) fn open(&mut self) -> Frame {
        let frame = self.next();
        assert_eq!(frame.kind, OPEN);
        frame
    }

    /// Takes the next client, who may send `credit` bytes.
    pub(super) fn take(&mut self, credit: u32) -> u64 {
        let connection = self.open().connection;
        self.accept(connection, credit);
        connection
    }

    /// Takes a client.
    pub(super) fn accept(&mut self, connection: u64, credit: u32) {
        self.send(OPEN_OK, 0, connection, &credit.to_be_bytes());
    }

    pub(super) fn reject(&mut self, connection: u64, reason: u16, text: &str) {
        let payload = [&reason.to_be_bytes(), text.as_bytes()].concat();
        self.send(REJECT, 0, connection, &payload);
    }

    pub(super) fn say(&mut self, connection: u64, text: &str) {
        self.send(DATA, 0, connection, text.as_bytes());
    }

    pub(super) fn credit(&mut self, connection: u64, bytes: u32) {
        self.send(CREDIT, 0, connection, &bytes.to_be_bytes());
    }

    pub(super) fn close(&mut self, connection: u64) {
        self.send(CLOSE, 0, connection, &[0, 0]);
    }

    /// The next unit of a connection, and in how many parts it came. Its bytes are given back as credit part by part.
    pub(super) fn hear(&mut self, connection: u64) -> (String, usize) {
        let (mut unit, mut parts) = (Vec::new(), 0);
        loop {
            let frame = self.next();
            assert_eq!((frame.kind, frame.connection), (DATA, connection));
            unit.extend(&frame.payload);
            parts += 1;
            self.credit(
                connection,
                u32::try_from(frame.payload.len()).expect("a payload of a frame"),
            );
            if frame.flags & MORE_FOLLOWS == 0 {
                return (
                    String::from_utf8(unit).expect("what was sent is text"),
                    parts,
                );
            }
        }
    }

    /// The connection's end by the appliance, with its reason.
    pub(super) fn must_close(&mut self, connection: u64) -> u16 {
        let frame = self.next();
        assert_ne!(frame.kind, RESET);
        assert_eq!(frame.connection, connection);
        self.close(connection);
        frame.reason()
    }
}
