#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""kill9.py PID: kills it, then prints after how many milliseconds no device of this network
namespace has an XDP program; fails when one still has after a second."""
import os
import signal
import socket
import struct
import sys
import time

RTM_GETLINK, NLM_F_REQUEST, NLM_F_DUMP, NLMSG_DONE = 18, 1, 0x300, 3
IFLA_XDP, IFLA_XDP_ATTACHED = 43, 2


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3:]


def has_xdp(link):
    return any(kind == IFLA_XDP_ATTACHED and value[0] != 0
               for outer, nest in attributes(link[16:]) if outer == IFLA_XDP
               for kind, value in attributes(nest))


def attached(sock):
    """Whether any device has a program."""
    sock.send(struct.pack("=IHHIIBxHiII", 32, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0, 0, 0, 0, 0, 0))
    found = False
    while True:
        data = sock.recv(1 << 16)
        while len(data) >= 16:
            length, kind = struct.unpack_from("=IH", data)
            if kind == NLMSG_DONE:
                return found
            found |= has_xdp(data[16:length])
            data = data[(length + 3) & ~3:]


sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
if not attached(sock):
    sys.exit("nothing was attached before")
start = time.monotonic()
os.kill(int(sys.argv[1]), signal.SIGKILL)
while attached(sock):
    if time.monotonic() - start > 1:
        sys.exit("a program is still attached")
print(f"{(time.monotonic() - start) * 1e3:.2f} ms")
