#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""arp.py ask DEVICE SENDER TARGET [--to MAC] [--op N] [--cut BYTES]
       sends an ARP request as it is told to; prints the MAC of who answers, or `silence`.
arp.py hear DEVICE SECONDS
       prints `request SENDER TARGET` for each ARP request that arrives.
"""
import argparse
import fcntl
import socket
import struct
import sys
import time

ARP = 0x0806
PACKET_OUTGOING = 4


def mac_of(device):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        return fcntl.ioctl(s, 0x8927, struct.pack("16s16x", device.encode()))[18:24]  # SIOCGIFHWADDR


def parts(frame):
    """(op, sender MAC, sender, target) of an Ethernet ARP frame."""
    op, sha, spa, _, tpa = struct.unpack("!H6s4s6s4s", frame[20:42])
    return op, sha.hex(":"), socket.inet_ntoa(spa), socket.inet_ntoa(tpa)


def frames(sock, seconds):
    """The ARP frames that others send within the time."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            frame, source = sock.recvfrom(2048)
        except TimeoutError:
            return
        if source[2] != PACKET_OUTGOING and len(frame) >= 42:
            yield frame


def ask(sock, o):
    mine = mac_of(o.device)
    to = bytes.fromhex(o.to.replace(":", ""))
    packet = struct.pack("!HHBBH", 1, 0x0800, 6, 4, o.op) + mine + socket.inet_aton(o.sender)
    packet += bytes(6) + socket.inet_aton(o.target)
    sock.send((to + mine + struct.pack("!H", ARP) + packet)[:o.cut])
    for frame in frames(sock, 0.5):
        op, sha, spa, tpa = parts(frame)
        if (op, spa, tpa) == (2, o.target, o.sender):
            return sha
    return "silence"


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    sub = p.add_subparsers(dest="verb", required=True)
    a = sub.add_parser("ask")
    for name in ("device", "sender", "target"):
        a.add_argument(name)
    a.add_argument("--to", default="ff:ff:ff:ff:ff:ff")
    a.add_argument("--op", type=int, default=1)
    a.add_argument("--cut", type=int, default=2048)
    h = sub.add_parser("hear")
    h.add_argument("device")
    h.add_argument("seconds", type=float)
    o = p.parse_args()
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
    sock.bind((o.device, ARP))
    if o.verb == "ask":
        print(ask(sock, o))
        return 0
    print("listening", flush=True)
    for frame in frames(sock, o.seconds):
        op, _, spa, tpa = parts(frame)
        if op == 1:
            print("request", spa, tpa, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
