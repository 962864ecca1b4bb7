#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""notify.py SOCKET: exits 0 when a daemon says READY=1 there, as sd_notify(3) does."""
import os
import socket
import sys

path = sys.argv[1]
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(path)
while b"READY=1" not in sock.recv(4096).split(b"\n"):
    pass
os.unlink(path)
