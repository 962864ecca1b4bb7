#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Datagrams there and back: `serve` returns what comes to port 7777; ADDRESS SIZE... sends one of
each size, without DF, and compares what comes back."""
import random
import socket
import sys

PORT = 7777
IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0


def endpoint():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    return s


def serve():
    s = endpoint()
    s.bind(("", PORT))
    while True:
        data, peer = s.recvfrom(65536)
        s.sendto(data, peer)


def ask(address, sizes):
    s = endpoint()
    s.settimeout(5)
    for size in sizes:
        data = random.Random(size).randbytes(size)
        s.sendto(data, (address, PORT))
        if s.recv(65536) != data:
            sys.exit(f"{size} bytes came back changed")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    ask(sys.argv[1], [int(x) for x in sys.argv[2:]])
