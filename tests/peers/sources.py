#!/usr/bin/env python3
"""IPv6 networks as sources: each gets as many sessions as its limit over all shards, whatever addresses of it they come from.

    unshare --map-root-user --net sources.py MEGAPHONE

It starts MEGAPHONE with several shards and an echo behind a link, in a network namespace of its own where all addresses of
2001:db8::/32 are this machine's, and ends with 0 if the limits held.
"""

import contextlib
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.request

SHARDS, NETWORKS, MOST = 4, 16, 3
PLACE = ("::1", 5222)
METRICS = "[::1]:9464"
LINK = "127.0.0.1:6280"
PATIENCE = 60
IPV6_FREEBIND = 78


def wait_for(what, probe):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            found = probe()
            if found:
                return found
        time.sleep(0.02)
    sys.exit(f"waited {PATIENCE} s for {what}")


def get(path):
    return urllib.request.urlopen(f"http://{METRICS}{path}", timeout=PATIENCE).read().decode()


def figures(name):
    """What each shard says of it."""
    return [float(value) for value in re.findall(rf"^{name}\{{[^}}]*\}} (\S+)$", get("/metrics"), re.M)]


def is_served(client):
    """Whether what it says comes back."""
    try:
        client.sendall(b"x")
        return client.recv(1) == b"x"
    except ConnectionError:
        return False


def connect(network, host):
    client = socket.socket(socket.AF_INET6)
    client.settimeout(PATIENCE)
    # The addresses are ours by a route, not one by one.
    client.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    client.bind((f"2001:db8:0:{network:x}::{host:x}", 0))
    client.connect(PLACE)
    return client


def check():
    kept = []
    for network in range(NETWORKS):
        clients = [connect(network, host) for host in range(1, 2 * MOST + 1)]
        served = [client for client in clients if is_served(client)]
        assert len(served) == MOST, f"{len(served)} of {len(clients)} clients of network {network} are served"
        kept += served
    sources = wait_for("all to be counted", lambda: each if sum(each := figures("megaphone_sources")) == NETWORKS else None)
    assert sum(count > 0 for count in sources) > 1, f"networks are spread over the shards: {sources}"


def main():
    for command in ("ip link set lo up", "ip -6 route add local 2001:db8::/32 dev lo"):
        subprocess.run(command.split(), check=True)
    serve = [sys.argv[1], "serve", "--shards", str(SHARDS), "--metrics", METRICS, "--limit", f"source_sessions_max={MOST}"]
    serve += ["--listen", "tcp://[::1]:5222?framing=raw&route=link:echo", "--link", f"listen:{LINK}?name=echo"]
    echo = [pathlib.Path(__file__).with_name("link_echo.escript"), "--connect", LINK]
    # The backend ends with its input.
    with subprocess.Popen(serve) as server, subprocess.Popen(echo, stdin=subprocess.PIPE):
        try:
            wait_for("the link", lambda: sum(figures("megaphone_link_up")))
            check()
        finally:
            server.kill()


main()
