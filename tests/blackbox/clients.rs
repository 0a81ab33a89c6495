//! Raw clients: a TCP connection that sends bytes and knows which must come back.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use socket2::SockRef;

use crate::appliance::PATIENCE;

pub(crate) struct Client {
    stream: TcpStream,
}

impl Client {
    pub(crate) fn connect(to: SocketAddr) -> Client {
        let stream = TcpStream::connect(to).expect("the appliance accepts");
        stream.set_nodelay(true).expect("an option can be set");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("an option can be set");
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("an option can be set");
        Client { stream }
    }

    /// Connects to a Unix socket.
    pub(crate) fn connect_unix(to: &Path) -> Client {
        let stream = UnixStream::connect(to).expect("the appliance accepts");
        // The calls that a client makes are the same for every kind of stream socket.
        Client::from(TcpStream::from(OwnedFd::from(stream)))
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.stream
            .local_addr()
            .expect("a connected socket has an address")
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream
            .write_all(bytes)
            .expect("the appliance takes bytes");
    }

    /// Sends, where the appliance may already have closed.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Takes exactly as many bytes as are expected, and compares.
    pub(crate) fn expect(&mut self, bytes: &[u8]) {
        let mut got = vec![0; bytes.len()];
        self.stream
            .read_exact(&mut got)
            .expect("the appliance sends as many bytes as it took");
        let differs = got.iter().zip(bytes).position(|(a, b)| a != b);
        assert_eq!(
            differs, None,
            "the bytes that came back differ at this offset"
        );
    }

    pub(crate) fn exchange(&mut self, bytes: &[u8]) {
        self.send(bytes);
        self.expect(bytes);
    }

    /// Everything up to the end of the stream; an empty vector is a clean close with nothing said.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream
            .read_to_end(&mut rest)
            .expect("the stream ends cleanly");
        rest
    }

    /// Whether the stream ends, cleanly or by a reset, without a further byte.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    /// No more will be sent.
    pub(crate) fn finish(&mut self) {
        self.stream
            .shutdown(Shutdown::Write)
            .expect("a connected socket can be shut down");
    }

    /// Closes with a RST.
    pub(crate) fn reset(self) {
        SockRef::from(&self.stream)
            .set_linger(Some(std::time::Duration::ZERO))
            .expect("an option can be set");
    }

    /// Ends the connection for all handles of it, whatever they wait for.
    pub(crate) fn abandon(&self) {
        // It may have ended already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// A second handle, for a thread of its own.
    pub(crate) fn twin(&self) -> Client {
        Client {
            stream: self.stream.try_clone().expect("a socket can be duplicated"),
        }
    }
}

impl From<TcpStream> for Client {
    fn from(stream: TcpStream) -> Client {
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("an option can be set");
        Client { stream }
    }
}

/// Bytes that differ from place to place and from seed to seed, so that a swap or a shift shows.
pub(crate) fn pattern(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
