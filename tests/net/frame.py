#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""frame.py: single frames, and who hears them.

frame.py send DEVICE TO FROM TYPE [COUNT]  COUNT frames of that EtherType (of less than 0x600: length);
                                           of several sources FROM is the first one
frame.py hear SECONDS DEVICE TYPE [ENOUGH] says "ready", and how many came in so long, or ENOUGH
"""
import socket
import struct
import sys
import time

ETH_P_ALL, PACKET_OUTGOING = 3, 4
SO_RCVBUFFORCE = 33  # socket(7); Python has no name for it


def send(device, to, sender, kind, count="1"):
    first = int(sender.replace(":", ""), 16)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
        s.bind((device, ETH_P_ALL))
        for i in range(int(count)):
            s.send(bytes.fromhex(to.replace(":", "")) + (first + i).to_bytes(6, "big")
                   + struct.pack("!H", int(kind, 16)) + bytes([0x42, 0x42, 3]) + bytes(60))


def hear(seconds, device, kind, enough="0"):
    count, end = 0, time.monotonic() + float(seconds)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        s.bind((device, ETH_P_ALL))
        print("ready", flush=True)
        while (count == 0 or count != int(enough)) and (left := end - time.monotonic()) > 0:
            s.settimeout(left)
            try:
                frame, source = s.recvfrom(64)
            except TimeoutError:
                break
            count += source[2] != PACKET_OUTGOING \
                and frame[12:14] == struct.pack("!H", int(kind, 16))
    print(count)


{"send": send, "hear": hear}[sys.argv[1]](*sys.argv[2:])
