#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""paths.py serve ADDRESS PORT: answers each UDP packet with the name of its network namespace's
host, which is the last part of the namespace that the test gave it.
paths.py ask ADDRESS PORT N [SOURCE]: one packet each from N source ports; prints `PORT HOST` for
each, in order, and fails unless all are answered within 5 s (asking again each half second)."""
import os
import select
import socket
import sys
import time


def host_name():
    """The namespace whose file is this process's own: PREFIX.HOST."""
    me = os.stat("/proc/self/ns/net")
    for entry in os.scandir("/run/netns"):
        there = entry.stat()
        if (there.st_dev, there.st_ino) == (me.st_dev, me.st_ino):
            return entry.name.rsplit(".", 1)[1]
    return "?"


def udp(address):
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


def serve(address, port):
    name = host_name().encode()
    s = udp(address)
    s.bind((address, port))
    while True:
        data, peer = s.recvfrom(2048)
        s.sendto(name, peer)


def ask(address, port, n, source):
    sockets = []
    for i in range(n):
        s = udp(address)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((source, 20000 + i))
        s.setblocking(False)
        sockets.append(s)
    waiting = {s.fileno(): s for s in sockets}
    answer = {}
    end = time.monotonic() + 5
    while waiting and time.monotonic() < end:
        for s in waiting.values():
            s.sendto(b"who is there?", (address, port))
        round_end = time.monotonic() + 0.5
        while waiting and time.monotonic() < round_end:
            ready, _, _ = select.select(list(waiting), [], [], 0.05)
            for fd in ready:
                try:
                    answer[waiting[fd].getsockname()[1]] = waiting[fd].recv(64).decode()
                except OSError:  # an ICMP error: asked again in the next round
                    continue
                del waiting[fd]
    for flow in sorted(answer):
        print(flow, answer[flow])
    return 1 if waiting else 0


if sys.argv[1] == "serve":
    serve(sys.argv[2], int(sys.argv[3]))
sys.exit(ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]),
             sys.argv[5] if len(sys.argv) > 5 else ""))
