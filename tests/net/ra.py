#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""ra.py hear DEVICE SECONDS   prints a line for each router advertisement that arrives
       ra.py solicit DEVICE       sends a router solicitation from ::

The line: lifetime=S final=yes|no flags=M,O hops=N preference=P reachable=MS retrans=MS mtu=N
prefix=P/LEN:FLAGS:VALID:PREFERRED ... dns=SECONDS:ADDRESS,... search=SECONDS:DOMAIN,... mac=MAC
"""
import ipaddress
import socket
import struct
import sys
import time

IPV6 = 0x86DD
PACKET_OUTGOING = 4
PREFERENCE = {0: "medium", 1: "high", 3: "low", 2: "reserved"}
ALL_NODES = ipaddress.IPv6Address("ff02::1")


def fold(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def pseudo(ip, length):
    return ip[8:40] + struct.pack("!IHBB", length, 0, 0, 58)


def domains(data):
    labels = []
    while data and data[0]:
        labels.append(data[1:1 + data[0]].decode())
        data = data[1 + data[0]:]
        if data[:1] == b"\0":
            yield ".".join(labels)
            labels, data = [], data[1:]


def option(kind, body):
    if kind == 1:
        return "mac=" + body[:6].hex(":")
    if kind == 5:
        return f"mtu={struct.unpack('!I', body[2:6])[0]}"
    if kind == 3:
        length, flags, valid, preferred = struct.unpack("!BBII", body[:10])
        said = ("L" if flags & 0x80 else "") + ("A" if flags & 0x40 else "")
        return f"prefix={ipaddress.IPv6Address(body[14:30])}/{length}:{said}:{valid}:{preferred}"
    if kind in (25, 31):
        seconds, rest = struct.unpack("!I", body[2:6])[0], body[6:]
        if kind == 31:
            return f"search={seconds}:" + ",".join(domains(rest))
        servers = (rest[i:i + 16] for i in range(0, len(rest), 16))
        return f"dns={seconds}:" + ",".join(str(ipaddress.IPv6Address(s)) for s in servers)
    return f"option={kind}"


def parse(ip):
    """The line of an advertisement, or None. What RFC 4861 6.1.2 asks of it is asserted."""
    length = struct.unpack("!H", ip[4:6])[0]
    m = ip[40:40 + length]
    if ip[6] != 58 or m[0] != 134:
        return None
    assert ip[7] == 255 and ip[8:10] == b"\xfe\x80" and ip[24:40] == ALL_NODES.packed
    assert m[1] == 0 and len(m) == length >= 16 and fold(pseudo(ip, length) + m) == 0xFFFF
    hops, flags, lifetime, reachable, retrans = struct.unpack("!BBHII", m[4:16])
    said = ",".join(n for bit, n in ((0x80, "M"), (0x40, "O")) if flags & bit)
    words = [f"lifetime={lifetime}", f"final={'no' if lifetime else 'yes'}", f"flags={said}",
             f"hops={hops}", f"preference={PREFERENCE[flags >> 3 & 3]}",
             f"reachable={reachable}", f"retrans={retrans}"]
    at = 16
    while at < length:
        size = 8 * m[at + 1]
        assert size and at + size <= length
        words.append(option(m[at], m[at + 2:at + size]))
        at += size
    return " ".join(words)


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
            line = source[2] != PACKET_OUTGOING and parse(frame[14:])
            if line:
                print(line, flush=True)


def solicit(device):
    ip = struct.pack("!IHBB", 6 << 28, 8, 58, 255) + bytes(16)
    ip += ipaddress.IPv6Address("ff02::2").packed
    m = struct.pack("!BBHI", 133, 0, 0, 0)
    m = m[:2] + struct.pack("!H", 0xFFFF - fold(pseudo(ip, 8) + m)) + m[4:]
    ether = bytes.fromhex("333300000002" "020000000077" "86dd")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((device, 0))
        s.send(ether + ip + m)


if __name__ == "__main__":
    if sys.argv[1] == "hear":
        hear(sys.argv[2], float(sys.argv[3]))
    else:
        solicit(sys.argv[2])
