#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""send.py ADDRESS INTERVAL: a UDP packet to ADDRESS every INTERVAL seconds, whatever comes back,
until killed. (ping sends in bursts of ten milliseconds when it is asked for less.)"""
import socket
import sys
import time

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect((sys.argv[1], 9))
due = time.monotonic()
while True:
    try:
        sock.send(b"x")
    except OSError:
        pass  # the answer to an earlier one: unreachable
    due += float(sys.argv[2])
    time.sleep(max(0, due - time.monotonic()))
