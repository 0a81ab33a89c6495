//! A chat client by hand: it writes XML and waits for what it expects to read.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Instant;

use socket2::{Domain, Socket, Type};

use crate::appliance::PATIENCE;

pub(super) const HEADER: &str = "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' \
                      xmlns:stream='http://etherx.jabber.org/streams'>";

pub(super) struct Person {
    stream: TcpStream,
    unread: String,
    was_reset: bool,
    pub(super) jid: String,
}

impl Person {
    pub(super) fn connect(to: SocketAddr) -> Person {
        Person::on(TcpStream::connect(to).expect("the server is reached"))
    }

    /// From an address of this machine.
    pub(super) fn connect_from(from: Ipv4Addr, to: SocketAddr) -> Person {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be made");
        socket
            .bind(&SocketAddr::from((from, 0)).into())
            .expect("all of 127/8 is ours");
        socket.connect(&to.into()).expect("the server is reached");
        Person::on(socket.into())
    }

    fn on(stream: TcpStream) -> Person {
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        stream.set_nodelay(true).expect("a socket can be hurried");
        Person {
            stream,
            unread: String::new(),
            was_reset: false,
            jid: String::new(),
        }
    }

    /// Registered users have the password `secret`.
    pub(super) fn login(to: SocketAddr, user: &str, resource: &str) -> Person {
        let mut person = Person::authenticated(to, user);
        person.bind(resource);
        person.appear();
        person
    }

    pub(super) fn anonymous(to: SocketAddr, resource: &str) -> Person {
        let mut person = Person::connect(to);
        person.open_stream();
        person.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>");
        person.expect(&["<success"]);
        person.open_stream();
        person.bind(resource);
        person.appear();
        person
    }

    /// Authenticated, with the new stream's features read, and not bound.
    pub(super) fn authenticated(to: SocketAddr, user: &str) -> Person {
        let mut person = Person::connect(to);
        person.open_stream();
        person.authenticate(user, "secret");
        person.expect(&["<success"]);
        person.open_stream();
        person
    }

    /// Begins a stream, for the first time or anew; what the server says to that.
    pub(super) fn open_stream(&mut self) -> String {
        self.say(HEADER);
        self.expect(&["</stream:features>"])
    }

    pub(super) fn authenticate(&mut self, user: &str, password: &str) {
        let words = base64(format!("\0{user}\0{password}").as_bytes());
        self.say(&format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{words}</auth>"
        ));
    }

    pub(super) fn bind(&mut self, resource: &str) {
        self.say(&format!(
            "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <resource>{resource}</resource></bind></iq>"
        ));
        let bound = self.expect(&["<jid>", "</jid>", "</iq>"]);
        let (_, rest) = bound.split_once("<jid>").expect("it was expected");
        rest.split_once("</jid>")
            .expect("it was expected")
            .0
            .clone_into(&mut self.jid);
    }

    /// Sends presence and waits for its own copy.
    pub(super) fn appear(&mut self) {
        self.say("<presence/>");
        let own = format!("from='{}'", self.jid);
        self.expect(&["<presence", &own, ">"]);
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.stream
            .local_addr()
            .expect("a connected socket has an address")
    }

    pub(super) fn say(&mut self, text: &str) {
        self.say_bytes(text.as_bytes());
    }

    /// Any part of what is to be said.
    pub(super) fn say_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
    }

    /// Reads until the words have come in this order, and gives everything up to the end of the last.
    pub(super) fn expect(&mut self, words: &[&str]) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = end_of(&self.unread, words) {
                let rest = self.unread.split_off(found);
                return std::mem::replace(&mut self.unread, rest);
            }
            assert!(
                Instant::now() < end && self.read(),
                "{} waits for {words:?}; unread: {}",
                self.jid,
                self.unread
            );
        }
    }

    /// Reads to the end of the stream and gives all of it.
    pub(super) fn rest(&mut self) -> String {
        while self.read() {}
        std::mem::take(&mut self.unread)
    }

    /// As [`Person::rest`], and the connection ended in order, not by a reset.
    pub(super) fn rest_in_order(&mut self) -> String {
        let rest = self.rest();
        assert!(!self.was_reset, "reset behind {rest}");
        rest
    }

    /// False at the end of the stream.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 65_536];
        match self.stream.read(&mut buffer) {
            Ok(count) => {
                self.unread
                    .push_str(&String::from_utf8_lossy(&buffer[..count]));
                count > 0
            }
            Err(fault) if fault.kind() == ErrorKind::ConnectionReset => {
                self.was_reset = true;
                false
            }
            Err(fault) => panic!("{}: {fault}; unread: {}", self.jid, self.unread),
        }
    }

    /// A round trip to the server, behind which nothing that was sent before is still on its way.
    pub(super) fn ping(&mut self) {
        self.say("<iq type='get' id='ping' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
        self.expect(&["<iq", "id='ping'", "/>"]);
    }

    pub(super) fn write_to(&mut self, jid: &str, id: &str, body: &str) {
        self.say(&format!(
            "<message to='{jid}' type='chat' id='{id}'><body>{body}</body></message>"
        ));
    }

    /// Loses its connection without a word.
    pub(super) fn vanish(self) {
        self.stream
            .shutdown(Shutdown::Both)
            .expect("a socket can be shut down");
    }
}

/// Where the last of `words` ends, if all of them come in this order.
fn end_of(text: &str, words: &[&str]) -> Option<usize> {
    words.iter().try_fold(0, |from, word| {
        text[from..].find(word).map(|at| from + at + word.len())
    })
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut three = [0; 3];
        three[..group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() {
                letter as char
            } else {
                '='
            });
        }
    }
    text
}
