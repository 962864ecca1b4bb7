#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""kernel_sees.py DEVICE SECONDS [ENOUGH]: how many frames the kernel's stack receives on the device.

A packet socket sees a frame behind XDP: what the program takes never gets there. Ends early when
ENOUGH have come.
"""
import socket
import sys
import time

PACKET_OUTGOING = 4
device, seconds = sys.argv[1], float(sys.argv[2])
enough = int(sys.argv[3]) if len(sys.argv) > 3 else None
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
sock.bind((device, 3))
print("watching", file=sys.stderr, flush=True)
count = 0
end = time.monotonic() + seconds
while count != enough and (left := end - time.monotonic()) > 0:
    sock.settimeout(left)
    try:
        count += sock.recvfrom(64)[1][2] != PACKET_OUTGOING
    except TimeoutError:
        break
print(count)
