#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""flows.py: many UDP flows of numbered packets, to see that a flow arrives in order.

flows.py send ADDRESS FLOWS COUNT   COUNT packets of each flow, one of each in turn, and three that
                                    say that it is over
flows.py hear ADDRESS FLOWS         prints "ready", then, when it is over, what came of how many
                                    flows; fails if a flow's numbers went backwards or a flow is missing
"""
import socket
import struct
import sys
import time

PORT = 7000
END = 0xFFFFFFFF
SO_RCVBUFFORCE = 33  # socket(7); Python has no name for it
PACKET = struct.Struct("!II")


def send(address, flows, count):
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(flows)]
    for s in sockets:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.connect((address, PORT))
    for number in range(count):
        for flow, s in enumerate(sockets):
            s.send(PACKET.pack(flow, number))
        time.sleep(0.0005)  # a burst is a packet of each flow: no ring overflows
    for _ in range(3):
        time.sleep(0.1)
        try:
            sockets[0].send(PACKET.pack(0, END))
        except ConnectionRefusedError:
            return  # the one before was heard


def hear(address, flows):
    last, came = {}, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        s.settimeout(30)
        s.bind((address, PORT))
        print("ready", flush=True)
        while True:
            flow, number = PACKET.unpack(s.recv(64))
            if number == END:
                break
            if number <= last.get(flow, -1):
                sys.exit(f"flow {flow}: {number} came behind {last[flow]}")
            last[flow] = number
            came += 1
    print(f"{came} packets of {len(last)} flows")
    sys.exit(len(last) != flows)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        hear(sys.argv[2], int(sys.argv[3]))
