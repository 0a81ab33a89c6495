#!/usr/bin/env python3
"""An appliance in Python: the other end of mod_megaphone's links, to see what ejabberd's half does by itself.

    link_appliance.py PLACE SCENARIO [--token TOKEN]     PLACE: ADDRESS:PORT or unix:PATH

It logs users in by SASL ANONYMOUS over one link and checks one behaviour. It ends with 0 if that held. What it knows of the
link protocol it knows from docs/link-protocol.md.
"""

import argparse
import ipaddress
import re
import socket
import struct
import sys

PATIENCE = 60
HELLO, HELLO_OK, OPEN, OPEN_OK, REJECT, DATA, CLOSE, RESET = 0x01, 0x02, 0x10, 0x11, 0x12, 0x20, 0x30, 0x31
CREDIT, ACK, PING, PONG, DRAIN = 0x40, 0x41, 0x50, 0x51, 0x60
HEADER = (
    "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)


def numbered(kind):
    return 0x10 <= kind <= 0x40 or 0x80 <= kind <= 0x8F


def proxy(client="192.0.2.7", port=50000):
    source = ipaddress.ip_address(client)
    local = ipaddress.ip_address("198.51.100.1" if source.version == 4 else "2001:db8::1")
    body = source.packed + local.packed + struct.pack("!HH", port, 5222)
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, 0x11 if source.version == 4 else 0x21, len(body)) + body


class Link:
    """One link, on one socket at a time."""

    def __init__(self, place, token="", name="python", acknowledges=True, version=1, role=0, max_frame=65536):
        self.place, self.token, self.name = place, token, name
        self.flags = 1 if acknowledges else 0
        self.version, self.role, self.max_frame = version, role, max_frame
        self.epoch = self.received = self.sent = self.acknowledged = 0
        self.kept = []
        self.frames = []  # that nobody has asked for yet
        self.connect()

    def connect(self):
        if self.place.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(self.place[5:])
        else:
            host, _, port = self.place.rpartition(":")
            self.socket = socket.create_connection((host, int(port)))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(PATIENCE)
        self.input = b""

    def hello(self):
        name, token = self.name.encode(), self.token.encode()
        resume = self.received if self.epoch else 0
        payload = b"MEGA" + struct.pack("!BBHIQQB", self.version, self.role, self.flags, self.max_frame, self.epoch, resume, len(name))
        self.write(HELLO, 0, payload + name + struct.pack("!H", len(token)) + token)
        kind, _, _, _, answer = self.read()
        if kind == HELLO_OK:
            epoch, resume = struct.unpack("!QQ", answer[12:28])
            self.resumed = bool(epoch) and epoch == self.epoch
            self.epoch = epoch
            if self.resumed:
                for frame in self.kept[resume - self.sent :] if resume < self.sent else []:
                    self.socket.sendall(frame)
        return kind, answer

    def again(self):
        """Loses the socket and comes back."""
        self.socket.close()
        self.connect()
        return self.hello()

    def write(self, kind, conn, payload=b"", flags=0, aux=0):
        frame = struct.pack("!IBBHQ", 12 + len(payload), kind, flags, aux, conn) + payload
        if numbered(kind):
            self.sent += 1
            self.kept.append(frame)
        self.socket.sendall(frame)

    def read(self):
        """The next frame, whatever it is; None at the end of the stream."""
        while True:
            if len(self.input) >= 4:
                (length,) = struct.unpack("!I", self.input[:4])
                if len(self.input) >= 4 + length:
                    frame, self.input = self.input[4 : 4 + length], self.input[4 + length :]
                    kind, flags, aux, conn = struct.unpack("!BBHQ", frame[:12])
                    if numbered(kind):
                        self.received += 1
                    return kind, flags, aux, conn, frame[12:]
            data = self.socket.recv(65536)
            if not data:
                return None
            self.input += data

    def wait(self, conn, *kinds):
        """The next frame of these kinds on this connection; others wait until they are asked for."""
        for index, frame in enumerate(self.frames):
            if frame[3] == conn and frame[0] in kinds:
                return self.frames.pop(index)
        while True:
            frame = self.read()
            if frame is None:
                raise AssertionError(f"the link ended while waiting for {kinds} on {conn}; unread: {self.frames[-5:]}")
            if frame[3] == conn and frame[0] in kinds:
                return frame
            self.frames.append(frame)

    def must_end(self, reason):
        frame = self.wait(0, CLOSE)
        (code,) = struct.unpack("!H", frame[4][:2])
        assert code == reason, f"ended by {code}, not {reason}: {frame}"
        while self.read() is not None:
            pass

    def open(self, conn, credit_kib=64, client="192.0.2.7", header=None):
        self.write(OPEN, conn, proxy(client) if header is None else header, aux=credit_kib)
        kind, _, _, _, payload = self.wait(conn, OPEN_OK, REJECT, RESET)
        return Session(self, conn, payload) if kind == OPEN_OK else (kind, payload)


class Session:
    """One client's connection."""

    def __init__(self, link, conn, payload):
        self.link, self.conn = link, conn
        (self.window,) = struct.unpack("!I", payload[:4])
        self.text = ""

    def send(self, text, flags=0):
        """One DATA, when there is credit for it."""
        data = text.encode()
        while len(data) > self.window:
            self.window += struct.unpack("!I", self.link.wait(self.conn, CREDIT)[4])[0]
        self.window -= len(data)
        self.link.write(DATA, self.conn, data, flags=flags)

    def send_in_parts(self, text, size=20000):
        for start in range(0, len(text), size):
            self.send(text[start : start + size], flags=1 if start + size < len(text) else 0)

    def read(self, pattern):
        """Everything up to and with a match of `pattern` in what is sent to this client."""
        while True:
            found = re.search(pattern, self.text, re.S)
            if found:
                passed, self.text = self.text[: found.end()], self.text[found.end() :]
                return passed
            kind, _, _, _, payload = self.link.wait(self.conn, DATA, CLOSE, RESET)
            assert kind == DATA, f"connection {self.conn} ended ({kind}); unread: {self.text}"
            self.text += payload.decode()
            self.link.write(CREDIT, self.conn, struct.pack("!I", len(payload)))

    def login(self, resource="r", presence=True):
        self.send(HEADER)
        self.read("</stream:features>")
        self.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>")
        self.read("<success[^>]*>")
        self.send(HEADER)
        self.read("</stream:features>")
        self.send(f"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind></iq>")
        self.jid = re.search("<jid>(.*?)</jid>", self.read("</iq>")).group(1)
        if presence:
            self.send("<presence/>")
            self.read("<presence[^>]*/>|</presence>")
        return self

    def ping(self, ident="p"):
        self.send(f"<iq type='get' id='{ident}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
        self.read(f"<iq[^>]*id='{ident}'[^>]*/>")

    def must_close(self):
        """The backend ends the connection in order."""
        self.link.wait(self.conn, CLOSE)
        self.link.write(CLOSE, self.conn, b"\0\0")


SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


@scenario
def sessions(link):
    """Users log in over one link, answer pings, and write to each other."""
    link.hello()
    people = [link.open(conn).login(f"r{conn}") for conn in range(1, 51)]
    for person in people:
        person.ping()
    for one, other in zip(people, reversed(people)):
        one.send(f"<message to='{other.jid}' type='chat' id='m{one.conn}'><body>from {one.conn}</body></message>")
    for one, other in zip(people, reversed(people)):
        other.read(f"<message[^>]*id='m{one.conn}'.*?<body>from {one.conn}</body></message>")


@scenario
def orderly_ends(link):
    """A client that says </stream:stream>, one that closes its socket, and one that breaks: each ends on both sides."""
    link.hello()
    polite, silent, broken, other = (link.open(conn).login(f"r{conn}") for conn in range(1, 5))
    polite.send("</stream:stream>")
    polite.read("</stream:stream>")
    polite.must_close()
    link.write(CLOSE, silent.conn, b"\0\0")
    link.wait(silent.conn, CLOSE)
    link.write(RESET, broken.conn, b"\0\0")
    other.ping()
    # Their ids may be used again, and nobody is left of them.
    again = link.open(polite.conn).login("again")
    again.send("<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
    again.read("id='d'.*?</iq>")


@scenario
def faults_of_connections(link):
    """What is wrong with one connection ends that one, never the link."""
    link.hello()
    good = link.open(1).login()
    kind, payload = link.open(2, header=b"no proxy header at all")
    assert (kind, payload[:2]) == (REJECT, b"\0\x0b"), (kind, payload)
    link.write(OPEN, 1, proxy(), aux=64)
    assert link.wait(1, RESET)[4][:2] == b"\0\x11"
    link.write(DATA, 77, b"<presence/>")
    assert link.wait(77, RESET)[4][:2] == b"\0\x10"
    for conn, bad in ((3, "<presence><"), (4, "<a></b>"), (5, "<presence xmlns:x='" + "y" * 300000 + "'/>")):
        session = link.open(conn).login()
        session.send_in_parts(bad)
        session.read("not-well-formed|policy-violation")
        session.read("</stream:stream>")
        session.must_close()
    # Faults of ejabberd's own framing of SASL are for ejabberd to answer.
    session = link.open(6)
    session.send("<presence/>")
    session.read("<stream:error>.*</stream:stream>")
    good.ping()


@scenario
def faults_of_links(link):
    """What is wrong with the link ends it, with a reason."""
    place, token = link.place, link.token
    link.write(PING, 0, b"12345678")
    link.must_end(11)
    for wrong, reason in (({"version": 2}, 12), ({"role": 1}, 11), ({"name": ""}, 11), ({"max_frame": 100}, 11)):
        bad = Link(place, token, **wrong)
        kind, payload = bad.hello()
        assert (kind, payload[:2]) == (CLOSE, struct.pack("!H", reason)), (wrong, kind, payload)
    for frame in (
        struct.pack("!IBBHQ", 11, PING, 0, 0, 0),
        struct.pack("!IBBHQ", 2000000, DATA, 0, 0, 1),
        struct.pack("!IBBHQ", 14, CREDIT, 0, 0, 1) + b"\0\0",
        struct.pack("!IBBHQQQ", 28, ACK, 0, 0, 0, 2, 1),
        struct.pack("!IBBHQ", 12, HELLO, 0, 0, 0),
        struct.pack("!IBBHQ", 12, OPEN, 0, 0, 0),
    ):
        bad = Link(place, token)
        bad.hello()
        bad.socket.sendall(frame)
        bad.must_end(11)
    good = Link(place, token)
    good.hello()
    good.open(1).login().ping()
    good.write(0x7F, 0, b"a frame of a later version")
    good.write(PING, 0, b"12345678")
    assert good.wait(0, PONG)[4] == b"12345678"


@scenario
def credit(link):
    """Nobody gets more than its credit, a stanza larger than the window arrives whole, and credit comes back."""
    link.hello()
    slow, other = link.open(1, credit_kib=16), link.open(2).login("other")
    slow.login("slow")
    # A message far above what the slow client may get: it comes in parts, as credit allows.
    body = "x" * 100000
    text = f"<message to='{slow.jid}' type='chat' id='big'><body>{body}</body></message>"
    other.send_in_parts(text)
    got, parts = "", 0
    while "</message>" not in got:
        _, flags, _, _, payload = link.wait(1, DATA)
        assert len(payload) <= 16 * 1024, len(payload)
        got += payload.decode()
        parts += 1
        assert bool(flags & 1) == ("</message>" not in got), (flags, got[-100:])
        other.ping(f"p{parts}")  # meanwhile, others are served
        link.write(CREDIT, 1, struct.pack("!I", len(payload)))
    assert body in got and parts >= 6, parts
    slow.ping()


@scenario
def small_frames(link):
    """An appliance that takes frames of 1,024 bytes gets no longer ones."""
    link.socket.close()
    link = Link(link.place, link.token, max_frame=1024)
    link.hello()
    one = link.open(1).login()
    body = "y" * 5000
    one.send(f"<message to='{one.jid}' type='chat' id='m'><body>{body}</body></message>")
    got = ""
    while "</message>" not in got:
        payload = link.wait(1, DATA)[4]
        assert len(payload) <= 1024
        got += payload.decode()
    assert body in got


@scenario
def resume(link):
    """A link that comes back goes on where it was; what was on its way arrives once, both ways. (Needs resume_timeout.)"""
    link.hello()
    assert link.epoch
    one, other = link.open(1).login("one"), link.open(2).login("other")
    for number in range(20):
        one.send(f"<message to='{other.jid}' type='chat' id='m{number}'><body>{number}</body></message>")
    kind, _ = link.again()
    assert kind == HELLO_OK and link.resumed
    for number in range(20):
        assert other.read("<message.*?</message>").count(f"id='m{number}'") == 1
    one.ping()
    # Of another name it is another appliance, which knows nothing of it.
    stranger = Link(link.place, link.token, name="stranger")
    stranger.epoch, stranger.received = link.epoch, link.received
    stranger.hello()
    assert not stranger.resumed
    other.ping()


@scenario
def no_resume(link):
    """Without acknowledgements a lost link takes its sessions along; their owners can log in again at once."""
    link.socket.close()
    link = Link(link.place, link.token, acknowledges=False)
    link.hello()
    assert link.epoch == 0
    watcher = Link(link.place, link.token, name="watcher")
    watcher.hello()
    friend = watcher.open(1).login("friend")
    gone = link.open(1).login("gone")
    gone.send(f"<presence to='{friend.jid}'/>")
    friend.read(f"<presence[^>]*from='{gone.jid}'")
    link.socket.close()
    friend.read(f"<presence[^>]*type='unavailable'")


@scenario
def addresses(link):
    """ejabberd knows the client's own address, IPv4 or IPv6 (the caller looks by /api), until told to stop by a line."""
    link.hello()
    link.open(1, client="192.0.2.55").login("v4")
    link.open(2, client="2001:db8::55").login("v6")
    print("READY", flush=True)
    sys.stdin.readline()


@scenario
def wrong_token(link):
    """A link without the right secret is refused."""
    link.token = "not the secret"
    kind, payload = link.hello()
    assert (kind, payload[:2]) == (CLOSE, b"\0\x0d"), (kind, payload)


@scenario
def stopping(link):
    """When ejabberd stops, it says so: DRAIN, the streams' own error, CLOSE of the link. (The caller stops it on READY.)"""
    link.hello()
    one = link.open(1).login()
    print("READY", flush=True)
    link.wait(0, DRAIN)
    one.read("system-shutdown.*</stream:stream>")
    link.must_end(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place")
    parser.add_argument("scenario", choices=sorted(SCENARIOS))
    parser.add_argument("--token", default="")
    options = parser.parse_args()
    SCENARIOS[options.scenario](Link(options.place, options.token))


main()
