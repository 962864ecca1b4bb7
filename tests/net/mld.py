#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""mld.py hear DEVICE SECONDS                  prints a line for each group in a report that arrives
       mld.py ask DEVICE 1|2 MILLISECONDS [GROUP]  sends a query of that version, of all groups or one

The line: VERSION SAID GROUP from SOURCE; of version 2 SAID is the record's type (2 is-exclude, 3
to-include, 4 to-exclude), of version 1 the message's (131 report, 132 done).
"""
import ipaddress
import socket
import struct
import sys
import time

from ra import IPV6, PACKET_OUTGOING, fold, pseudo

ALERT = bytes((58, 0, 5, 2, 0, 0, 1, 0))


def parse(frame):
    """What each group of a report is said to be. RFC 3810 5.2 and 5: asserted."""
    ip = frame[14:]
    if ip[6] != 0 or ip[40] != 58 or ip[48] not in (131, 132, 143):
        return
    length = struct.unpack("!H", ip[4:6])[0] - 8
    m = ip[48:48 + length]
    source = ipaddress.IPv6Address(ip[8:24])
    assert ip[7] == 1 and ip[40:48] == ALERT and fold(pseudo(ip, length) + m) == 0xFFFF
    assert frame[:2] == b"\x33\x33" and frame[2:6] == ip[36:40]
    if m[0] != 143:
        yield f"1 {m[0]} {ipaddress.IPv6Address(m[8:24])} from {source}"
        return
    for i in range(struct.unpack("!H", m[6:8])[0]):
        r = m[8 + 20 * i:28 + 20 * i]
        assert r[1:4] == bytes(3)
        yield f"2 {r[0]} {ipaddress.IPv6Address(r[4:])} from {source}"


def hear(device, seconds):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV6)) as s:
        s.bind((device, IPV6))
        print("listening", flush=True)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            s.settimeout(left)
            try:
                frame, source = s.recvfrom(2048)
            except TimeoutError:
                return
            if source[2] != PACKET_OUTGOING:
                for line in parse(frame):
                    print(line, flush=True)


def ask(device, version, milliseconds, group="::"):
    group = ipaddress.IPv6Address(group)
    to = ipaddress.IPv6Address("ff02::1") if group == ipaddress.IPv6Address("::") else group
    m = struct.pack("!BBHHH", 130, 0, 0, int(milliseconds), 0) + group.packed
    m += bytes((2, 125, 0, 0)) if version == "2" else b""
    ip = struct.pack("!IHBB", 6 << 28, 8 + len(m), 0, 1)
    ip += ipaddress.IPv6Address("fe80::77").packed + to.packed
    m = m[:2] + struct.pack("!H", 0xFFFF - fold(pseudo(ip, len(m)) + m)) + m[4:]
    ether = b"\x33\x33" + to.packed[12:] + bytes.fromhex("020000000077" "86dd")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((device, 0))
        s.send(ether + ip + ALERT + m)


if sys.argv[1] == "hear":
    hear(sys.argv[2], float(sys.argv[3]))
else:
    ask(*sys.argv[2:])
