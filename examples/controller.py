#!/usr/bin/env python3
"""A media gateway controller in Python, at the far end of a link of Megaphone.

    megaphone serve --config mgc.toml          # a user with: user_mod = "link:mgc"; a link named mgc
    examples/controller.py --connect 127.0.0.1:6280 --name mgc-1

It registers every gateway and answers every command with success; with --modify it also sends each gateway that registers
requests of its own. It reads and writes H.248 text in compact form, whatever the gateways speak. The frames are told in
docs/link-protocol.md. One of several controllers with the same link and different names has its share of the gateways, and takes
over those of another that dies.
"""

import argparse
import itertools
import json
import re
import signal
import socket
import struct
import sys

HELLO, HELLO_OK, CLOSE, PING, PONG, DRAIN = 0x01, 0x02, 0x30, 0x50, 0x51, 0x60
CONNECT, DISCONNECT, REQUEST, REPLY, PENDING, CALL = 0x80, 0x81, 0x82, 0x83, 0x84, 0x85
RESULT, ACK, ABORT, UNEXPECTED, FAULT, CONFIGURE, CONFIGURED = 0x87, 0x88, 0x89, 0x8B, 0x8C, 0x8D, 0x8E
MORE, TAKEN_OVER, LAST = 0x01, 0x02, 0x02
OK, PENDING_LIMIT = 0, 5
TOKEN_BYTES = 20
CONTROLLER = 2

# A word, a quoted string, or one of the marks that hold a message together.
LEXEME = re.compile(r'"[^"]*"|[{}=,]|[^\s{}=,"]+')


class Link:
    """Frames on a socket: length, type, flags, aux, connection, payload."""

    def __init__(self, address):
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(address[len("unix:"):])
        else:
            host, _, port = address.rpartition(":")
            self.socket = socket.create_connection((host.strip("[]"), int(port)))
        self.received = bytearray()
        self.begun = {}
        self.outgoing = []

    def send(self, kind, connection=0, payload=b"", flags=0, aux=0):
        """Puts a frame in line; what is in line leaves before the next wait."""
        header = struct.pack(">IBBHQ", 12 + len(payload), kind, flags, aux, connection)
        self.outgoing.append(header + payload)

    def frames(self):
        """Yields (kind, flags, aux, connection, payload), with messages that come in parts put together."""
        while True:
            while len(self.received) >= 4:
                (length,) = struct.unpack_from(">I", self.received)
                if len(self.received) < 4 + length:
                    break
                kind, flags, aux, connection = struct.unpack_from(">BBHQ", self.received, 4)
                payload = bytes(self.received[16:4 + length])
                del self.received[:4 + length]
                if kind >= CONNECT:
                    payload = self.begun.pop((kind, connection), b"") + payload
                    if flags & MORE:
                        self.begun[kind, connection] = payload
                        continue
                yield kind, flags, aux, connection, payload
            self.socket.sendall(b"".join(self.outgoing))
            self.outgoing.clear()
            chunk = self.socket.recv(1 << 16)
            if not chunk:
                return
            self.received += chunk


def parse(text):
    """A message as nested lists: a node is [name, value, children]."""
    words = LEXEME.findall(text)
    position = 0

    def nodes():
        nonlocal position
        found = []
        while position < len(words) and words[position] != "}":
            node = [words[position], None, []]
            position += 1
            if position < len(words) and words[position] == "=":
                node[1] = words[position + 1]
                position += 2
            if position < len(words) and words[position] == "{":
                position += 1
                node[2] = nodes()
                position += 1
            if position < len(words) and words[position] == ",":
                position += 1
            found.append(node)
        return found

    return nodes()


class Controller:
    """Answers what gateways ask."""

    def __init__(self, link, args):
        self.link = link
        self.args = args
        self.local = {}
        self.under_way = 0
        self.contexts = itertools.count(1)
        self.terminations = itertools.count(1)
        self.figures = dict.fromkeys(
            ["gateways", "taken_over", "requests", "offered_again", "registered",
             "results", "failed", "pending_limit", "aborted",
             "configured", "faults"], 0)

    def hello(self):
        mids = [mid.encode() for mid in self.args.mid]
        name, token = self.args.name.encode(), self.args.token.encode()
        payload = b"MEGA" + struct.pack(">BBHIQQB", 1, CONTROLLER, 0, 65_536, 0, 0, len(name)) + name
        payload += struct.pack(">H", len(token)) + token
        if mids:
            payload += bytes([len(mids)]) + b"".join(struct.pack(">H", len(mid)) + mid for mid in mids)
        self.link.send(HELLO, payload=payload)

    def run(self):
        self.hello()
        handlers = {
            PING: lambda flags, aux, connection, payload: self.link.send(PONG, payload=payload),
            CONNECT: self.connect, DISCONNECT: self.disconnect, REQUEST: self.request, RESULT: self.result,
            FAULT: self.fault, CONFIGURED: self.configured, ABORT: self.abort,
        }
        for kind, flags, aux, connection, payload in self.link.frames():
            if kind == CLOSE and connection == 0:
                reason = payload[2:].decode(errors="replace")
                sys.exit(f"controller.py: the appliance closed the link: {reason}")
            if kind == HELLO_OK:
                if self.args.configure_users:
                    self.configure(0, self.args.configure_users)
                else:
                    self.serves()
            if kind in handlers:
                handlers[kind](flags, aux, connection, payload)

    def connect(self, flags, _version, association, payload):
        (length,) = struct.unpack_from(">H", payload)
        self.local[association] = payload[2:2 + length].decode()
        self.figures["gateways"] += 1
        self.figures["taken_over"] += bool(flags & TAKEN_OVER)
        if self.args.configure:
            self.configure(association, self.args.configure)

    def configure(self, association, setting):
        """Changes an item of an association or, on connection 0, of the users that this controller serves."""
        item, _, value = setting.partition("=")
        self.link.send(CONFIGURE, association, struct.pack(">QB", 0, len(item)) + (item + value).encode())

    def disconnect(self, _flags, _aux, association, _payload):
        self.figures["gateways"] -= self.local.pop(association, None) is not None

    def request(self, flags, _aux, association, payload):
        self.figures["requests"] += 1
        self.figures["offered_again"] += bool(flags & TAKEN_OVER)
        token, message = payload[:TOKEN_BYTES], payload[TOKEN_BYTES:].decode(errors="replace")
        if self.args.silent:
            return
        if self.args.ignore and re.search(r"[{,]%s=" % re.escape(self.args.ignore), message):
            return
        if self.args.pending:
            self.link.send(PENDING, association, token)
        # After "!/1 <mid>" comes one transaction.
        transaction = next(node for node in parse(message) if node[0] in ("T", "Transaction"))
        registers = False
        contexts = []
        for _, context, commands in transaction[2]:
            context = str(next(self.contexts)) if context == "$" else context
            replies = [self.answer(*command) for command in commands]
            registers |= any(command[0].endswith("SC") and command[1].upper() == "ROOT" for command in commands)
            contexts.append("C=%s{%s}" % (context, ",".join(filter(None, replies))))
        text = "!/1 %s P=%s{%s}" % (self.local[association], transaction[1], ",".join(contexts))
        self.link.send(REPLY, association, token + struct.pack(">Q", 0) + text.encode())
        if registers:
            self.figures["registered"] += 1
            for _ in range(self.args.modify):
                self.call(association)

    def answer(self, name, termination, _parameters):
        """A command's reply: its name without the prefixes O- and W-, and its termination."""
        name = name.removeprefix("O-").removeprefix("W-")
        if name not in ("A", "MV", "MF", "S", "AV", "AC", "N", "SC"):
            return None  # The context's own properties.
        if termination == "$":
            termination = "t%d" % next(self.terminations)
        return f"{name}={termination}"

    def call(self, association):
        message = "!/1 %s T=1{C=-{MF=ROOT{%s}}}" % (self.local[association], self.args.descriptors)
        self.under_way += 1
        self.link.send(CALL, association, struct.pack(">Q", association) + message.encode())

    def result(self, _flags, _aux, _association, payload):
        _tag, outcome, _index = struct.unpack_from(">QBH", payload)
        self.figures["results" if outcome == OK else "failed"] += 1
        self.figures["pending_limit"] += outcome == PENDING_LIMIT
        self.under_way -= 1
        if self.under_way == 0:
            print("%s has %d results" % (self.args.name, self.figures["results"] + self.figures["failed"]), flush=True)

    def abort(self, _flags, _aux, _association, _token):
        self.figures["aborted"] += 1

    def serves(self):
        print(f"{self.args.name} serves", flush=True)

    def configured(self, _flags, _aux, association, payload):
        self.figures["configured"] += payload[8] == 0
        if payload[8]:
            print("not configured:", payload[9:].decode(errors="replace"), file=sys.stderr)
        if association == 0:
            self.serves()

    def fault(self, _flags, aux, association, payload):
        self.figures["faults"] += 1
        print(f"fault {aux} at {association:#x}: {payload.decode(errors='replace')}", file=sys.stderr)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--connect", default="127.0.0.1:6280", help="the link's ADDR:PORT, or unix:PATH")
    options.add_argument("--name", default="controller", help="who this is, across connections")
    options.add_argument("--token", default="", help="the link's secret")
    options.add_argument("--mid", action="append", default=[], help="a local MID to serve; all without it")
    options.add_argument("--modify", nargs="?", type=int, const=1, default=0, metavar="N",
                         help="send each gateway that registers so many requests to modify; 1 without a number")
    options.add_argument("--descriptors", default="E=1{g/cause}", metavar="TEXT", help="what requests to modify carry")
    options.add_argument("--pending", action="store_true", help="say Pending before each answer")
    options.add_argument("--silent", action="store_true", help="take requests and answer none")
    options.add_argument("--ignore", metavar="COMMAND", help="answer no request with this command, such as N for Notify")
    options.add_argument("--configure-users", metavar="ITEM=VALUE", help="set an item of the users that are served")
    options.add_argument("--configure", metavar="ITEM=VALUE", help="set an item of each association")
    args = options.parse_args()
    controller = Controller(Link(args.connect), args)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        controller.run()
    finally:
        print(json.dumps(controller.figures), flush=True)


if __name__ == "__main__":
    main()
