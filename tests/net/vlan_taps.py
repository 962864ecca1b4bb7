#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vlan_taps.py DEVICE NAME=TAG[,TAG]...: VLAN devices, for kernels that have none.

Each NAME is a TAP device whose frames go out by DEVICE with these tags, the outermost first: a VID
of 802.1Q, or with an s behind it of 802.1ad. Frames that come with them go in there. Says "ready"
when the devices are there; they may be moved to other namespaces then.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 3, 263, 8, 23
TP_STATUS_VLAN_VALID = 1 << 4
VLAN, QINQ = 0x8100, 0x88A8


def tags_of(text):
    return [(QINQ if t.endswith("s") else VLAN, int(t.rstrip("s"))) for t in text.split(",")]


def tap_open(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


def link_open(device):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    s.bind((device, ETH_P_ALL))
    return s


def receive(link):
    """A frame, with the tag that the kernel took out of it."""
    frame, extra, *_ = link.recvmsg(65536, 64)
    for level, kind, aux in extra:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA) \
                and struct.unpack("=I", aux[:4])[0] & TP_STATUS_VLAN_VALID:
            tci, tpid = struct.unpack("=HH", aux[16:20])
            frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
    return frame


def take_tags(frame, tags):
    """The frame without these tags, or None if it has not just them."""
    at = 12
    for kind, vid in tags:
        if len(frame) < at + 6 or struct.unpack("!HH", frame[at:at + 4]) not in (
                (kind, vid | priority << 13) for priority in range(8)):
            return None
        at += 4
    if frame[at:at + 2] in (b"\x81\0", b"\x88\xa8"):
        return None
    return frame[:12] + frame[at:]


def main(device, *names):
    taps = {tap_open(name): tags_of(tags) for name, tags in (n.split("=") for n in names)}
    link = link_open(device)
    print("ready", flush=True)
    while True:
        for fd in select.select([link, *taps], [], [])[0]:
            try:
                if fd is link:
                    frame = receive(link)
                    for tap, tags in taps.items():
                        if plain := take_tags(frame, tags):
                            os.write(tap, plain)
                else:
                    frame = os.read(fd, 65536)
                    stack = b"".join(struct.pack("!HH", *tag) for tag in taps[fd])
                    link.send(frame[:12] + stack + frame[12:])
            except OSError:  # a device that is down, or full: as on any wire
                pass


main(*sys.argv[1:])
