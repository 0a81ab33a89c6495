#!/usr/bin/env python3
"""Clients that send packets and check that each one comes back to where it was sent from.

    client.py --connect HOST:PORT [--framing raw|classic-fixed|classic-var] [--connections N] [--packets N] ...

Framings (all of a packet is ASCII digits and bars, but for the content):
    raw            the content and nothing else
    classic-fixed  LENGTH|ID|CONTENT   10 digits, which count the whole packet; 20 digits
    classic-var    ID|LENGTH|CONTENT   as many digits as needed, which count the content

It prints DONE and its figures and exits 0, or FAILED and the reason and exits 1.
"""

import argparse
import random
import resource
import select
import socket
import struct
import sys
import time


def classic_fixed(ident, content):
    return b"%010d|%020d|%s" % (32 + len(content), ident, content)


def classic_var(ident, content):
    return b"%d|%d|%s" % (ident, len(content), content)


PACK = {"raw": lambda _, content: content, "classic-fixed": classic_fixed, "classic-var": classic_var}


class Failed(Exception):
    pass


class Client:
    """One connection: what it has still to send, and what must come back."""

    def __init__(self, number, options):
        self.number = number
        self.options = options
        self.random = random.Random(options.seed * 1_000_003 + number)
        self.to_send = b""
        self.awaited = b""
        self.left = options.packets
        self.ended = False
        self.sock = socket.socket()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connect(self):
        host, port = self.options.connect.rsplit(":", 1)
        self.sock.settimeout(30)
        self.sock.connect((host, int(port)))
        self.sock.setblocking(False)

    def next_packets(self):
        """Fills the window with packets, as one run of bytes."""
        if self.awaited or self.left == 0:
            return
        for _ in range(min(self.options.window, self.left)):
            content = self.random.randbytes(self.random.randint(self.options.size_min, self.options.size))
            packet = PACK[self.options.framing](self.options.id or self.number + 1, content)
            self.to_send += packet
            self.awaited += packet
            self.left -= 1

    def send(self):
        size = self.options.chunk or len(self.to_send)
        while self.to_send:
            try:
                sent = self.sock.send(self.to_send[:size])
            except BlockingIOError:
                return
            self.to_send = self.to_send[sent:]

    def receive(self):
        while True:
            try:
                data = self.sock.recv(65536)
            except BlockingIOError:
                return
            if not data:
                self.ended = True
                if self.awaited:
                    raise Failed(f"client {self.number}: closed with {len(self.awaited)} bytes still to come")
                return
            if not self.awaited.startswith(data):
                raise Failed(f"client {self.number}: expected {self.awaited[:80]!r}, got {data[:80]!r}")
            self.awaited = self.awaited[len(data):]

    def done(self):
        return not self.awaited and self.left == 0

    def close(self):
        if self.options.reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def run(options):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    deadline = time.monotonic() + options.seconds
    poll = select.epoll()
    clients = {}
    for number in range(options.connections):
        client = Client(number, options)
        client.connect()
        clients[client.sock.fileno()] = client
        poll.register(client.sock, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
    waiting = set(clients)
    for client in clients.values():
        client.next_packets()
        client.send()
        if client.done():
            waiting.discard(client.sock.fileno())
    while waiting:
        if time.monotonic() > deadline:
            raise Failed(f"{len(waiting)} of {len(clients)} connections still wait after {options.seconds} s")
        for fd, _ in poll.poll(0.1):
            client = clients[fd]
            client.receive()
            client.next_packets()
            client.send()
            if client.done():
                waiting.discard(fd)
    for client in clients.values():
        client.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connect", required=True, metavar="HOST:PORT")
    parser.add_argument("--framing", choices=sorted(PACK), default="raw")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--packets", type=int, default=1, help="per connection")
    parser.add_argument("--window", type=int, default=1, help="packets sent before the first must be back")
    parser.add_argument("--size", type=int, default=64, help="largest content, in bytes")
    parser.add_argument("--size-min", type=int, default=1, help="smallest content; at least 1")
    parser.add_argument("--chunk", type=int, default=0, help="bytes per send; 0: all at once")
    parser.add_argument("--id", type=int, default=0, help="connection id in classic headers; 0: the client's number")
    parser.add_argument("--reset", action="store_true", help="close with a RST")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    started = time.monotonic()
    try:
        run(options)
    except (Failed, OSError) as why:
        print(f"FAILED {why}")
        sys.exit(1)
    packets = options.connections * options.packets
    print(f"DONE connections={options.connections} packets={packets} seconds={time.monotonic() - started:.3f}")


main()
