#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""l2.py: frames to a bridge, as they are told to be.

l2.py send DEVICE COUNT [PAUSE]  COUNT numbered broadcasts, PAUSE seconds behind every 16
l2.py hear SECONDS DEVICE...     prints "ready", then `DEVICE COUNT` for each when nothing has come for
                                 so long: numbered broadcasts, none twice or out of order, none changed
l2.py stations DEVICE COUNT [TO] COUNT frames, each from a station of its own, to as many that nobody
                                 knows, or all to the MAC TO; prints how long it took
"""
import select
import socket
import struct
import sys
import time

SO_RCVBUFFORCE = 33  # socket(7); Python has no name for it
PACKET_OUTGOING = 4
TYPE = 0x88B5  # for local experiments (IEEE 802)
PATTERN = bytes(range(256)) * 8
HEAD = b"\xff" * 6 + bytes([2, 0, 0, 0, 0, 1]) + struct.pack("!H", TYPE)


def opened(device):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26)
    s.bind((device, TYPE))
    return s


def numbered(number):
    size = 46 + number * 37 % 1400
    return HEAD + struct.pack("!I", number) + PATTERN[number % 256:][:size]


def send(device, count, pause):
    with opened(device) as s:
        for number in range(count):
            s.send(numbered(number))
            if number % 16 == 15 and pause > 0:
                time.sleep(pause)


def take(s, device, last):
    """All that has come by @s. Returns the number of the last one and how many there were."""
    came = 0
    while True:
        try:
            frame, source = s.recvfrom(2048, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return last, came
        if source[2] == PACKET_OUTGOING:
            continue
        number = struct.unpack_from("!I", frame, 14)[0]
        if number <= last or frame != numbered(number):
            sys.exit(f"{device}: frame {number} came behind {last}, or is not as it was sent")
        last = number
        came += 1


def hear(seconds, devices):
    sockets = {opened(device): device for device in devices}
    came, last = dict.fromkeys(devices, 0), dict.fromkeys(devices, -1)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select(list(sockets), [], [], seconds if any(came.values()) else 30)
        if not ready:
            break
        for s in ready:
            device = sockets[s]
            last[device], n = take(s, device, last[device])
            came[device] += n
    for device in devices:
        print(device, came[device])


def stations(device, count, to):
    began = time.monotonic()
    with opened(device) as s:
        for i in range(count):
            number = struct.pack("!I", i)
            target = to or b"\x06\x01" + number
            s.send(target + b"\x06\x02" + number + struct.pack("!H", TYPE) + bytes(46))
    print(f"{count} stations in {time.monotonic() - began:.1f} s")


def main():
    verb, *rest = sys.argv[1:]
    if verb == "send":
        send(rest[0], int(rest[1]), float(rest[2]) if len(rest) > 2 else 0)
    elif verb == "hear":
        hear(float(rest[0]), rest[1:])
    else:
        stations(rest[0], int(rest[1]),
                 bytes.fromhex(rest[2].replace(":", "")) if len(rest) > 2 else None)


if __name__ == "__main__":
    main()
