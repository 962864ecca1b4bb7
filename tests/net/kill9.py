#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""kill9.py PID DEVICE: kills it under traffic. Prints after how many milliseconds the kernel had the
first packet of DEVICE again; fails when a question asked 10 ms after the kill finds a program on any
device of this network namespace. (The answer may come later: the kernel frees the program's memory
under the lock that the question needs, long after the driver has let go of it.)"""
import os
import signal
import socket
import struct
import sys
import time

RTM_GETLINK, NLM_F_REQUEST, NLM_F_DUMP, NLMSG_DONE = 18, 1, 0x300, 3
IFLA_XDP, IFLA_XDP_ATTACHED = 43, 2
ETH_P_ALL, PACKET_OUTGOING = 3, 4


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


def first_packet(sock, start):
    """Milliseconds from start until the kernel receives a packet; None after a second."""
    while time.monotonic() - start < 1:
        try:
            _, address = sock.recvfrom(2048)
        except TimeoutError:
            continue
        if address[2] != PACKET_OUTGOING:
            return (time.monotonic() - start) * 1e3
    return None


links = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
if not attached(links):
    sys.exit("nothing was attached before")
packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
packets.bind((sys.argv[2], 0))
packets.settimeout(0.01)
begin = time.monotonic()
os.kill(int(sys.argv[1]), signal.SIGKILL)
took = first_packet(packets, begin)
time.sleep(max(0, begin + 0.01 - time.monotonic()))
if attached(links):
    sys.exit("a program is still attached")
if took is None:
    sys.exit("the kernel received nothing for a second")
print(f"{took:.2f} ms")
