#!/usr/bin/env python3
"""A backend of 2011 or 2012: one connection to the appliance, packets with an id and a length, each sent back as it came.

    classic_backend.py --connect HOST:PORT --framing classic-fixed|classic-var

It knows no greeting and no flow control. An empty packet ends its connection, and is answered with one.
"""

import argparse
import socket


def fixed(stream):
    """LENGTH|ID|CONTENT: 10 digits, which count the whole packet; 20 digits."""
    header = stream.read(32)
    return header, stream.read(int(header[:10]) - 32) if header else b""


def var(stream):
    """ID|LENGTH|CONTENT: as many digits as needed."""
    header = b""
    while header.count(b"|") < 2:
        byte = stream.read(1)
        if not byte:
            return b"", b""
        header += byte
    return header, stream.read(int(header.split(b"|")[1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connect", required=True, metavar="HOST:PORT")
    parser.add_argument("--framing", choices=["classic-fixed", "classic-var"], required=True)
    options = parser.parse_args()
    host, port = options.connect.rsplit(":", 1)
    sock = socket.create_connection((host, int(port)))
    stream = sock.makefile("rb")
    read = fixed if options.framing == "classic-fixed" else var
    while True:
        header, content = read(stream)
        if not header:
            return
        sock.sendall(header + content)


main()
